"""What a screen can show, and text laid out for it."""

import re
from dataclasses import dataclass

from greenops.report.text import fit, fold, safe

NARROWEST_COLUMNS = 40
WIDEST_COLUMNS = 100
LABEL_COLUMNS = 13
MOST_CHARS = 2000
MOST_LINES = 4
_STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "33"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The width in columns, and whether there are colours and Unicode."""

    width: int = 80
    color: bool = False
    unicode: bool = True

    @property
    def columns(self) -> int:
        """The width to fill: never so wide that the eye loses the line."""
        return min(max(self.width, NARROWEST_COLUMNS), WIDEST_COLUMNS)

    @property
    def dash(self) -> str:
        """What stands between two bounds."""
        return "–" if self.unicode else "-"  # noqa: RUF001 - an en dash is meant

    @property
    def times(self) -> str:
        """The multiplication sign."""
        return "×" if self.unicode else "x"  # noqa: RUF001 - a sign, no letter

    @property
    def plus_minus(self) -> str:
        """The sign before a half-width."""
        return "±" if self.unicode else "+-"

    def paint(self, style: str, text: str) -> str:
        """Return text in a style, or as it is where there are no colours."""
        if not self.color or not style or not text:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def labelled(self, label: str, text: str, style: str = "") -> list[str]:
        """Return the text folded beside its label; nothing for no text.

        A number and its unit stay on one line. What is longer than four lines is cut.
        """
        if not text:
            return []
        text = safe(text[:MOST_CHARS], unicode=self.unicode)
        text = re.sub(r"(?<=\d) (?=[A-Za-z%])", "\u00a0", text)
        room = self.columns - LABEL_COLUMNS
        lines = fold(text, room)
        if len(lines) > MOST_LINES:
            last = f"{lines[MOST_LINES - 1]} {' '.join(lines[MOST_LINES:])}"
            lines[MOST_LINES - 1 :] = [fit(last, room, unicode=self.unicode)]
        leads = [f"  {label:<{LABEL_COLUMNS - 2}}", *[" " * LABEL_COLUMNS] * MOST_LINES]
        return [
            lead + self.paint(style, line.replace("\u00a0", " "))
            for lead, line in zip(leads, lines, strict=False)
        ]
