"""Deletes runs, or the samples of runs, and gives the room back to the disk."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, select

from greenops.errors import LedgerError
from greenops.ledger import history, schema
from greenops.ledger.reading import hours, running
from greenops.ledger.store import open_ledger
from greenops.ledger.text import escape

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Runs in one transaction: recorders wait for it, and databases bound parameters."""
WORTH_BYTES = 1 << 20
WORTH_PART = 0.2
"""Shrinking copies the whole file: not for less room than this, in bytes and part."""


def refuse_running(connection: Connection, run_ids: Sequence[str]) -> None:
    """Raise when one of the runs goes on.

    Raises:
        LedgerError: it names them.
    """
    for some in _chunks(run_ids):
        if still := running(connection, some):
            raise LedgerError(f"{', '.join(still)} is still running: stop it first")


def forget(connection: Connection, run_ids: Sequence[str]) -> int:
    """Delete runs with all that belongs to them; return how many there were."""
    count = 0
    for some in _chunks(run_ids):
        with connection.begin():
            ids = schema.runs.c.run_id.in_(some)
            count += connection.execute(delete(schema.runs).where(ids)).rowcount
    return count


def forget_samples(connection: Connection, run_ids: Sequence[str]) -> int:
    """Delete what runs are drawn from; return how many samples that were.

    Their totals, emissions, marks and energy by the hour stay.
    """
    runs, samples = schema.runs.c, schema.samples
    count = 0
    for some in _chunks(run_ids):
        with connection.begin():
            keys = select(runs.run_key).where(runs.run_id.in_(some))
            for run_key in connection.execute(keys).scalars().all():
                _keep_hours(connection, run_key)
            gone = connection.execute(
                delete(samples).where(samples.c.run_key.in_(keys))
            )
            count += gone.rowcount
            for bulk in (schema.job_use, schema.training_ticks):
                connection.execute(delete(bulk).where(bulk.c.run_key.in_(keys)))
    return count


def shrink(path: Path) -> int:
    """Give unused room of a local ledger back to the disk; return the bytes.

    Nothing where that is not worth it, nor where another process is busy with the
    ledger or the disk has no room for the copy: later runs use the room then.
    """
    try:
        with contextlib.closing(open_ledger(path)) as connection:
            free_bytes, part = _unused(connection)
            if free_bytes < WORTH_BYTES or part < WORTH_PART:
                return 0
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return free_bytes - _unused(connection)[0]
    except (LedgerError, sqlite3.Error) as e:
        log.debug("%s keeps its size: %s", path, e)
        return 0


def _unused(connection: sqlite3.Connection) -> tuple[int, float]:
    """Return the unused room in bytes, and as a part of the file."""
    free, pages, page_bytes = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("freelist_count", "page_count", "page_size")
    )
    return free * page_bytes, free / max(pages, 1)


def _keep_hours(connection: Connection, run_key: int) -> None:
    """Keep what a restatement needs of a run recorded before hours were kept."""
    if not history.hours(connection, run_key):
        history.keep_hours(connection, run_key, hours(connection, run_key))


def _chunks(run_ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(run_ids), AT_ONCE):
        yield [escape(run_id) for run_id in run_ids[start : start + AT_ONCE]]
