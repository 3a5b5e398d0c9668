"""Rows that a source sent, turned into intensity points or left out with a reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from greenops.checked.lengths import inferred_stops
from greenops.checked.magnitude import (
    G_PER_KWH_PER,
    HIGHEST_G_PER_KWH,
    IntensityUnit,
    refuse_other_units,
)
from greenops.checked.overlaps import settled
from greenops.checked.rows import Checked, Problems, RawPoint, finite_number
from greenops.errors import SignalError
from greenops.model import Basis, IntensityKind, IntensityPoint, Provenance

AHEAD = timedelta(days=15)
"""No source states hours further ahead than this."""
CLOCK_SLACK = timedelta(hours=1)
"""How far the clocks of a source and of this machine may lie apart."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What holds for all rows of one answer."""

    zone: str
    source: str
    kind: IntensityKind
    basis: Basis
    provenance: Provenance
    issued_at: datetime | None
    rel_uncertainty: float
    abs_uncertainty_g_per_kwh: float
    unit: IntensityUnit
    zero_possible: bool


def checked_points(
    rows: Iterable[RawPoint],
    *,
    zone: str,
    source: str,
    kind: IntensityKind,
    basis: Basis,
    provenance: Provenance,
    issued_at: datetime | None,
    rel_uncertainty: float,
    unit: IntensityUnit = IntensityUnit.G_PER_KWH,
    abs_uncertainty_g_per_kwh: float = 0.0,
    longest: timedelta | None = None,
    zero_possible: bool = False,
    within: tuple[datetime, datetime] | None = None,
) -> Checked:
    """Return the usable points of one answer for one zone, in order, none overlapping.

    `docs/method.md` has the rules.

    Args:
        rows: In any order.
        zone: Canonical code that the points will carry.
        source: Who states it, for people and auditors.
        kind: Average or marginal.
        basis: Life-cycle or direct.
        provenance: Of rows that do not state their own.
        issued_at: When the source stated it, or when it was fetched; aware. None: it
            comes from a file that does not say, so its age is not checked.
        rel_uncertainty: 0.1 gives 95 % bounds of a tenth, as a factor: v/1.1 to 1.1v.
        unit: Of the values.
        abs_uncertainty_g_per_kwh: Widens the bounds further, for values near zero.
        longest: How long the source says its rows hold; infers missing stops.
        zero_possible: Zero is a value of this source, not a hole in its data.
        within: The span that was asked for; problems elsewhere are not told.

    Raises:
        SignalError: the whole answer is unusable: times without a time zone, or
            magnitudes of another unit; says which.
    """
    answer = _Answer(
        zone=zone,
        source=source,
        kind=kind,
        basis=basis,
        provenance=provenance,
        issued_at=issued_at,
        rel_uncertainty=rel_uncertainty,
        abs_uncertainty_g_per_kwh=abs_uncertainty_g_per_kwh,
        unit=unit,
        zero_possible=zero_possible,
    )
    problems = Problems(within)
    known = _dated(rows, answer, problems)
    stops = inferred_stops([r.start for r in known if r.stop is None], longest=longest)
    valued = [
        (row, value)
        for row in known
        if (value := _value_g_per_kwh(row, answer, problems)) is not None
    ]
    refuse_other_units(
        [value for _, value in valued],
        f"{source}, zone {zone}",
        zero_possible=zero_possible,
    )
    points = (
        _point(row, value, row.stop or stops.get(row.start), answer, problems)
        for row, value in valued
    )
    kept = settled((p for p in points if p is not None), problems)
    return Checked(points=kept, problems=problems.sentences())


def _dated(
    rows: Iterable[RawPoint], answer: _Answer, problems: Problems
) -> list[RawPoint]:
    """Return the rows of our age.

    Raises:
        SignalError: a time has no zone.
    """
    dated = []
    for row in rows:
        for at in (row.start, row.stop, row.issued_at):
            if at is not None and at.tzinfo is None:
                raise SignalError(
                    f"{answer.source}: {at} has no time zone; "
                    "which moment it means cannot be known"
                )
        if EARLIEST <= row.start < LATEST:
            dated.append(row)
        else:
            problems.add("a time before or after all such data", row.start)
    return dated


def _value_g_per_kwh(
    row: RawPoint, answer: _Answer, problems: Problems
) -> float | None:
    number = finite_number(row.value)
    if number is None:
        problems.add("a value that is no number", row.start, row.value)
    elif number < 0:
        problems.add("a value below zero", row.start, row.value)
    elif number == 0 and not answer.zero_possible:
        problems.add("a zero, which stands for a missing value", row.start)
    else:
        return number * G_PER_KWH_PER[answer.unit]
    return None


def _point(
    row: RawPoint,
    value: float,
    stop: datetime | None,
    answer: _Answer,
    problems: Problems,
) -> IntensityPoint | None:
    issued_at = _issue(row, answer, problems)
    provenance = row.provenance or answer.provenance
    fault = _fault(row.start, stop, value, issued_at, provenance)
    if fault or stop is None:
        problems.add(fault or "a row of unknown length", row.start, row.value)
        return None
    low, high = _bounds_g_per_kwh(row, value, answer, problems)
    return IntensityPoint(
        start=row.start.astimezone(UTC),
        stop=stop.astimezone(UTC),
        intensity_g_per_kwh=value,
        low_g_per_kwh=low,
        high_g_per_kwh=high,
        zone=answer.zone,
        source=answer.source,
        kind=answer.kind,
        basis=answer.basis,
        provenance=provenance,
        issued_at=issued_at.astimezone(UTC) if issued_at else None,
    )


def _issue(row: RawPoint, answer: _Answer, problems: Problems) -> datetime | None:
    """Return when the row was issued; a source ahead of our clock gets our clock."""
    fetched = answer.issued_at
    if row.issued_at is None or fetched is None:
        return row.issued_at or fetched
    if row.issued_at > fetched + CLOCK_SLACK:
        problems.add("a time of issue in the future", row.start, row.issued_at)
        return fetched
    return row.issued_at


def _fault(
    start: datetime,
    stop: datetime | None,
    value: float,
    issued_at: datetime | None,
    provenance: Provenance,
) -> str:
    """Return what is wrong with a row; empty where nothing is."""
    if value > HIGHEST_G_PER_KWH:
        return "a value above what any plant emits"
    if stop is not None and not start < stop <= start + LONGEST:
        return "a row that ends before it starts, or years later"
    if issued_at is None:
        return ""
    if start - AHEAD > issued_at:
        return "a time too far ahead to be known; check this machine's clock"
    if provenance is not Provenance.FORECAST and start - CLOCK_SLACK > issued_at:
        return "a measurement of the future; check this machine's clock"
    return ""


def _bounds_g_per_kwh(
    row: RawPoint, value: float, answer: _Answer, problems: Problems
) -> tuple[float, float]:
    relative, addend = row.rel_uncertainty, row.abs_uncertainty_g_per_kwh
    factor = 1 + (answer.rel_uncertainty if relative is None else relative)
    addend = answer.abs_uncertainty_g_per_kwh if addend is None else addend
    low, high = max(0.0, value / factor - addend), value * factor + addend
    if row.low is None or row.high is None:
        return low, high
    given = [finite_number(bound) for bound in (row.low, row.high)]
    own = [bound * G_PER_KWH_PER[answer.unit] for bound in given if bound is not None]
    if len(own) == 2 and 0 <= own[0] <= value <= own[1]:
        return own[0], own[1]
    problems.add("bounds that do not hold their value", row.start)
    return low, high
