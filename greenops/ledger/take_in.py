"""Takes what was spooled into the ledger, each file exactly once."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from greenops.ledger.append import Appender
from greenops.ledger.place import default_spool_dirs
from greenops.ledger.rows import Entry
from greenops.ledger.spool import claimed, entries_in, spool_files
from greenops.ledger.statements import (
    FIND_RUN,
    FORGET_FOREIGN_END,
    OPEN_RUN,
    SPOOL_IS_TAKEN,
    TAKE_SPOOL,
)

PATIENCE_S = 2.0
"""How long to try for the ledger's lock; the next process tries again."""


def take_in_spool(path: Path, *, spool_dir: Path | None = None) -> int:
    """Take every spool file that no living recorder holds into the ledger at `path`.

    Args:
        path: The ledger.
        spool_dir: Where the files lie; the default places if None.

    Returns:
        The number of files taken in. Costs some 0.1 ms when there are none.

    Raises:
        LedgerError: the ledger cannot be written; what is spooled stays there.
    """
    folders = (spool_dir,) if spool_dir else default_spool_dirs()
    files = [file for folder in folders for file in spool_files(folder)]
    if not files:
        return 0
    with contextlib.closing(Appender(path)) as appender:
        return sum(take_in_file(appender, file) for file in files)


def take_in_file(appender: Appender, file: Path) -> bool:
    """Take one spool file in and remove it; return whether that was possible.

    A file with lines that are no entries is kept under another name for a person.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    with claimed(file) as fd:
        if fd is None:
            return False
        try:
            torn = _apply(appender, file.name, fd)
        except (ValueError, TypeError, LookupError):
            torn = -1
        # A kill in the middle of a line tears that one, the last; more is damage.
        with contextlib.suppress(OSError):
            file.unlink() if 0 <= torn <= 1 else file.rename(f"{file}.refused")
    return True


def _apply(appender: Appender, name: str, fd: int) -> int:
    """Append what the open file holds; return how many lines were no entries."""
    torn = 0

    def entries(connection: sqlite3.Connection) -> Iterator[Entry]:
        nonlocal torn
        seen: set[str] = set()
        for entry in entries_in(fd):  # one by one: the file may exceed our memory
            if entry is None:
                torn += 1
                continue
            if entry.run_id not in seen:
                seen.add(entry.run_id)
                _reopen(connection, entry.run_id)
            yield entry

    def work(connection: sqlite3.Connection) -> None:
        nonlocal torn
        torn = 0
        os.lseek(fd, 0, os.SEEK_SET)
        if not connection.execute(SPOOL_IS_TAKEN, (name,)).fetchone():
            appender.apply(entries(connection))
            connection.execute(TAKE_SPOOL, (name, time.time()))

    until_s = time.monotonic() + PATIENCE_S
    appender.transact(work, until_s=lambda: until_s)
    return torn


def _reopen(connection: sqlite3.Connection, run_id: str) -> None:
    """Let a run that another process closed as lost be closed anew, with more known."""
    found = connection.execute(FIND_RUN, (run_id,)).fetchone()
    if found and connection.execute(FORGET_FOREIGN_END, found).rowcount:
        connection.execute(OPEN_RUN, found)
