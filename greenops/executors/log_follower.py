"""Follows a job's log while it is written to and rotated (`local_logs`).

A rotation copies the beginning of the file into `NAME.1`, what was there before into
`NAME.2` and so on, and takes it out of the file, which stays the same file: what was at
one place is suddenly nearer to its beginning. So a place in a log is told by what was
the newest old file when the log began to be written to from there on, and an offset.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from greenops.executors.log_places import LogPlace, Mark, mark_of, newest_mark
from greenops.executors.log_reader import (
    CHUNK,
    chunks,
    last_lines,
    older,
    opened,
    whole_log,
)

SETTLED_AFTER_S = 2.0
"""An old file that has not changed for so long is wholly copied."""
TRIES = 20


class LogFollower:
    """What comes at the end of a log, from where it is told to begin.

    Args:
        path: The log, which need not be there yet.
        start: Bytes from its beginning that are passed over.
        now: The wall clock that files are dated by, in epoch seconds.
    """

    def __init__(
        self, path: Path, start: int = 0, *, now: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._now = now
        self._at = start
        self._mark = newest_mark(self._path)
        self._seen: tuple[Mark | None, ...] = ()
        self.behind = False

    @classmethod
    def at_lines(
        cls, path: Path, count: int | None, *, now: Callable[[], float] = time.time
    ) -> "LogFollower":
        """Return one that begins with the last `count` lines; None: with all there is.

        Raises:
            OSError: the log cannot be read.
        """
        follower = cls(path, now=now)
        for _ in range(TRIES):
            before = newest_mark(path)
            files = whole_log(path)
            number, at = (0, 0) if count is None else last_lines(files, count)
            follower._at = at
            # As if it had read on since this file was the log itself.
            follower._mark = mark_of(files[number - 1]) if number else None
            if not files or files[number] == path:
                follower._mark = before
            if newest_mark(path) == before:
                break
        return follower

    @classmethod
    def at_place(
        cls, path: Path, place: LogPlace, *, now: Callable[[], float] = time.time
    ) -> "LogFollower":
        """Return one that begins at a place; at the oldest file where that is gone."""
        follower = cls(path, place.at, now=now)
        follower._mark = place.mark
        if place.mark and place.mark not in map(mark_of, older(path)):
            follower._mark, follower._at = None, 0
        return follower

    def read(self) -> Iterator[bytes]:
        """Yield what was appended since, in chunks.

        Nothing while a rotation may still be copying: `behind` tells that there will be
        more, even of a log that nobody writes to any more.

        Raises:
            OSError: the log cannot be read.
        """
        mark = newest_mark(self._path)
        self.behind = mark != self._mark and not self._is_settled(mark)
        self._seen = (mark,)
        if self.behind:
            return
        if mark != self._mark:
            yield from self._rotated(mark)
        yield from self._grown()

    def _is_settled(self, mark: Mark | None) -> bool:
        if self._seen == (mark,):
            return True
        return mark is not None and self._now() - mark[1] / 1e9 > SETTLED_AFTER_S

    def _rotated(self, mark: Mark | None) -> Iterator[bytes]:
        """Yield what was not read yet of what has been moved away."""
        if mark is None:  # it was removed, with what it held
            self._mark = None
            return
        moved = older(self._path)  # of what is gone already nothing can be read
        known = [mark_of(file) for file in moved]
        if self._mark is not None and self._mark in known:
            moved = moved[known.index(self._mark) + 1 :]
        with contextlib.ExitStack() as held:
            streams = [held.enter_context(s) for f in moved if (s := opened(f))]
            if newest_mark(self._path) != mark:  # they may have other names by now
                self.behind = True
                return
            self._mark = mark
            for stream in streams:
                yield from self._rest(stream)

    def _rest(self, stream: BinaryIO) -> Iterator[bytes]:
        """Yield what was not read yet of a file that nobody writes to any more."""
        size = stream.seek(0, os.SEEK_END)
        stream.seek(min(self._at, size))
        self._at = max(0, self._at - size)
        while chunk := stream.read(CHUNK):
            yield chunk

    def _grown(self) -> Iterator[bytes]:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < self._at and newest_mark(self._path) == self._mark:
            self._at = 0  # somebody else emptied it
        for chunk in chunks(self._path, self._at):
            if newest_mark(self._path) != self._mark:
                break  # it may be from another place than was asked for
            self._at += len(chunk)
            yield chunk
        self.behind = newest_mark(self._path) != self._mark
