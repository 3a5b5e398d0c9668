"""On which line of a TOML text a key stands."""

import re
from collections.abc import Sequence

Path = tuple[str | int, ...]
"""Names of keys, and places in arrays of tables from 0 on: `("job", 1, "power_w")`."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")


class Lines:
    """Where each key and table of a text begins, as far as its lines tell."""

    def __init__(self, text: str) -> None:
        """Look for headers and keys in `text`; what is within strings may mislead."""
        self._at: dict[Path, int] = {}
        self._count: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = self._entered(_names(header[2]), array=header[1] == "[[")
                self._at.setdefault(table, number)
            elif stated := _KEY.match(line):
                self._at.setdefault(table + _names(stated[1]), number)

    def of(self, path: Sequence[str | int]) -> int | None:
        """Return the line of a key, else of the table around it; None: neither."""
        asked = tuple(path)
        while asked:
            # A lone `[job]` is the first of one, though it is written as no array.
            for spelled in (asked, tuple(p for p in asked if p != 0)):
                if spelled in self._at:
                    return self._at[spelled]
            asked = asked[:-1]
        return None

    def _entered(self, names: Path, *, array: bool) -> Path:
        table: Path = ()
        for i, name in enumerate(names):
            table += (name,)
            last = i == len(names) - 1
            if array and last:
                self._count[table] = self._count.get(table, -1) + 1
            if table in self._count:
                table += (self._count[table],)
        return table


def _names(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
