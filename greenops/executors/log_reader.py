"""Reads a job's log, from its end or whole, over its rotations (`local_logs`)."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from greenops.executors.log_places import LogPlace, mark_of, newest_mark

CHUNK = 1 << 16
TRIES = 20
LONGEST_LINE = 16 << 20
"""Bytes without the end of a line (bars of progress write none) that are looked
through for its beginning; beyond, it is taken to begin there."""


def chunks(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield a file from `start` up to `stop`, by default its end; nothing if missing.

    Raises:
        OSError: it cannot be read.
    """
    stream = opened(path)
    if stream is None:
        return
    with stream:
        stream.seek(start)
        yield from _up_to(stream, None if stop is None else stop - start)


def opened(path: Path) -> BinaryIO | None:
    """Open a file that is no link; None: it is missing.

    Raises:
        OSError: it cannot be read, or is a link.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    return os.fdopen(fd, "rb", buffering=0)


def older(path: Path) -> list[Path]:
    """Return what was rotated out of a log and is still there, the oldest first."""
    found = [p for p in path.parent.glob(f"{path.name}.*") if p.suffix[1:].isdecimal()]
    return sorted(found, key=lambda p: -int(p.suffix[1:]))


def whole_log(path: Path) -> list[Path]:
    """Return the files of a log that there are, the oldest first."""
    return [*older(path), *([path] if path.exists() else [])]


def last_lines(files: Sequence[Path], count: int) -> tuple[int, int]:
    """Return where the last `count` lines begin, read from their end.

    A line that was begun counts. A log of a gigabyte is not read whole.

    Args:
        files: Of one log, the oldest first. A line may go on in the next one.
        count: 0 or more.

    Returns:
        The place of a file among `files`, and the bytes in it that come before.

    Raises:
        OSError: one cannot be read.
    """
    missing, passed, ends = count + 1, 0, None
    for number in range(len(files) - 1, -1, -1):
        for start, chunk in _backwards(files[number]):
            ends = chunk.endswith(b"\n") if ends is None else ends
            if ends is False:  # the last line was begun only; here it counts as ended
                missing, ends = missing - 1, True
                if missing == 0:
                    return number, start + len(chunk)
            place = len(chunk)
            while (place := chunk.rfind(b"\n", 0, place)) >= 0:
                missing, passed = missing - 1, 0
                if missing == 0:
                    return number, start + place + 1
            passed += len(chunk)
            if passed > LONGEST_LINE:
                return number, start
    return 0, 0


def between(path: Path, first: LogPlace, last: LogPlace) -> Iterator[bytes]:
    """Yield what a log holds between two places, as far as it is still there.

    Raises:
        OSError: it cannot be read.
    """
    with contextlib.ExitStack() as held:
        for _ in range(TRIES):
            before = newest_mark(path)
            files = whole_log(path)
            (begins, start), (ends, stop) = (_found(files, p) for p in (first, last))
            streams = [held.enter_context(s) for f in files if (s := opened(f))]
            if newest_mark(path) == before:  # they have had these names all the while
                break
            held.close()
        for number, stream in enumerate(streams):
            if begins <= number <= ends:
                at = stream.seek(start if number == begins else 0)
                yield from _up_to(stream, stop - at if number == ends else None)


def _found(files: Sequence[Path], place: LogPlace) -> tuple[int, int]:
    """Return the file that a place lies in now, and where; 0, 0: it is gone."""
    marks = [mark_of(file) for file in files]
    if place.mark is not None and place.mark not in marks:
        return 0, 0
    number = 0 if place.mark is None else marks.index(place.mark) + 1
    at = place.at
    while number < len(files) - 1 and at >= (size := files[number].stat().st_size):
        number, at = number + 1, at - size
    return number, at


def _up_to(stream: BinaryIO, count: int | None) -> Iterator[bytes]:
    """Yield the next `count` bytes, fewer at the end; None: all."""
    while count is None or count > 0:
        chunk = stream.read(CHUNK if count is None else min(CHUNK, count))
        if not chunk:
            return
        count = None if count is None else count - len(chunk)
        yield chunk


def _backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield a file from its end in chunks, each with where it begins."""
    stream = opened(path)
    if stream is None:
        return
    with stream:
        at = stream.seek(0, os.SEEK_END)
        while at > 0:
            start = max(0, at - CHUNK)
            stream.seek(start)
            yield start, stream.read(at - start)
            at = start
