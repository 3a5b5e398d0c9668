"""Reads and appends what was said about the grid, by SQLAlchemy Core, in any ledger."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from greenops.ledger import schema
from greenops.ledger.known import Known, as_known
from greenops.ledger.records import (
    Found,
    footprint_of,
    hour_of,
    moment,
    point_of,
    statement_of,
)
from greenops.ledger.rows import Row, point_row
from greenops.ledger.statements import COLUMNS, POINT_IDENTITY
from greenops.ledger.text import escape
from greenops.model import (
    Basis,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    Provenance,
    Statement,
)

_AT_ONCE = 500
"""Keys in one query."""


def statements(connection: Connection, run_key: int) -> tuple[Statement, ...]:
    """Return all that was stated of a run's footprint, the oldest first."""
    table = schema.footprints
    query = table.select().where(table.c.run_key == run_key)
    found = _rows(connection, query.order_by(table.c.footprint_key))
    points = _points(connection, [row["footprint_key"] for row in found])
    known_hours = hours(connection, run_key)
    return tuple(
        statement_of(
            row, footprint_of(row, points.get(row["footprint_key"], ()), known_hours)
        )
        for row in found
    )


def hours(connection: Connection, run_key: int) -> list[HourEnergy]:
    """Return a run's energy by clock hour; empty where it was not kept."""
    table = schema.energy_hours
    query = table.select().where(table.c.run_key == run_key)
    return [hour_of(r) for r in _rows(connection, query.order_by(table.c.hour_epoch_s))]


def add_footprint(
    connection: Connection, run_key: int, rows: Mapping[str, Sequence[Row]]
) -> None:
    """Append a footprint beside those the run has, with what it was computed from.

    Args:
        connection: Within a transaction.
        run_key: The run.
        rows: From `rows.footprint_rows`.
    """
    (row,) = rows["footprints"]
    filled = dict(zip(COLUMNS["footprints"], (run_key, *row), strict=True))
    added = connection.execute(insert(schema.footprints).values(filled))
    (footprint_key,) = added.inserted_primary_key or (None,)
    _keep_hours(connection, run_key, rows["energy_hours"])
    keys = dict.fromkeys(_kept(connection, row)[0] for row in rows["intensities"])
    links = [{"footprint_key": footprint_key, "intensity_key": key} for key in keys]
    if links:
        connection.execute(insert(schema.footprint_points), links)


def keep_hours(
    connection: Connection, run_key: int, by_hour: Iterable[HourEnergy]
) -> None:
    """Keep a run's energy by clock hour, as far as it is not kept yet."""
    rows = [(h.hour.timestamp(), h.energy_j) for h in by_hour]
    _keep_hours(connection, run_key, rows)


def count_statements(connection: Connection, run_key: int) -> int:
    """Return how often the footprint of a run was stated."""
    table = schema.footprints
    query = select(func.count()).select_from(table).where(table.c.run_key == run_key)
    return int(connection.execute(query).scalar_one())


def add_intensities(
    connection: Connection,
    signal: str,
    points: Iterable[IntensityPoint],
    recorded_epoch_s: float,
) -> int:
    """Append what `signal` states, each statement once; return how many were new."""
    rows = [point_row(p, signal, recorded_epoch_s) for p in points]
    return sum(_kept(connection, row)[1] for row in rows)


def intensities(
    connection: Connection,
    zone: str,
    span: tuple[datetime, datetime],
    *,
    kind: IntensityKind,
    basis: Basis | None,
    known_at: datetime | None,
) -> list[IntensityPoint]:
    """Return what is known of a zone over `[start, stop)`; see `query.Ledger`."""
    table = schema.intensities
    start_s, stop_s = (at.timestamp() for at in span)
    query = (
        table.select()
        .where(table.c.zone == escape(zone), table.c.kind == kind.value)
        .where(table.c.start_epoch_s < stop_s, table.c.stop_epoch_s > start_s)
    )
    if basis is not None:
        query = query.where(table.c.basis == basis.value)
    found = _rows(connection, query.order_by(table.c.intensity_key))
    said = [
        Known(point=point_of(r), recorded_at=moment(r["recorded_epoch_s"]))
        for r in found
    ]
    return as_known(said, known_at)


def forecasts(
    connection: Connection,
    zone: str,
    span: tuple[datetime, datetime],
    *,
    kind: IntensityKind,
    basis: Basis,
) -> list[IntensityPoint]:
    """Return every forecast kept of a zone over `[start, stop)`; see `query.Ledger`."""
    table = schema.intensities
    start_s, stop_s = (at.timestamp() for at in span)
    query = (
        table.select()
        .where(table.c.zone == escape(zone), table.c.kind == kind.value)
        .where(table.c.start_epoch_s < stop_s, table.c.stop_epoch_s > start_s)
        .where(table.c.basis == basis.value)
        .where(table.c.provenance == Provenance.FORECAST.value)
        .order_by(table.c.issued_epoch_s, table.c.start_epoch_s)
    )
    return [point_of(row) for row in _rows(connection, query)]


def last_issue(
    connection: Connection, zone: str, kind: IntensityKind, basis: Basis
) -> datetime | None:
    """Return when the newest forecast kept of a zone was issued; None: none is."""
    table = schema.intensities
    query = (
        select(func.max(table.c.issued_epoch_s))
        .where(table.c.zone == escape(zone), table.c.kind == kind.value)
        .where(table.c.basis == basis.value)
        .where(table.c.provenance == Provenance.FORECAST.value)
    )
    issued_epoch_s = connection.execute(query).scalar()
    return None if issued_epoch_s is None else moment(issued_epoch_s)


def _keep_hours(connection: Connection, run_key: int, rows: Sequence[Row]) -> None:
    """Keep a run's energy by hour, unless it is there already."""
    kept = {h.hour.timestamp() for h in hours(connection, run_key)}
    missing = [
        {"run_key": run_key, "hour_epoch_s": at_s, "job_energy_j": energy_j}
        for at_s, energy_j in rows
        if at_s not in kept
    ]
    if missing:
        connection.execute(insert(schema.energy_hours), missing)


def _kept(connection: Connection, row: Row) -> tuple[int, bool]:
    """Return the key of a stated intensity, and whether it was not there before."""
    table = schema.intensities
    given = dict(zip(COLUMNS["intensities"], row, strict=True))
    same = [
        table.c[name].is_(None) if given[name] is None else table.c[name] == given[name]
        for name in POINT_IDENTITY
    ]
    key = connection.execute(select(table.c.intensity_key).where(*same)).scalar()
    if key is not None:
        return int(key), False
    added = connection.execute(insert(table).values(given)).inserted_primary_key
    return int(added[0]) if added else 0, True


def _points(
    connection: Connection, footprint_keys: Sequence[int]
) -> dict[int, list[IntensityPoint]]:
    """Return the points behind footprints, in time order, by the footprint's key."""
    points: dict[int, list[IntensityPoint]] = {}
    links, table = schema.footprint_points, schema.intensities
    for first in range(0, len(footprint_keys), _AT_ONCE):
        keys = footprint_keys[first : first + _AT_ONCE]
        query = (
            select(links.c.footprint_key, *table.columns)
            .join(table, table.c.intensity_key == links.c.intensity_key)
            .where(links.c.footprint_key.in_(keys))
            .order_by(table.c.start_epoch_s)
        )
        for row in _rows(connection, query):
            points.setdefault(row["footprint_key"], []).append(point_of(row))
    return points


def _rows(connection: Connection, query: Any) -> Sequence[Found]:  # noqa: ANN401 - any select
    return connection.execute(query).mappings().all()
