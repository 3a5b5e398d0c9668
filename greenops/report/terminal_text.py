r"""What a job wrote, made safe for a terminal as it comes.

Colours, carriage returns, tabs, backspaces and the erasing of a line do what they were
meant to: bars of progress go on moving. All else that would act on a terminal (titles,
the clipboard, questions that it answers by typing, moves out of the line, bidi
overrides) is shown as `\x1b` and so on.

Source: ECMA-48, 8.3.117 (SGR) and 8.3.41 (EL).
"""

import codecs
import re

from greenops.report.text import safe

RESET = "\x1b[0m"
_KEPT = re.compile(r"[\n\r\t\b]+|\x1b\[[0-9;:]{0,64}[mK]")
_BEGUN = re.compile(r"\x1b(\[[0-9;:]{0,64})?\Z")


class TerminalText:
    """Makes bytes into safe text; what a chunk leaves unfinished waits for the next.

    Args:
        unicode: Whether the terminal can show more than ASCII.
    """

    def __init__(self, *, unicode: bool = True) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._unicode = unicode
        self._begun = ""
        self._styled = False

    def feed(self, chunk: bytes) -> str:
        """Return what is to be shown of the next bytes."""
        text = self._begun + self._decoder.decode(chunk)
        begun = _BEGUN.search(text)
        self._begun = begun[0] if begun else ""
        return self._shown(text[: begun.start()] if begun else text)

    def end(self) -> str:
        """Return what is left, and what takes back a colour that is still on."""
        text, self._begun = self._begun + self._decoder.decode(b"", final=True), ""
        shown = self._shown(text)
        return shown + RESET if self._styled else shown

    def _shown(self, text: str) -> str:
        parts, at = [], 0
        for kept in _KEPT.finditer(text):
            parts += [safe(text[at : kept.start()], unicode=self._unicode), kept[0]]
            at = kept.end()
            self._styled = self._styled or kept[0].endswith("m")
        return "".join([*parts, safe(text[at:], unicode=self._unicode)])
