"""Reads jobs, as plain SQL that SQLite and PostgreSQL both take."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence

from greenops.errors import JobNotFoundError
from greenops.ledger.job_records import (
    answer_of,
    decision_of,
    event_of,
    outcome_of,
    request_of,
    shown_spec_of,
)
from greenops.ledger.listing import Execute
from greenops.ledger.records import Found
from greenops.ledger.rows import TAG_HEAD_CHARS
from greenops.ledger.text import escape, unescape
from greenops.model import (
    Answer,
    Decision,
    IntensityKind,
    JobEvent,
    JobRequest,
    JobSpec,
    Realised,
)

LAST = "last"
KEYS_AT_ONCE = 500
NEAR_AMONG = 500
"""How many of the newest jobs are looked through for near matches."""
NEAR_SHOWN = 3
LONGEST_TOLD = 100
"""Characters of what was asked for that an answer repeats."""
_FIND = "SELECT job_key, job_id, spec, greenops_version FROM jobs"
_LAST_DECISIONS = (
    "SELECT d.*, j.job_id FROM jobs j JOIN decisions d ON d.decision_key ="
    " (SELECT max(l.decision_key) FROM decisions l WHERE l.job_key = j.job_key)"
    " WHERE j.job_id IN ({names})"
)
_NEWEST = " ORDER BY job_key DESC LIMIT 1"


def find_job(execute: Execute, name_or_id: str) -> Found:
    """Return the row of the job that a person means.

    Args:
        execute: Runs SQL.
        name_or_id: `last`, an id, a name (the newest job of it), or the beginning of
            an id, tried in this order.

    Raises:
        JobNotFoundError: there is none, or several.
    """
    given = {"name": escape(name_or_id)}
    asked = [f"{_FIND} WHERE job_id = :name", f"{_FIND} WHERE name = :name{_NEWEST}"]
    if name_or_id == LAST:
        asked.insert(0, _FIND + _NEWEST)
    for sql in asked:
        if found := execute(sql, given if ":name" in sql else {}):
            return found[0]
    begun = _begun(execute, given["name"]) if name_or_id else []
    if len(begun) == 1:
        return begun[0]
    if begun:
        ids = ", ".join(unescape(row["job_id"]) for row in begun)
        raise JobNotFoundError(f"{name_or_id!r} is the beginning of several: {ids}")
    told = name_or_id[:LONGEST_TOLD]
    raise JobNotFoundError(f"no job {told!r}. {_near(execute, told)}")


def job(execute: Execute, name_or_id: str) -> tuple[str, JobSpec, Sequence[JobEvent]]:
    """Return a job with all its events; see `ports.JobStore.job`."""
    row = find_job(execute, name_or_id)
    job_id = unescape(row["job_id"])
    sql = "SELECT * FROM job_events WHERE job_key = :key ORDER BY seq"
    found = execute(sql, {"key": row["job_key"]})
    return job_id, shown_spec_of(row), [event_of(e, job_id) for e in found]


def decisions(execute: Execute, job_id: str) -> list[Decision]:
    """Return what was decided for a job, the oldest first."""
    sql = (
        "SELECT d.*, i.content FROM jobs j JOIN decisions d ON d.job_key = j.job_key"
        " JOIN decision_inputs i ON i.inputs_key = d.inputs_key"
        " WHERE j.job_id = :job_id ORDER BY d.decision_key"
    )
    found = execute(sql, {"job_id": escape(job_id)})
    return [decision_of(row, job_id, json.loads(row["content"])) for row in found]


def last_decisions(execute: Execute, job_ids: Sequence[str]) -> dict[str, Decision]:
    """Return what was decided last for each of these jobs; some may have nothing.

    What many of them were decided on is read once, and shared as it was when written.
    """
    found: dict[str, Decision] = {}
    shared: dict[int, Mapping[str, object]] = {}
    for names, given in named(job_ids):
        rows = execute(_LAST_DECISIONS.format(names=names), given)
        wanted = {row["inputs_key"] for row in rows} - shared.keys()
        shared |= _inputs(execute, sorted(wanted))
        for row in rows:
            job_id = unescape(row["job_id"])
            found[job_id] = decision_of(row, job_id, shared[row["inputs_key"]])
    return found


def requests(execute: Execute) -> list[JobRequest]:
    """Return what was asked and not answered yet, the oldest first.

    What only a newer greenops can ask for is left to that one.
    """
    sql = (
        "SELECT r.*, j.job_id FROM open_requests o"
        " JOIN job_requests r ON r.request_key = o.request_key"
        " JOIN jobs j ON j.job_key = r.job_key ORDER BY o.request_key"
    )
    asked = []
    for row in execute(sql, {}):
        with contextlib.suppress(ValueError):
            asked.append(request_of(row))
    return asked


def answer(execute: Execute, request_id: int) -> Answer | None:
    """Return what came of a request; None: not answered yet."""
    sql = "SELECT * FROM job_answers WHERE request_key = :key"
    found = execute(sql, {"key": request_id})
    return answer_of(found[0]) if found else None


def outcomes(execute: Execute, job_id: str) -> Mapping[IntensityKind, Realised]:
    """Return what came of a job by kind of intensity, as it was stated last."""
    sql = (
        "SELECT o.* FROM jobs j JOIN job_outcomes o ON o.job_key = j.job_key"
        " WHERE j.job_id = :job_id ORDER BY o.outcome_key"
    )
    found = execute(sql, {"job_id": escape(job_id)})
    stated = [outcome_of(row, job_id) for row in found]
    return {outcome.kind: outcome for outcome in stated}


def run_ids(execute: Execute, job_id: str, label: str) -> list[str]:
    """Return the runs that bear the job's id as their tag `label`, the oldest first."""
    sql = (
        "SELECT r.run_id FROM tags t JOIN runs r ON r.run_key = t.run_key"
        " WHERE t.label = :label AND t.content_head = :head AND t.content = :job_id"
        " ORDER BY r.started_epoch_s, r.run_key"
    )
    stored = escape(job_id)
    given = {"label": escape(label), "head": stored[:TAG_HEAD_CHARS], "job_id": stored}
    return [unescape(row["run_id"]) for row in execute(sql, given)]


