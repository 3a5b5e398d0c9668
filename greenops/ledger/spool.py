"""Where records wait while the ledger cannot be written.

One file of JSON lines per recorder, 0600, locked while its recorder lives. The next
greenops process that can write the ledger takes the content in, in one transaction
with the file's name, so that nothing is counted twice whenever it dies.
"""

import contextlib
import errno
import json
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from greenops.ledger.locking import try_lock
from greenops.ledger.place import is_ours, private_dir
from greenops.ledger.rows import Entry
from greenops.ledger.statements import COLUMNS

MAX_FILE_BYTES = 32 << 20
"""Of one recorder: 39 h of one device at 1 Hz, 6 h of ten."""
MAX_FOLDER_BYTES = 512 << 20
_SPOOL_VERSION = 1
_BULK = ("samples", "job_use", "training_ticks")
"""What is left out once a file is full; how a run ended and its totals still go in."""


class Spool:
    """The spool file of one recorder, made when first written to."""

    def __init__(
        self, folders: Sequence[Path], *, max_bytes: int = MAX_FILE_BYTES
    ) -> None:
        self._folders = folders
        self._max_bytes = max_bytes
        self._fd: int | None = None
        self._size_bytes = 0
        self.path: Path | None = None

    def write(self, entries: Sequence[Entry]) -> int:
        """Append `entries`; return how many samples found no room.

        Raises:
            OSError: nothing was appended.
        """
        if self._fd is None:
            self._open()
        left_out = 0
        if self._size_bytes >= self._max_bytes:
            left_out = sum(len(e.rows.get("samples", ())) for e in entries)
            entries = [_without_bulk(e) for e in entries]
        lines = [json.dumps([_SPOOL_VERSION, *e], allow_nan=False) for e in entries]
        self._append("".join(f"{line}\n" for line in lines).encode("ascii"))
        return left_out

    def close(self) -> None:
        """Let go of the file, so that others may take it in."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _append(self, block: bytes) -> None:
        assert self._fd is not None  # noqa: S101 - for mypy: write() has opened it
        done = 0
        try:
            while done < len(block):
                done += os.write(self._fd, block[done:])
        except OSError:
            with contextlib.suppress(OSError):  # leave no half line in the middle
                os.ftruncate(self._fd, self._size_bytes)
            raise
        self._size_bytes += len(block)

    def _open(self) -> None:
        refused: OSError | None = None
        for folder in self._folders:
            try:
                self._open_in(private_dir(folder))
            except OSError as e:
                refused = e
            else:
                return
        raise refused or FileNotFoundError("no folder to spool to")

    def _open_in(self, folder: Path) -> None:
        if sum(f.stat().st_size for f in spool_files(folder)) > MAX_FOLDER_BYTES:
            raise OSError(errno.ENOSPC, f"{folder} holds too much already")
        path = folder / f"{time.time_ns()}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY
        self._fd = os.open(path, flags, 0o600)
        try_lock(self._fd)
        self.path = path


def spool_files(folder: Path) -> list[Path]:
    """Return the spool files in `folder`, oldest first; none if it is not there."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - only names are needed
    except OSError:
        return []
    return [folder / name for name in sorted(names) if name.endswith(".jsonl")]


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[int | None]:
    """Give a file descriptor of `path`, or None if it is in use, or not our own."""
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        yield None
        return
    try:
        found = os.fstat(fd)
        ours = stat.S_ISREG(found.st_mode) and is_ours(found)
        yield fd if ours and try_lock(fd) and found.st_nlink == 1 else None
    finally:
        os.close(fd)


def entries_in(fd: int) -> Iterator[Entry | None]:
    """Yield the entries of an open spool file, None for each line that is no entry."""
    with os.fdopen(os.dup(fd), "rb") as stream:
        for line in stream:
            yield _entry(line)


def _entry(line: bytes) -> Entry | None:
    try:
        version, run_id, tables = json.loads(line)
        rows = {t: [tuple(r) for r in found] for t, found in tables.items()}
    except (ValueError, TypeError, AttributeError):  # cut off by a kill, most likely
        return None
    sound = version == _SPOOL_VERSION and rows.keys() <= COLUMNS.keys()
    return Entry(run_id, rows) if sound else None


def _without_bulk(entry: Entry) -> Entry:
    rows: dict[str, Any] = {t: r for t, r in entry.rows.items() if t not in _BULK}
    return Entry(entry.run_id, rows)
