"""Which ended jobs somebody still has to look at, to state what came of them."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from greenops.ledger.job_reading import named
from greenops.ledger.listing import Execute
from greenops.ledger.records import moment
from greenops.ledger.statements import insert
from greenops.ledger.text import escape, unescape
from greenops.model import JobEvent, OutcomeLook

_DUE = (
    "SELECT j.job_id, l.looks, e.ended_epoch_s FROM outcome_looks l"
    " JOIN jobs j ON j.job_key = l.job_key JOIN job_ends e ON e.job_key = l.job_key"
    " WHERE l.due_epoch_s <= :now ORDER BY l.due_epoch_s LIMIT :most"
)
_ENDED = (
    "SELECT j.job_id, e.ended_epoch_s FROM jobs j JOIN job_ends e"
    " ON e.job_key = j.job_key WHERE j.job_id IN ({names})"
)
_DONE = (
    "DELETE FROM outcome_looks WHERE job_key ="
    " (SELECT job_key FROM jobs WHERE job_id = ?)"
)
_FIND = "SELECT job_key FROM jobs WHERE job_id = ?"


def begin(
    connection: sqlite3.Connection, ended: Iterable[tuple[int, JobEvent]]
) -> None:
    """Have jobs that have just ended looked at; those never attempted emitted nothing.

    Args:
        connection: Within a transaction.
        ended: The key of each, and its last event.
    """
    connection.executemany(
        insert("outcome_looks"),
        [
            (key, 0, event.at.timestamp())
            for key, event in ended
            if event.attempt_id is not None
        ],
    )


def due(execute: Execute, now: datetime, most: int) -> Sequence[OutcomeLook]:
    """Return the jobs to be looked at, the longest due first; see `JobHistory`."""
    found = execute(_DUE, {"now": now.timestamp(), "most": most})
    return [
        OutcomeLook(
            job_id=unescape(row["job_id"]),
            ended_at=moment(row["ended_epoch_s"]),
            looks=row["looks"],
        )
        for row in found
    ]


def ended(execute: Execute, job_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each of these jobs ended, without those that did not."""
    found: dict[str, datetime] = {}
    for names, given in named(job_ids):
        for row in execute(_ENDED.format(names=names), given):
            found[unescape(row["job_id"])] = moment(row["ended_epoch_s"])
    return found


def looked(
    connection: sqlite3.Connection, look: OutcomeLook, again_at: datetime | None
) -> None:
    """Write down that a job was looked at; one deleted meanwhile is left alone."""
    stored = escape(look.job_id)
    if again_at is None:
        connection.execute(_DONE, (stored,))
        return
    found = connection.execute(_FIND, (stored,)).fetchone()
    if found is not None:
        row = (found[0], look.looks + 1, again_at.timestamp())
        connection.execute(insert("outcome_looks"), row)
