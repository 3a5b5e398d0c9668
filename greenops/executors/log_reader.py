"""Reads a job's log while it is written to, over its rotations (`local_logs`).

A rotation copies the beginning of the file into `NAME.1` and takes it out of the file,
which stays the same file: what was at one place is suddenly nearer to its beginning.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 16
Mark = tuple[int, int, int]


class LogFollower:
    """What comes at the end of a log, from where it is told to begin.

    Args:
        path: The log, which need not be there yet.
        start: Bytes from its beginning that are passed over.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        self._path = path
        self._older = path.with_name(f"{path.name}.1")
        self._at = start
        self._mark = self._marked()
        self._rotating: Mark | None = None

    def read(self) -> Iterator[bytes]:
        """Yield what was appended since, in chunks; nothing while a rotation runs."""
        mark = self._marked()
        if mark != self._mark:
            if mark != self._rotating:  # it may still be copied
                self._rotating = mark
                return
            yield from self._rotated(mark)
        yield from self._grown()

    def _rotated(self, mark: Mark | None) -> Iterator[bytes]:
        """Yield what was not read yet of what has been moved away."""
        self._mark, self._rotating = mark, None
        moved = mark[2] if mark else 0
        if self._at < moved:
            yield from chunks(self._older, self._at, moved)
        self._at = max(0, self._at - moved)

    def _grown(self) -> Iterator[bytes]:
        with contextlib.suppress(OSError):
            size = self._path.stat().st_size
            if size < self._at:  # somebody else emptied it
                self._at = 0
        for chunk in chunks(self._path, self._at):
            self._at += len(chunk)
            yield chunk

    def _marked(self) -> Mark | None:
        try:
            found = self._older.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def chunks(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield a file from `start` up to `stop`, by default its end; nothing if missing.

    Raises:
        OSError: it cannot be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    with os.fdopen(fd, "rb", buffering=0) as stream:
        stream.seek(start)
        while stop is None or start < stop:
            want = CHUNK if stop is None else min(CHUNK, stop - start)
            chunk = stream.read(want)
            if not chunk:
                return
            start += len(chunk)
            yield chunk


def whole_log(path: Path) -> Iterator[Path]:
    """Yield the files of a log that there are, the oldest first."""
    older = [p for p in path.parent.glob(f"{path.name}.*") if p.suffix[1:].isdecimal()]
    yield from sorted(older, key=lambda p: -int(p.suffix[1:]))
    if path.exists():
        yield path


def last_lines(path: Path, count: int) -> int:
    """Return where the last `count` lines of a file begin, read from its end.

    A line that was begun counts. A file of a gigabyte is not read whole.

    Raises:
        OSError: it cannot be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return 0
    with os.fdopen(fd, "rb", buffering=0) as stream:
        at = stream.seek(0, os.SEEK_END)
        missing = count
        last = at - 1
        while at > 0:
            start = max(0, at - CHUNK)
            stream.seek(start)
            chunk = stream.read(at - start)
            place = len(chunk)
            while (place := chunk.rfind(b"\n", 0, place)) >= 0:
                if start + place == last:
                    continue  # the end of the last line begins none
                missing -= 1
                if missing == 0:
                    return start + place + 1
            at = start
    return 0
