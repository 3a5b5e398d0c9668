"""Writes jobs within a transaction that has been begun."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from greenops.errors import JobChangedError, JobNotFoundError
from greenops.ledger import job_looks
from greenops.ledger.job_rows import (
    decision_row,
    event_row,
    inputs_row,
    outcome_row,
)
from greenops.ledger.rows import Row
from greenops.ledger.statements import insert
from greenops.ledger.text import cut, escape
from greenops.model import Answer, Decision, JobEvent, Realised, RequestKind

_FIND = "SELECT job_key FROM jobs WHERE job_id = ?"
_HEAD = "SELECT seq FROM open_jobs WHERE job_key = ?"
_END = "SELECT state FROM job_ends WHERE job_key = ?"
_FIND_INPUTS = "SELECT inputs_key FROM decision_inputs WHERE content_sha256 = ?"
_CLOSE_JOB = "DELETE FROM open_jobs WHERE job_key = ?"
_CLOSE_REQUEST = "DELETE FROM open_requests WHERE request_key = ?"


def add(
    connection: sqlite3.Connection, submissions: Iterable[tuple[Row, JobEvent]]
) -> None:
    """Write down submissions, each the row of `jobs` and the first event.

    Raises:
        JobChangedError: there is a job of this id already.
        ValueError: a first event is not number 0.
    """
    keyed = []
    for row, first in submissions:
        if first.seq != 0:
            raise ValueError(f"the first event of {first.job_id} is number 0")
        if connection.execute(_FIND, (row[0],)).fetchone():
            raise JobChangedError(f"there is a job {first.job_id} already")
        key = connection.execute(insert("jobs"), row).lastrowid or 0
        keyed.append((key, first))
    _insert_events(connection, keyed)


def append(connection: sqlite3.Connection, events: Sequence[JobEvent]) -> None:
    """Write down the next events of jobs.

    Raises:
        JobChangedError: an event is not the next one of its job, or that has ended.
        JobNotFoundError: there is no such job.
    """
    heads: dict[str, tuple[int, int | None]] = {}
    keyed = []
    for event in events:
        key, seq = heads.get(event.job_id) or _head(connection, event.job_id)
        if seq is None:
            raise JobChangedError(f"job {event.job_id} {_ended(connection, key)}")
        if event.seq != seq + 1:
            raise JobChangedError(
                f"job {event.job_id} stands at its event {seq}, so that number"
                f" {event.seq} cannot come next"
            )
        heads[event.job_id] = (key, None if event.state.final else event.seq)
        keyed.append((key, event))
    _insert_events(connection, keyed)


def decide(connection: sqlite3.Connection, decisions: Sequence[Decision]) -> None:
    """Write down decisions, what they were made on once for all.

    Raises:
        JobNotFoundError: there is no such job.
    """
    known: dict[int, int] = {}
    rows = []
    for decision in decisions:
        # Those of one planning share one mapping, which need not be written anew.
        inputs_key = known.get(id(decision.inputs))
        if inputs_key is None:
            inputs_key = _inputs_key(connection, inputs_row(decision.inputs))
            known[id(decision.inputs)] = inputs_key
        key = _key(connection, decision.job_id)
        rows.append(decision_row(key, inputs_key, decision))
    connection.executemany(insert("decisions"), rows)


def ask(
    connection: sqlite3.Connection,
    job_id: str,
    kind: RequestKind,
    by_user: str,
    at: datetime,
) -> int:
    """Write down a request; return its number.

    Raises:
        JobNotFoundError: there is no such job.
    """
    key = _key(connection, job_id)
    row = (key, kind.value, escape(cut(by_user)), at.timestamp())
    number = connection.execute(insert("job_requests"), row).lastrowid or 0
    connection.execute(insert("open_requests"), (number,))
    return number


def answer(connection: sqlite3.Connection, answers: Sequence[Answer]) -> None:
    """Write down what came of requests; of two answers the first stays."""
    for given in answers:
        if connection.execute(_CLOSE_REQUEST, (given.request_id,)).rowcount:
            row = (given.request_id, given.at.timestamp(), escape(cut(given.answer)))
            connection.execute(insert("job_answers"), row)


def state(connection: sqlite3.Connection, outcome: Realised) -> None:
    """Write down what came of a job.

    Raises:
        JobNotFoundError: there is no such job.
    """
    key = _key(connection, outcome.job_id)
    connection.execute(insert("job_outcomes"), outcome_row(key, outcome))


def _insert_events(
    connection: sqlite3.Connection, keyed: Sequence[tuple[int, JobEvent]]
) -> None:
    connection.executemany(
        insert("job_events"), [event_row(key, event) for key, event in keyed]
    )
    last = dict(keyed)
    going_on = [(k, e.seq, e.state.value) for k, e in last.items() if not e.state.final]
    ended = [(k, e) for k, e in last.items() if e.state.final]
    connection.executemany(insert("open_jobs"), going_on)
    connection.executemany(_CLOSE_JOB, [(key,) for key, _ in ended])
    connection.executemany(
        insert("job_ends"),
        [(key, e.seq, e.state.value, e.at.timestamp()) for key, e in ended],
    )
    job_looks.begin(connection, ended)


def _head(connection: sqlite3.Connection, job_id: str) -> tuple[int, int | None]:
    """Return the key of a job and the number of its last event; None: it has ended."""
    key = _key(connection, job_id)
    found = connection.execute(_HEAD, (key,)).fetchone()
    return key, found[0] if found else None


def _key(connection: sqlite3.Connection, job_id: str) -> int:
    found = connection.execute(_FIND, (escape(job_id),)).fetchone()
    if found is None:
        raise JobNotFoundError(f"no job {job_id!r}: `greenops jobs` lists them")
    return int(found[0])


def _ended(connection: sqlite3.Connection, key: int) -> str:
    found = connection.execute(_END, (key,)).fetchone()
    return f"has ended: it is {found[0]}" if found else "ends within what is written"


def _inputs_key(connection: sqlite3.Connection, row: Row) -> int:
    found = connection.execute(_FIND_INPUTS, row[:1]).fetchone()
    if found is None:
        connection.execute(insert("decision_inputs"), row)
        found = connection.execute(_FIND_INPUTS, row[:1]).fetchone()
    return int(found[0])
