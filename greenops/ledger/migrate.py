"""Brings a ledger to the layout this greenops knows.

Each file of `migrations/` is one step, applied in one transaction together with the
number it leaves in `PRAGMA user_version`. Many processes may try at once: one applies
the step, the others find it done.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from greenops.errors import LedgerTooNewError, LedgerUnavailableError

SCHEMA_VERSION = 5
"""Number of the newest file in `migrations/`."""
APPLICATION_ID = 0x67724F70
"""Marks a file as ours in its header: "grOp"."""
MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(
    connection: sqlite3.Connection, path: Path, *, folder: Path = MIGRATIONS
) -> int:
    """Apply the steps the ledger at `path` lacks; return how many.

    Args:
        connection: Open, in autocommit mode.
        path: Named in messages.
        folder: Where the steps lie.

    Raises:
        LedgerTooNewError: a newer greenops wrote it; nothing is changed.
        LedgerUnavailableError: it is the database of another program.
        sqlite3.Error: a step failed; the ledger is as before that step.
    """
    if _has_newest(connection, path):
        return 0
    applied = 0
    for number, script in _steps(folder):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) < number:
                _refuse_foreign(connection, path)
                _apply(connection, number, script)
                applied += 1
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return applied


def _has_newest(connection: sqlite3.Connection, path: Path) -> bool:
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise LedgerTooNewError(
            f"{path} was written by a newer greenops (layout {version}, this one knows"
            f" {SCHEMA_VERSION}): upgrade greenops, or name another file by ledger.path"
        )
    return version == SCHEMA_VERSION


def _apply(connection: sqlite3.Connection, number: int, script: Path) -> None:
    for statement in statements_of(script.read_text(encoding="utf-8")):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")


def statements_of(script: str) -> Iterator[str]:
    """Yield the statements of `script` one by one.

    `executescript` would commit what is open, and a step must not half happen.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _steps(folder: Path) -> list[tuple[int, Path]]:
    return sorted((int(f.name[:4]), f) for f in folder.glob("[0-9]*.sql"))


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Raise when the database holds tables but is not marked as ours."""
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id == APPLICATION_ID:
        return
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise LedgerUnavailableError(
            f"{path} is the database of another program: name another file by"
            " ledger.path"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
