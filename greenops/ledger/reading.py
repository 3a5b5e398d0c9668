"""Reads everything but the list of runs, by SQLAlchemy Core, from any ledger."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, Table, func, select

from greenops.energy.totals import DeviceTotals, hours_of
from greenops.ledger import history, schema
from greenops.ledger.node_rows import node_energy_of
from greenops.ledger.records import (
    Found,
    device_of,
    end_of,
    job_use_of,
    mark_of,
    run_of,
    sample_of,
    tags_of,
    total_of,
)
from greenops.ledger.text import escape, unescape
from greenops.model import (
    Device,
    DeviceTotal,
    HourEnergy,
    JobUse,
    Mark,
    NodeEnergy,
    RunRecord,
    RunStatus,
    Sample,
)

if TYPE_CHECKING:
    from datetime import datetime

PER_FETCH = 1000


def newest_key(connection: Connection, *, name: str | None = None) -> int | None:
    """Return the key of the newest run, or of the newest one of that name."""
    runs = schema.runs.c
    query = select(runs.run_key).order_by(
        runs.started_epoch_s.desc(), runs.run_key.desc()
    )
    if name is not None:
        query = query.where(runs.name == escape(name))
    return connection.execute(query.limit(1)).scalar()


def key_of(connection: Connection, run_id: str) -> int | None:
    """Return the key of the run of that id."""
    runs = schema.runs.c
    query = select(runs.run_key).where(runs.run_id == escape(run_id))
    return connection.execute(query).scalar()


def keys_by_prefix(connection: Connection, prefix: str) -> list[tuple[int, str]]:
    """Return key and id of the runs whose id begins so, the newest 6."""
    runs = schema.runs.c
    stored = escape(prefix)
    begins = func.substr(runs.run_id, 1, len(stored)) == stored
    query = select(runs.run_key, runs.run_id).where(begins)
    found = connection.execute(query.order_by(runs.run_id.desc()).limit(6))
    return [(row.run_key, row.run_id) for row in found]


def recent_ids_and_names(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Return id and name of the newest runs."""
    runs = schema.runs.c
    query = select(runs.run_id, runs.name).order_by(runs.started_epoch_s.desc())
    return [(row.run_id, row.name) for row in connection.execute(query.limit(limit))]


def ids(
    connection: Connection,
    *,
    since: "datetime | None",
    until: "datetime | None",
    zone: str | None,
) -> list[str]:
    """Return the ids of runs by their start and zone, the oldest first."""
    runs = schema.runs.c
    query = select(runs.run_id).order_by(runs.started_epoch_s, runs.run_key)
    if since is not None:
        query = query.where(runs.started_epoch_s >= since.timestamp())
    if until is not None:
        query = query.where(runs.started_epoch_s < until.timestamp())
    if zone is not None:
        query = query.where(runs.zone == escape(zone))
    return [unescape(run_id) for run_id in connection.execute(query).scalars()]


def record(connection: Connection, run_key: int) -> RunRecord:
    """Return everything about a run but its samples."""
    row = _all(connection, schema.runs.select(), run_key, schema.runs)[0]
    tags = _all(connection, schema.tags.select(), run_key, schema.tags)
    run = run_of(row, tags_of(list(tags)))
    ends = _all(connection, schema.run_ends.select(), run_key, schema.run_ends)
    end = end_of(run.run_id, ends[0]) if ends else None
    stated = history.statements(connection, run_key)
    return RunRecord(
        run=run,
        status=end.status if end else RunStatus.RUNNING,
        end=end,
        totals=totals(connection, run_key),
        footprint=stated[-1].footprint if stated else None,
        marks=tuple(marks(connection, run_key)),
        statements=stated,
    )


def devices(connection: Connection, run_key: int) -> dict[int, Device]:
    """Return the devices of a run by their numbers."""
    query = schema.devices.select().order_by(schema.devices.c.device_number)
    found = _all(connection, query, run_key, schema.devices)
    return {row["device_number"]: device_of(row) for row in found}


def totals(connection: Connection, run_key: int) -> tuple[DeviceTotal, ...]:
    """Return the totals of a run, in the order its devices were declared."""
    known = devices(connection, run_key)
    query = schema.totals.select().order_by(schema.totals.c.device_number)
    found = _all(connection, query, run_key, schema.totals)
    return tuple(total_of(row, known[row["device_number"]]) for row in found)


def marks(connection: Connection, run_key: int) -> list[Mark]:
    """Return the marks of a run, in time order."""
    query = schema.marks.select().order_by(
        schema.marks.c.offset_s, schema.marks.c.mark_key
    )
    return [mark_of(row) for row in _all(connection, query, run_key, schema.marks)]


def samples(connection: Connection, run_key: int) -> Iterator[Sample]:
    """Yield the samples of a run in time order, few at a time in memory."""
    ids = {n: d.device_id for n, d in devices(connection, run_key).items()}
    table = schema.samples
    query = (
        table.select()
        .where(table.c.run_key == run_key)
        .order_by(table.c.start_epoch_s, table.c.device_number)
    )
    for row in _stream(connection, query):
        yield sample_of(row, ids[row["device_number"]])


def hours(connection: Connection, run_key: int) -> list[HourEnergy]:
    """Return the job's energy by clock hour, summed from its samples."""
    sums: dict[str, DeviceTotals] = {}
    for sample in samples(connection, run_key):
        sums.setdefault(sample.device_id, DeviceTotals()).add_sample(sample)
    return hours_of(sums.values())


def job_use(connection: Connection, run_key: int) -> Iterator[JobUse]:
    """Yield what the job used, tick by tick."""
    table = schema.job_use
    query = table.select().where(table.c.run_key == run_key)
    for row in _stream(connection, query.order_by(table.c.start_epoch_s)):
        yield job_use_of(row)


def running(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    """Return which of the runs nobody has closed yet; ids as they are stored."""
    runs = schema.runs
    query = select(runs.c.run_id).join(
        schema.open_runs, schema.open_runs.c.run_key == runs.c.run_key
    )
    return list(connection.execute(query.where(runs.c.run_id.in_(run_ids))).scalars())


def node_energy(
    connection: Connection, start: "datetime", stop: "datetime", *, host: str | None
) -> Iterator[NodeEnergy]:
    """Yield what nodes used in the hours that begin in `[start, stop)`."""
    table = schema.node_energy
    query = table.select().where(
        table.c.hour_epoch_s >= start.timestamp(),
        table.c.hour_epoch_s < stop.timestamp(),
    )
    if host is not None:
        query = query.where(table.c.host == escape(host))
    order = (table.c.hour_epoch_s, table.c.host, table.c.device_id)
    for row in _stream(connection, query.order_by(*order, table.c.since_epoch_s)):
        yield node_energy_of(row)


def _all(
    connection: Connection, query: Select[Any], run_key: int, table: Table
) -> Sequence[Found]:
    return connection.execute(query.where(table.c.run_key == run_key)).mappings().all()


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Found]:
    found = connection.execution_options(yield_per=PER_FETCH).execute(query)
    yield from found.mappings()
