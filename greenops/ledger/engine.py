"""A SQLAlchemy engine on a ledger, local or on a server."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from greenops.errors import LedgerUnavailableError
from greenops.ledger.store import open_for_reading

WRITE_PATIENCE_MS = 5000


def open_engine(path: Path | None, url: str | None) -> Engine:
    """Return an engine on the ledger at `path`, or else at `url`.

    Raises:
        LedgerUnavailableError: no driver for that URL is installed, or it is no URL.
    """
    if path is not None:
        return create_engine(
            "sqlite://", creator=lambda: _connect(path), poolclass=NullPool
        )
    try:
        return create_engine(url or "", pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as e:
        raise LedgerUnavailableError(f"cannot open the ledger {url}: {e}") from e


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection as SQLAlchemy expects it: one that begins transactions."""
    connection = open_for_reading(path)
    connection.execute(
        "PRAGMA foreign_keys = ON"
    )  # deleting a run takes its rows along
    connection.execute(f"PRAGMA busy_timeout = {WRITE_PATIENCE_MS}")
    connection.isolation_level = "DEFERRED"
    return connection
