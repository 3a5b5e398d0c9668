"""The list of jobs, as plain SQL that SQLite and PostgreSQL both take.

Every condition is a list of keys in order, from an index that holds nothing else; the
lists are merged from the newest on until enough are found. So neither a rare state nor
a rare name among a hundred thousand finished jobs costs a walk over their rows.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from greenops.ledger.job_reading import chunks
from greenops.ledger.job_records import line_of
from greenops.ledger.listing import Execute
from greenops.ledger.text import escape
from greenops.model import JobLine, JobState

NO_LIMIT = 2**62
_BY_COLUMN = {"name": "name", "user": "user_name", "project": "project"}
_OPEN = "SELECT job_key FROM open_jobs"
_STANDS = (
    "SELECT j.job_id, j.name, j.user_name, j.project, j.team, j.submitted_epoch_s,"
    " j.deadline_epoch_s, j.command, e.state, e.at_epoch_s, e.why, e.place, e.facts,"
    " (SELECT o.saved_g FROM job_outcomes o WHERE o.job_key = j.job_key"
    " AND o.kind = 'average' ORDER BY o.outcome_key DESC LIMIT 1) AS saved_g,"
    " (SELECT r.kind FROM open_requests q"
    " JOIN job_requests r ON r.request_key = q.request_key"
    " WHERE r.job_key = j.job_key ORDER BY q.request_key DESC LIMIT 1) AS request,"
    " d.chosen, d.predicted_saved_g"
    " FROM jobs j JOIN job_events e ON e.job_key = j.job_key AND e.seq ="
    " (SELECT max(l.seq) FROM job_events l WHERE l.job_key = j.job_key)"
    " LEFT JOIN decisions d ON d.decision_key ="
    " (SELECT max(x.decision_key) FROM decisions x WHERE x.job_key = j.job_key)"
)


class JobFilter(TypedDict, total=False):
    """What a list of jobs may be narrowed by; None and missing keys do not narrow.

    `state` is one state; `open_only` leaves out what has ended.
    """

    state: JobState | str | None
    open_only: bool
    name: str | None
    user: str | None
    project: str | None


def list_jobs(
    execute: Execute, chosen: JobFilter, *, limit: int | None = None
) -> list[JobLine]:
    """Return the jobs that match, a line each, the newest first.

    Args:
        execute: Runs SQL.
        chosen: See `JobFilter`.
        limit: At most so many; None: all.
    """
    keys, given = _keys(chosen)
    given |= {"limit": NO_LIMIT if limit is None else limit}
    found = execute(f"{keys} ORDER BY job_key DESC LIMIT :limit", given)
    lines: list[JobLine] = []
    for some in chunks([row["job_key"] for row in found]):
        # Whole numbers of our own.
        sql = f"{_STANDS} WHERE j.job_key IN ({some}) ORDER BY j.job_key DESC"
        lines += [line_of(row) for row in execute(sql, {})]
    return lines


def count_jobs(execute: Execute, chosen: JobFilter) -> int:
    """Return how many jobs match."""
    keys, given = _keys(chosen)
    counted = f"SELECT count(*) AS jobs FROM ({keys}) AS chosen"  # noqa: S608
    found = execute(counted, given)
    return int(found[0]["jobs"]) if found else 0


def count_states(execute: Execute) -> Mapping[JobState, int]:
    """Return how many jobs stand how, for one line above a list."""
    sql = (
        "SELECT state, count(*) AS jobs FROM open_jobs GROUP BY state"
        " UNION ALL SELECT state, count(*) AS jobs FROM job_ends GROUP BY state"
    )
    known = {str(state): state for state in JobState}
    return {
        known[row["state"]]: int(row["jobs"])
        for row in execute(sql, {})
        if row["state"] in known
    }


def _keys(chosen: JobFilter) -> tuple[str, dict[str, Any]]:
    """Return the query for the keys of the jobs that match, and its parameters."""
    lists: list[str] = []
    given: dict[str, Any] = {}
    for field, column in _BY_COLUMN.items():
        wanted = chosen.get(field)
        if isinstance(wanted, str):
            # Names of this module.
            lists.append(f"SELECT job_key FROM jobs WHERE {column} = :{field}")  # noqa: S608
            given[field] = escape(wanted)
    if (state := chosen.get("state")) is not None:
        known = JobState(state)
        table = "job_ends" if known.final else "open_jobs"
        lists.append(f"SELECT job_key FROM {table} WHERE state = :state")  # noqa: S608
        given["state"] = known.value
    if chosen.get("open_only"):
        lists.append(_OPEN)
    return " INTERSECT ".join(lists) or "SELECT job_key FROM jobs", given
