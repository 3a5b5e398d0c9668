"""Moves a damaged ledger aside, so that a sound one can take its place.

Nothing is ever deleted. Any number of processes may find the damage at once: the first
moves the file, the others see that the new one is sound.
"""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from greenops.errors import LedgerUnavailableError
from greenops.ledger.locking import lock

COMPANIONS = ("-wal", "-shm")
SMALLEST_BYTES = 512
"""The smallest page of a database. Source: SQLite, Database File Format, 1.3.2."""


def beside(path: Path, suffix: str) -> Path:
    """Return the companion file of `path` that SQLite names by `suffix`."""
    return path.with_name(path.name + suffix)


def move_aside(path: Path) -> Path | None:
    """Move the ledger at `path` aside if it is damaged; return its new place.

    Returns None where it is sound, or gone, by the time this process gets to look.

    Raises:
        LedgerUnavailableError: it is damaged and cannot be moved.
    """
    try:
        with lock(beside(path, ".lock")):
            if not path.exists() or is_sound(path):
                return None
            return _move(path)
    except OSError as e:
        raise LedgerUnavailableError(
            f"{path} is damaged and cannot be moved aside: {e}"
        ) from e


def move_orphaned_wal(path: Path) -> None:
    """Move a log away whose ledger is gone.

    SQLite would play it into the ledger that is made next, whose pages it never saw.
    """
    if path.exists() or not beside(path, "-wal").exists():
        return
    with lock(beside(path, ".lock")):
        if not path.exists():  # else: made meanwhile, and the log is its own
            _move(path)


def moved_aside(path: Path) -> list[Path]:
    """Return the ledgers that were moved aside from `path`, damaged."""
    return list(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def is_sound(path: Path) -> bool:
    """Return whether SQLite finds nothing wrong with the database at `path`."""
    size_bytes = path.stat().st_size
    if size_bytes < SMALLEST_BYTES:  # SQLite would take it for a new database
        return size_bytes == 0 and not _holds_something(beside(path, "-wal"))
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5.0)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:  # busy or not readable is not damaged
        return True
    except sqlite3.DatabaseError:
        return False
    return bool(found) and found[0] == "ok"


def _move(path: Path) -> Path:
    """Rename the ledger and its companions, the ledger last.

    A log that outlived its ledger would be played into the next one.
    """
    target = _free_name(path)
    for suffix in (*COMPANIONS, ""):
        with contextlib.suppress(FileNotFoundError):
            beside(path, suffix).rename(beside(target, suffix))
    return target


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    stem = f"{path.stem}.damaged-{stamp}"
    names = [f"{stem}{path.suffix}"] + [
        f"{stem}-{n}{path.suffix}" for n in range(1, 99)
    ]
    for name in names:
        if not path.with_name(name).exists():
            return path.with_name(name)
    raise FileExistsError(f"too many damaged ledgers beside {path}")


def _holds_something(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
