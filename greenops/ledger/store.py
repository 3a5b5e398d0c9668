"""Opens the ledger file: made if missing, migrated if old."""

import contextlib
import os
import sqlite3
from pathlib import Path

from greenops.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerUnavailableError,
)
from greenops.ledger.damage import (
    SMALLEST_BYTES,
    beside,
    is_sound,
    move_orphaned_wal,
)
from greenops.ledger.locking import lock
from greenops.ledger.migrate import migrate
from greenops.ledger.place import is_network_folder

BUSY_WAIT_S = 0.1
"""SQLite's own wait for a lock; beyond it callers try again at random moments."""
_PRIMARY = 0xFF  # the low byte of an extended result code is the primary one
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def open_ledger(path: Path) -> sqlite3.Connection:
    """Return a connection to the ledger at `path`, for writing, in autocommit mode.

    A missing ledger is made (0600, in folders of 0700), an older one is migrated.

    Raises:
        LedgerUnavailableError: it cannot be made, opened or written.
        LedgerDamagedError: it is no sound database.
        LedgerTooNewError: a newer greenops wrote it.
    """
    _refuse_special(path)
    try:
        _make_if_missing(path)
        connection = sqlite3.connect(
            _uri(path, "rw"), uri=True, isolation_level=None, timeout=BUSY_WAIT_S
        )
    except (OSError, sqlite3.Error) as e:
        raise ledger_error(e, path) from e
    try:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection, path)
    except (OSError, sqlite3.Error) as e:
        connection.close()
        raise ledger_error(e, path) from e
    except LedgerError:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Return a connection for reading, also where nothing may be written.

    Raises:
        LedgerUnavailableError: it cannot be opened.
        LedgerDamagedError: it is no sound database.
        LedgerTooNewError: a newer greenops wrote it.
    """
    _refuse_special(path)
    try:
        return open_ledger(path)
    except LedgerUnavailableError as e:
        # On a read-only or full medium SQLite cannot make the file that its readers
        # share, and need not: without a log nobody is writing.
        alone = not is_busy(e.__cause__) and not _size_bytes(beside(path, "-wal"))
        mode = "ro&immutable=1" if alone else "ro"
        try:
            connection = sqlite3.connect(
                _uri(path, mode), uri=True, isolation_level=None, timeout=BUSY_WAIT_S
            )
            migrate(connection, path)
        except sqlite3.Error as e:
            raise ledger_error(e, path) from e
        return connection


def is_busy(error: BaseException | None) -> bool:
    """Return whether `error` says that another process holds the ledger just now."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _BUSY


def ledger_error(error: Exception, path: Path) -> LedgerError:
    """Return `error` as one of ours, by what a caller can do about it."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & _PRIMARY in _DAMAGED:
        return LedgerDamagedError(f"{path} is damaged: {error}")
    if is_busy(error):
        return LedgerUnavailableError(f"{path} is locked by another process: {error}")
    return LedgerUnavailableError(f"cannot write the ledger {path}: {error}")


def _refuse_special(path: Path) -> None:
    """Raise for what is no file: opening a pipe would wait for its other end.

    Raises:
        LedgerUnavailableError: it is a device, a pipe, a socket or a folder.
    """
    if path.exists() and not path.is_file():
        raise LedgerUnavailableError(
            f"{path} is no regular file: name another one by ledger.path"
        )


def _make_if_missing(path: Path) -> None:
    """Make the ledger under another name and link it into place, complete.

    So no process ever sees half a ledger, and of many that try at once one wins.
    """
    try:
        size_bytes = path.stat().st_size
    except FileNotFoundError:
        _make(path)
    else:
        if size_bytes < SMALLEST_BYTES:
            _fill_empty(path)


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    move_orphaned_wal(path)
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.new")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        _lay_out(draft)
        with contextlib.suppress(FileExistsError):
            _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with lock(beside(path, ".lock")):
            if not path.exists():
                draft.rename(path)


def _fill_empty(path: Path) -> None:
    """Lay out a file that somebody made beforehand (`touch`, a mount, a full disk).

    Raises:
        LedgerDamagedError: it holds something, or a log lies beside it.
    """
    with lock(beside(path, ".lock")):
        if not is_sound(path):
            raise LedgerDamagedError(f"{path} is damaged: it has lost its content")
        if path.stat().st_size == 0:
            path.chmod(0o600)
            _lay_out(path)


def _lay_out(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # The shared memory of a write-ahead log does not reach other hosts.
        if not is_network_folder(path.parent):
            connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, path)


def _size_bytes(path: Path) -> int:
    """Return the size of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _uri(path: Path, mode: str) -> str:
    quoted = str(path.absolute())
    for char, code in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        quoted = quoted.replace(char, code)
    return f"file:{quoted}?mode={mode}"
