"""Opens a ledger for queries, a local file or another; moves damaged ones aside."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenops.errors import (
    LedgerDamagedError,
    LedgerUnavailableError,
    RunNotFoundError,
)
from greenops.ledger import listing
from greenops.ledger.damage import move_aside
from greenops.ledger.store import ledger_error, open_for_reading

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class LedgerAccess:
    """The way into one ledger: opened at the first query, closed when told to.

    Args:
        place: As for `query.Ledger`, whose errors every method raises.

    Attributes:
        path: The file of a local ledger; None: it is none.
    """

    def __init__(self, place: Path | str) -> None:
        self._url = place if isinstance(place, str) and "://" in place else None
        self.path = Path(place) if self._url is None else None
        self._engine: Engine | None = None

    def close(self) -> None:
        """Release connections. It may be used again."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextlib.contextmanager
    def execute(self) -> Iterator[listing.Execute]:
        """Give a way to run plain SQL: for a local ledger one without SQLAlchemy."""
        if self.path is None:
            from sqlalchemy import text

            with self.connection() as connection:
                yield (
                    lambda sql, given: (
                        connection.execute(text(sql), given).mappings().all()
                    )
                )
            return
        if self.is_missing():
            yield _nothing
            return
        with (
            self._explained(),
            contextlib.closing(open_for_reading(self.path)) as plain,
        ):
            plain.row_factory = sqlite3.Row
            yield lambda sql, given: plain.execute(sql, given).fetchall()

    @contextlib.contextmanager
    def connection(self, *, make: bool = False) -> Iterator["Connection"]:
        """Give a connection; without `make` there has to be a ledger.

        Raises:
            RunNotFoundError: there is none yet.
        """
        from sqlalchemy.exc import DBAPIError

        if not make and self.is_missing():
            raise RunNotFoundError(f"no run yet: there is no ledger at {self.path}")
        with self._explained():
            try:
                with self._opened().connect() as connection:
                    yield connection
            except DBAPIError as e:
                if isinstance(e.orig, sqlite3.Error):
                    raise e.orig from e
                raise LedgerUnavailableError(f"the ledger failed: {e}") from e

    @contextlib.contextmanager
    def writing(self, *, make: bool = False) -> Iterator["Connection"]:
        """Give a connection within one transaction that holds the right to write."""
        with self.connection(make=make) as connection, connection.begin():
            if connection.dialect.name == "sqlite":
                # One that reads first and is overtaken by a writer is refused at once.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise what sqlite3 raises as one of ours; move a damaged ledger aside."""
        try:
            try:
                yield
            except sqlite3.Error as e:
                raise ledger_error(e, self.path or Path()) from e
        except LedgerDamagedError as e:
            aside = move_aside(self.path) if self.path else None
            if aside is None:
                raise
            raise LedgerDamagedError(
                f"{e}. It was moved to {aside}; a new ledger begins with the next run"
            ) from e

    def is_missing(self) -> bool:
        """Return whether it is a file that is not there."""
        # Path.exists raises where a folder may not be searched; opening says it better.
        return self.path is not None and not os.path.lexists(self.path)

    def _opened(self) -> "Engine":
        if self._engine is None:
            from greenops.ledger.engine import open_engine

            self._engine = open_engine(self.path, self._url)
        return self._engine


def _nothing(sql: str, _given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Answer as a ledger that is not there: no run, and a count of none."""
    return [{"runs": 0}] if "count(*)" in sql else []
