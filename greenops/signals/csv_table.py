"""A CSV file as people have them, zipped or not, of any separator; lines numbered."""

import csv
import gzip
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

from greenops.errors import SignalError

SEPARATORS = ",;\t|"
LONGEST_LINE_CHARS = 1 << 20
MOST_LINES = 10_000_000
SUFFIXES = (".csv", ".csv.gz")


class Table:
    """One file: a header, then rows.

    Raises:
        SignalError: it cannot be read as text, or is empty; names the file.
    """

    def __init__(self, path: Path) -> None:
        """Read the header of `path`, no more."""
        self.path = path
        with self._lines() as lines:
            first = next((line for _, line in lines if line.strip()), "")
        if not first:
            raise SignalError(f"{path}: empty; expected a header line, then rows")
        self._separator = max(SEPARATORS, key=first.count)
        self.header = [cell.strip() for cell in next(self._cells(iter([first])))]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells of every row below the header; blank lines not.

        Raises:
            SignalError: it can no longer be read, or is too long.
        """
        with self._lines() as lines:
            at = 0

            def texts() -> Iterator[str]:
                nonlocal at
                for number, line in lines:
                    at = number
                    yield line

            try:
                cells = (row for row in self._cells(texts()) if any(row))
                next(cells, None)
                for row in cells:
                    yield at, row
            except csv.Error as e:
                raise SignalError(f"{self.path}, line {at}: not a CSV row: {e}") from e

    def written_at(self) -> datetime:
        """Return when the file was last written: what lies after that is a forecast."""
        try:
            return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        except OSError as e:
            raise SignalError(f"{self.path}: cannot be read: {e}") from e

    def number(self, text: str) -> str:
        """Return a number as Python writes it: with a decimal point."""
        if self._separator != "," and text.count(",") == 1 and "." not in text:
            return text.replace(",", ".")
        return text

    def _cells(self, lines: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._separator, skipinitialspace=True)

    @contextmanager
    def _lines(self) -> Iterator[Iterator[tuple[int, str]]]:
        try:
            with _opened(self.path) as stream:
                yield self._numbered(stream)
        except UnicodeError as e:
            raise SignalError(
                f"{self.path}: not UTF-8 text ({e}); save it as CSV in UTF-8"
            ) from e
        except (OSError, EOFError) as e:  # gzip's own errors are among them
            why = getattr(e, "strerror", None) or e
            raise SignalError(f"{self.path}: cannot be read: {why}") from e

    def _numbered(self, stream: IO[str]) -> Iterator[tuple[int, str]]:
        number = 0
        while line := stream.readline(LONGEST_LINE_CHARS):
            number += 1
            if len(line) >= LONGEST_LINE_CHARS or "\0" in line:
                raise SignalError(f"{self.path}, line {number}: no text a CSV file has")
            if number > MOST_LINES:
                raise SignalError(
                    f"{self.path}: more than {MOST_LINES:,} lines; split it by zone"
                )
            yield number, line


def _opened(path: Path) -> IO[str]:
    """Open text; a byte order mark is no part of it.

    Raises:
        OSError: it is no file: reading a pipe would wait for whoever writes to it.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("not a file")
    if path.suffix.lower() == ".gz":
        zipped = gzip.open(path, "rt", encoding="utf-8-sig", newline="")  # noqa: SIM115
        return cast("IO[str]", zipped)
    return path.open(encoding="utf-8-sig", newline="")
