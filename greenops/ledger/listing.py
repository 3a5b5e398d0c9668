"""The list of runs, as plain SQL that SQLite and PostgreSQL both take.

`greenops runs` has 0.3 s in all, of which loading SQLAlchemy would take half; so a
local ledger is asked through sqlite3, and only another one through SQLAlchemy.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from greenops.ledger.records import Found, run_row_of, tags_of
from greenops.ledger.rows import TAG_HEAD_CHARS
from greenops.ledger.text import escape
from greenops.model import RunRow, RunStatus

Execute = Callable[[str, Mapping[str, Any]], Sequence[Found]]
"""Runs a statement with `:named` parameters."""

_TOTAL_G = (
    "(SELECT f.total_g FROM footprints f WHERE f.run_key = r.run_key"
    " ORDER BY f.footprint_key DESC LIMIT 1)"
)
SORTS = {
    "started": "r.started_epoch_s",
    "duration": "e.duration_s",
    "energy": "e.energy_j",
    "emissions": _TOTAL_G,
    "name": "r.name",
    "status": "e.status",
}
"""What a list can be sorted by."""

_SELECT = (
    "SELECT r.run_key, r.run_id, r.name, r.kind, r.started_epoch_s, r.host,"
    " r.user_name, r.project, r.team, r.zone, r.parent_run_id, e.status,"
    f" e.duration_s, e.exit_code, e.energy_j, {_TOTAL_G} AS total_g"
)
_ENDS = " LEFT JOIN run_ends e ON e.run_key = r.run_key"
_TAGGED = (
    "r.run_key IN (SELECT t.run_key FROM tags t WHERE t.label = :tag_label"
    " AND t.content_head = :tag_head AND t.content = :tag_content)"
)
_PLAIN = {
    "project": "r.project = :project",
    "team": "r.team = :team",
    "user": "r.user_name = :user",
    "host": "r.host = :host",
    "since": "r.started_epoch_s >= :since",
    "until": "r.started_epoch_s < :until",
}
_KEYS_AT_ONCE = 500


class RunFilter(TypedDict, total=False):
    """What a list of runs may be narrowed by; None and missing keys do not narrow.

    `name_like` is part of a name, upper and lower case alike; `tag` a key and its
    value; `since` and `until` bound the start, half-open; `roots_only` leaves out
    runs that lie within another.
    """

    project: str | None
    team: str | None
    user: str | None
    host: str | None
    name_like: str | None
    status: RunStatus | str | None
    tag: tuple[str, str] | None
    since: datetime | None
    until: datetime | None
    roots_only: bool


def list_runs(
    execute: Execute,
    chosen: RunFilter,
    *,
    sort: str = "started",
    descending: bool = True,
    limit: int | None = None,
    offset: int = 0,
) -> list[RunRow]:
    """Return the runs that match; see `query.Ledger.find_runs`.

    Raises:
        ValueError: no such sort.
    """
    if sort not in SORTS:
        raise ValueError(f"runs are sorted by {', '.join(SORTS)}, not by {sort!r}")
    where, given = _where(chosen)
    way = "DESC" if descending else "ASC"
    # What is not known yet stands last; where nothing is unknown, an index may serve.
    last = "" if sort in ("started", "name") else " NULLS LAST"
    source = _source(f"{where}{SORTS[sort]}")
    top = (
        f"SELECT r.run_key, {SORTS[sort]} AS sorted_by{source}{where}"
        f" ORDER BY sorted_by {way}{last}, r.run_key {way}"
    )
    if limit is not None or offset:
        top += " LIMIT :limit OFFSET :offset"
        given |= {"limit": limit if limit is not None else 2**62, "offset": offset}
    # Sorted are keys alone; only the runs that are shown are looked up in full.
    found = execute(
        f"{_SELECT} FROM ({top}) AS top JOIN runs r ON r.run_key = top.run_key{_ENDS}"
        f" ORDER BY top.sorted_by {way}{last}, r.run_key {way}",
        given,
    )
    keys = [row["run_key"] for row in found]
    tags, again = _tags(execute, keys), _restated(execute, keys)
    return [
        run_row_of(row, tags_of(tags[row["run_key"]]), restated=row["run_key"] in again)
        for row in found
    ]


def count(execute: Execute, chosen: RunFilter) -> int:
    """Return how many runs match."""
    where, given = _where(chosen)
    counted = f"SELECT count(*) AS runs{_source(where)}{where}"
    return int(execute(counted, given)[0]["runs"])


def _source(terms: str) -> str:
    """Return what to select from: the ends of the runs only where `terms` ask."""
    return f" FROM runs r{_ENDS if 'e.' in terms else ''}"


def _where(chosen: RunFilter) -> tuple[str, dict[str, Any]]:
    """Return the condition and its parameters."""
    terms: list[str] = []
    given: dict[str, Any] = {}
    for name, term in _PLAIN.items():
        wanted = chosen.get(name)
        if isinstance(wanted, (str, datetime)):
            terms.append(term)
            given[name] = _stored(wanted)
    if (part := chosen.get("name_like")) is not None:
        terms.append("lower(r.name) LIKE lower(:name_like) ESCAPE '!'")
        given["name_like"] = _like(escape(part))
    if (status := chosen.get("status")) is not None:
        term, parameter = _status_term(str(status))
        terms.append(term)
        given |= parameter
    if (tag := chosen.get("tag")) is not None:
        terms.append(_TAGGED)
        label, content = (escape(t) for t in tag)
        head = content[:TAG_HEAD_CHARS]
        given |= {"tag_label": label, "tag_head": head, "tag_content": content}
    if chosen.get("roots_only"):
        terms.append("r.parent_run_id IS NULL")
    return (" WHERE " + " AND ".join(terms) if terms else ""), given


def _status_term(status: str) -> tuple[str, dict[str, str]]:
    if status == RunStatus.RUNNING:
        return "r.run_key IN (SELECT o.run_key FROM open_runs o)", {}
    return "e.status = :status", {"status": status}


def _stored(wanted: str | datetime) -> str | float:
    return escape(wanted) if isinstance(wanted, str) else wanted.timestamp()


def _like(part: str) -> str:
    for special in ("!", "%", "_"):
        part = part.replace(special, "!" + special)
    return f"%{part}%"


def _tags(execute: Execute, run_keys: Sequence[int]) -> Mapping[int, list[Found]]:
    tags: defaultdict[int, list[Found]] = defaultdict(list)
    for keys in _chunks(run_keys):
        # Whole numbers of our own; a parameter each would exceed their limit.
        sql = f"SELECT run_key, label, content FROM tags WHERE run_key IN ({keys})"  # noqa: S608
        for row in execute(sql, {}):
            tags[row["run_key"]].append(row)
    return tags


def _restated(execute: Execute, run_keys: Sequence[int]) -> set[int]:
    """Return the keys of runs whose footprint was stated more than once."""
    again: set[int] = set()
    for keys in _chunks(run_keys):
        sql = (
            f"SELECT run_key FROM footprints WHERE run_key IN ({keys})"  # noqa: S608
            " GROUP BY run_key HAVING count(*) > 1"
        )
        again.update(row["run_key"] for row in execute(sql, {}))
    return again


def _chunks(run_keys: Sequence[int]) -> Iterator[str]:
    for start in range(0, len(run_keys), _KEYS_AT_ONCE):
        yield ", ".join(str(int(k)) for k in run_keys[start : start + _KEYS_AT_ONCE])
