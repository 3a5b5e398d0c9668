"""A run's footprint with the grid's figures as they stand now, all else as it was.

Energy, PUE, embodied carbon and water stay those of the first footprint: they belong
to the machine and to the day of the run, and no grid operator revises them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isclose

from greenops.errors import SignalError
from greenops.footprint.grid_side import RunTime, grid_side, marginal_view
from greenops.footprint.operational import operational_g
from greenops.footprint.revised import SAME, revised
from greenops.model import Bounded, Footprint, IntensityPoint
from greenops.model.bounds import sum_of_independent

_GRID_FACTORS = (
    "intensity",
    "intensity_source",
    "intensity_provenance",
    "intensity_issued",
    "marginal",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPoint:
    """One stretch of a run whose intensity is stated otherwise; None: not stated."""

    start: datetime
    stop: datetime
    before: IntensityPoint | None
    after: IntensityPoint | None


def restated(
    footprint: Footprint,
    time: RunTime,
    points: Sequence[IntensityPoint],
    marginal: Sequence[IntensityPoint] = (),
    *,
    force: bool = False,
) -> Footprint:
    """Return `footprint` with new intensities, where they are not less sure.

    Args:
        footprint: The one that counts.
        time: When its energy was used.
        points: What the average signal states now.
        marginal: What the marginal signal states now; empty: nothing.
        force: Take what is stated now, however sure what was kept.

    Raises:
        MixedSignalsError: the points differ in kind or in basis.
        SignalError: nothing is stated of the run now, or one of its hours has no
            intensity, kept or stated.
    """
    start, stop = time.span
    if not any(p.start < stop and start < p.stop for p in points):
        raise SignalError(f"nothing is stated of this run, {start} to {stop}")
    if not force:
        points = revised(footprint.points, points)
        if footprint.marginal is not None:
            marginal = revised(footprint.marginal.points, marginal)
    grid = grid_side(time, points)
    operational = operational_g(
        footprint.energy_j, footprint.pue, grid.intensity_g_per_kwh
    )
    second, second_factors = marginal_view(
        time, marginal, footprint.energy_j, footprint.pue
    )
    kept = {k: v for k, v in footprint.factors.items() if k not in _GRID_FACTORS}
    if second is None and footprint.marginal is not None:
        # One that could not be had this time takes nothing from what was stated.
        second = footprint.marginal
        second_factors = {"marginal": footprint.factors.get("marginal", "as before")}
    return replace(
        footprint,
        operational_g=operational,
        total_g=sum_of_independent([operational, footprint.embodied_g]),
        intensity_g_per_kwh=grid.intensity_g_per_kwh,
        zone=grid.zone,
        intensity_source=grid.source,
        factors=grid.factors | second_factors | kept,
        points=grid.points,
        hours=time.hours,
        marginal=second,
    )


def changed_points(old: Footprint, new: Footprint) -> list[ChangedPoint]:
    """Return what of the location-based intensities is stated otherwise, in time order.

    A figure that came a second time, at a later hour of issue or from a newer copy of
    the same table, has not changed. Empty too where the old points were not kept.
    """
    return _changed(old.points, new.points) if old.points else []


def is_changed(old: Footprint, new: Footprint) -> bool:
    """Return whether `new` says something else than `old`, rounding aside."""
    if _view_changed(old, new):
        return True
    if old.points:
        return bool(_changed(old.points, new.points))
    return not _same(old.intensity_g_per_kwh, new.intensity_g_per_kwh)


def reason(old: Footprint, new: Footprint) -> str:
    """Return why the footprint was restated, in a sentence for people."""
    before, after = (f.intensity_g_per_kwh.central for f in (old, new))
    mean = f"mean intensity {before:.4g} -> {after:.4g} g/kWh"
    marginal = _marginal_reason(old, new)
    if not old.points:
        return f"{mean}; points were not kept before{marginal}"
    changed = changed_points(old, new)
    if not changed:
        return f"the marginal figure changed; the location-based one stands{marginal}"
    span = f"{_utc(changed[0].start)} to {_utc(changed[-1].stop)} UTC"
    if any(c.before is None or c.after is None for c in changed):
        counts = f"{len(new.points)} points in place of {len(old.points)}"
    else:
        counts = f"{len(changed)} of {len(new.points)} points stated otherwise"
    return f"{mean}; {counts}, {span}{marginal}"


def _marginal_reason(old: Footprint, new: Footprint) -> str:
    """Return what became of the marginal intensity; empty: it stands, or is none."""
    if new.marginal is None or not _view_changed(old, new):
        return ""
    after = f"{new.marginal.intensity_g_per_kwh.central:.4g} g/kWh"
    if old.marginal is None:
        return f"; marginal {after}, none before"
    before = f"{old.marginal.intensity_g_per_kwh.central:.4g}"
    return f"; marginal {before} -> {after}"


def _view_changed(old: Footprint, new: Footprint) -> bool:
    if old.marginal is None or new.marginal is None:
        return new.marginal is not None
    return bool(_changed(old.marginal.points, new.marginal.points))


def _changed(
    old: Sequence[IntensityPoint], new: Sequence[IntensityPoint]
) -> list[ChangedPoint]:
    before = {(p.start, p.stop): p for p in old}
    after = {(p.start, p.stop): p for p in new}
    return [
        ChangedPoint(
            start=span[0], stop=span[1], before=before.get(span), after=after.get(span)
        )
        for span in sorted(before.keys() | after.keys())
        if not _states_same(before.get(span), after.get(span))
    ]


def _states_same(old: IntensityPoint | None, new: IntensityPoint | None) -> bool:
    if old is None or new is None:
        return False
    return (
        (old.zone, old.kind, old.basis, old.provenance)
        == (new.zone, new.kind, new.basis, new.provenance)
    ) and _same(_bounded(old), _bounded(new))


def _bounded(point: IntensityPoint) -> Bounded:
    return Bounded(
        central=point.intensity_g_per_kwh,
        low=point.low_g_per_kwh,
        high=point.high_g_per_kwh,
    )


def _same(old: Bounded, new: Bounded) -> bool:
    pairs = ((old.central, new.central), (old.low, new.low), (old.high, new.high))
    return all(isclose(a, b, rel_tol=SAME) for a, b in pairs)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