def chunks(keys: Sequence[int]) -> Iterator[str]:
    """Yield lists of keys for `IN (...)`: a parameter each would exceed their limit."""
    for start in range(0, len(keys), KEYS_AT_ONCE):
        yield ", ".join(str(int(k)) for k in keys[start : start + KEYS_AT_ONCE])


def _inputs(execute: Execute, keys: Sequence[int]) -> dict[int, Mapping[str, object]]:
    found: dict[int, Mapping[str, object]] = {}
    for some in chunks(keys):
        # Whole numbers of our own.
        sql = f"SELECT * FROM decision_inputs WHERE inputs_key IN ({some})"  # noqa: S608
        for row in execute(sql, {}):
            found[row["inputs_key"]] = json.loads(row["content"])
    return found


def named(job_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield placeholders for `IN (...)`, each with the ids that they stand for."""
    for start in range(0, len(job_ids), KEYS_AT_ONCE):
        some = job_ids[start : start + KEYS_AT_ONCE]
        given = {f"j{i}": escape(job_id) for i, job_id in enumerate(some)}
        yield ", ".join(f":{name}" for name in given), given


def _begun(execute: Execute, prefix: str) -> Sequence[Found]:
    sql = (
        f"{_FIND} WHERE substr(job_id, 1, :length) = :prefix"
        " ORDER BY job_key DESC LIMIT 6"
    )
    return execute(sql, {"prefix": prefix, "length": len(prefix)})


def _near(execute: Execute, name: str) -> str:
    sql = "SELECT job_id, name FROM jobs ORDER BY job_key DESC LIMIT :most"
    recent = execute(sql, {"most": NEAR_AMONG})
    if not recent:
        return "There is no job yet: greenops submit -- COMMAND makes one."
    known = {
        unescape(text): None for row in recent for text in (row["job_id"], row["name"])
    }
    from difflib import get_close_matches  # some ms that hardly any command needs

    near = get_close_matches(name, list(known), n=NEAR_SHOWN)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"`greenops jobs` lists them; the newest is {unescape(recent[0]['job_id'])}."
