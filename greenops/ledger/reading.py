"""Reads everything but the list of runs, by SQLAlchemy Core, from any ledger."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, func, insert, select

from greenops.ledger import schema
from greenops.ledger.records import (
    Found,
    device_of,
    end_of,
    footprint_of,
    job_use_of,
    mark_of,
    run_of,
    sample_of,
    tags_of,
    total_of,
)
from greenops.ledger.rows import Row
from greenops.ledger.statements import COLUMNS
from greenops.ledger.text import escape
from greenops.model import (
    Device,
    DeviceTotal,
    Footprint,
    JobUse,
    Mark,
    RunRecord,
    RunStatus,
    Sample,
)

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


def record(connection: Connection, run_key: int) -> RunRecord:
    """Return everything about a run but its samples."""
    row = _all(connection, schema.runs.select(), run_key, schema.runs)[0]
    tags = _all(connection, schema.tags.select(), run_key, schema.tags)
    run = run_of(row, tags_of(list(tags)))
    ends = _all(connection, schema.run_ends.select(), run_key, schema.run_ends)
    end = end_of(run.run_id, ends[0]) if ends else None
    return RunRecord(
        run=run,
        status=end.status if end else RunStatus.RUNNING,
        end=end,
        totals=totals(connection, run_key),
        footprint=footprint(connection, run_key),
        marks=tuple(marks(connection, run_key)),
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


def footprint(connection: Connection, run_key: int) -> Footprint | None:
    """Return the footprint that was computed last."""
    query = schema.footprints.select().order_by(
        schema.footprints.c.footprint_key.desc()
    )
    found = _all(connection, query.limit(1), run_key, schema.footprints)
    return footprint_of(found[0]) if found else None


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


def job_use(connection: Connection, run_key: int) -> Iterator[JobUse]:
    """Yield what the job used, tick by tick."""
    table = schema.job_use
    query = table.select().where(table.c.run_key == run_key)
    for row in _stream(connection, query.order_by(table.c.start_epoch_s)):
        yield job_use_of(row)


def add_footprint(connection: Connection, run_key: int, row: Row) -> None:
    """Append a footprint beside those the run has."""
    columns = COLUMNS["footprints"]
    filled = dict(zip(columns, (run_key, *row), strict=True))
    connection.execute(insert(schema.footprints).values(filled))


def running(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    """Return which of the runs nobody has closed yet; ids as they are stored."""
    runs = schema.runs
    query = select(runs.c.run_id).join(
        schema.open_runs, schema.open_runs.c.run_key == runs.c.run_key
    )
    return list(connection.execute(query.where(runs.c.run_id.in_(run_ids))).scalars())


def _all(
    connection: Connection, query: Select[Any], run_key: int, table: Table
) -> Sequence[Found]:
    return connection.execute(query.where(table.c.run_key == run_key)).mappings().all()


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Found]:
    found = connection.execution_options(yield_per=PER_FETCH).execute(query)
    yield from found.mappings()
