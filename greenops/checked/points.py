"""Rows that a source sent, turned into intensity points or left out with a reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import median

from greenops.checked.lengths import inferred_stops
from greenops.checked.overlaps import settled
from greenops.checked.rows import Checked, Problems, RawPoint, finite_number
from greenops.errors import SignalError
from greenops.model import Basis, IntensityKind, IntensityPoint, Provenance
from greenops.units import (
    G_PER_KG,
    G_PER_KWH_PER_KG_PER_MWH,
    G_PER_KWH_PER_LB_PER_MWH,
    G_PER_KWH_PER_T_PER_MWH,
)

HIGHEST_MEDIAN_G_PER_KWH = 1300.0
"""No answer has half its hours above this.

Source: lignite burnt at 30 % efficiency is 1212 g/kWh (IPCC 2006 Guidelines vol. 2,
table 2.2: 101 kg CO2/GJ); no national average is above it.
"""
HIGHEST_G_PER_KWH = 2000.0
"""No single hour is above this.

Source: the same lignite at 18 %, a cold unit's efficiency while it starts.
"""
LOWEST_MEDIAN_G_PER_KWH = 1.5
"""A life-cycle answer has half its hours above this.

Source: the least of any technology is 3.7 g/kWh for nuclear and 1 for single hydro
plants (IPCC AR5 WG3 annex III, table A.III.2, minima).
"""
AHEAD = timedelta(days=15)
"""No source states hours further ahead than this."""
CLOCK_SLACK = timedelta(hours=1)
"""How far the clocks of a source and of this machine may lie apart."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=366)


class IntensityUnit(StrEnum):
    """Units that sources state carbon intensity in."""

    G_PER_KWH = "g/kWh"
    KG_PER_MWH = "kg/MWh"
    LB_PER_MWH = "lbs/MWh"
    KG_PER_KWH = "kg/kWh"
    T_PER_MWH = "t/MWh"


_G_PER_KWH: Mapping[IntensityUnit, float] = {
    IntensityUnit.G_PER_KWH: 1.0,
    IntensityUnit.KG_PER_MWH: G_PER_KWH_PER_KG_PER_MWH,
    IntensityUnit.LB_PER_MWH: G_PER_KWH_PER_LB_PER_MWH,
    IntensityUnit.KG_PER_KWH: G_PER_KG,
    IntensityUnit.T_PER_MWH: G_PER_KWH_PER_T_PER_MWH,
}


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
    known = list(rows)
    _refuse_naive_times(known, answer)
    problems = Problems()
    stops = inferred_stops([r.start for r in known if r.stop is None], longest=longest)
    valued = [
        (row, value)
        for row in known
        if (value := _value_g_per_kwh(row, answer, problems)) is not None
    ]
    _refuse_other_units([value for _, value in valued], answer)
    points = (
        _point(row, value, row.stop or stops.get(row.start), answer, problems)
        for row, value in valued
    )
    kept = settled((p for p in points if p is not None), problems)
    return Checked(points=kept, problems=problems.sentences())


def _refuse_naive_times(rows: Sequence[RawPoint], answer: _Answer) -> None:
    for row in rows:
        for at in (row.start, row.stop, row.issued_at):
            if at is not None and at.tzinfo is None:
                raise SignalError(
                    f"{answer.source}: {at} has no time zone; "
                    "which moment it means cannot be known"
                )


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
        return number * _G_PER_KWH[answer.unit]
    return None


def _refuse_other_units(values: Sequence[float], answer: _Answer) -> None:
    """Raise SignalError where the answer as a whole has the magnitude of another unit.

    Half of a grid's usual intensities in lbs/MWh are plausible in g/kWh as well: only
    the dirtier ones can be told by their size.
    """
    positive = [value for value in values if value > 0]
    if not positive:
        return
    middle = median(positive)
    said = f"{answer.source}, zone {answer.zone}: the answer is around {middle:.4g}"
    if middle > HIGHEST_MEDIAN_G_PER_KWH:
        likely = "lbs/MWh" if middle < 2 * HIGHEST_G_PER_KWH else "mg/kWh or g/MWh"
        raise SignalError(
            f"{said} g/kWh, more than any grid emits; is it in {likely}? Not used"
        )
    fractions = max(positive) < LOWEST_MEDIAN_G_PER_KWH and any(
        value != int(value) for value in positive
    )
    below = middle < LOWEST_MEDIAN_G_PER_KWH and not answer.zero_possible
    if below or fractions:
        raise SignalError(
            f"{said} g/kWh, less than any grid emits; is it in kg/kWh or t/MWh? "
            "Not used"
        )


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
    if start < EARLIEST:
        return "a time before there was such data"
    if issued_at is None:
        return ""
    if start > issued_at + AHEAD:
        return "a time too far ahead to be known; check this machine's clock"
    if provenance is not Provenance.FORECAST and start > issued_at + CLOCK_SLACK:
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
    own = [bound * _G_PER_KWH[answer.unit] for bound in given if bound is not None]
    if len(own) == 2 and 0 <= own[0] <= value <= own[1]:
        return own[0], own[1]
    problems.add("bounds that do not hold their value", row.start)
    return low, high
