"""What a job saved: its measured emissions beside the same work begun at once.

The same energy, in the same order, is laid into the hours from the moment on at which
the job could have begun, and weighed with what is known by now of the grid there. Only
what differs between both ways makes the difference uncertain: the energy, and in the
same building its PUE, are one and the same number in both.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import hypot

from greenops.errors import MixedSignalsError, SignalError
from greenops.footprint.grid_side import RunTime, grid_side
from greenops.footprint.operational import HOUR, operational_g, pue_bounds
from greenops.model import (
    Basis,
    Bounded,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    Realised,
    RunRecord,
)
from greenops.model.bounds import (
    exact,
    product,
    scaled,
    sum_of_independent,
    sum_of_one_source,
)
from greenops.units import J_PER_KWH

NOTHING_G = exact(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measured run, with what was stated of its emissions by one kind of intensity.

    Attributes:
        hours: Its energy by clock hour; empty: even over its duration.
        bases: Of the intensities it was weighed with; empty where nobody kept them.
    """

    run_id: str
    start: datetime
    duration_s: float
    hours: tuple[HourEnergy, ...]
    energy_j: Bounded
    intensity_g_per_kwh: Bounded
    pue: Bounded
    zone: str
    bases: frozenset[Basis] = frozenset()

    @classmethod
    def of(
        cls, record: RunRecord, hours: Sequence[HourEnergy], kind: IntensityKind
    ) -> "Measured | None":
        """Return what counts of a run; None: it has no footprint of that kind."""
        footprint, end = record.footprint, record.end
        if footprint is None or end is None:
            return None
        intensity, points = footprint.intensity_g_per_kwh, footprint.points
        if kind is IntensityKind.MARGINAL:
            if footprint.marginal is None:
                return None
            intensity = footprint.marginal.intensity_g_per_kwh
            points = footprint.marginal.points
        return cls(
            run_id=record.run.run_id,
            start=record.run.started_at,
            duration_s=end.duration_s,
            hours=tuple(hours),
            energy_j=footprint.energy_j,
            intensity_g_per_kwh=intensity,
            pue=footprint.pue,
            zone=footprint.zone,
            bases=frozenset(p.basis for p in points),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """Where and when a job would have run, had it not waited.

    Attributes:
        start: When it could have begun.
        pue: Of that place; None: not known.
        overhead_j: Energy that only pausing and resuming took; not counted for it.
    """

    zone: str
    start: datetime
    pue: float | None = None
    overhead_j: float = 0.0


def realised(
    job_id: str,
    runs: Sequence[Measured],
    at_once: AtOnce,
    points: Sequence[IntensityPoint],
    *,
    kind: IntensityKind,
    stated_at: datetime,
    transfer_g: Bounded = NOTHING_G,
) -> Realised:
    """Return what a job emitted, and what it would have, begun at once.

    Where the intensities of that time are not known, or are of another basis, it says
    so in `how`, and there is no figure.

    Args:
        job_id: The job.
        runs: All its measured attempts, at least one.
        at_once: What it is compared with.
        points: What is known by now of the grid there and then, of one signal.
        kind: Of the intensities, theirs and the runs'.
        stated_at: When this is stated.
        transfer_g: Emissions of moving its data, which running at once had not needed.

    Raises:
        MixedSignalsError: a point is of another kind.
        ValueError: there is no run, or an energy is negative or not finite.
    """
    if not runs:
        raise ValueError(f"no run of job {job_id} was measured")
    if any(p.kind is not kind for p in points):
        raise MixedSignalsError(f"{kind} intensities and others in one comparison")
    ordered = sorted(runs, key=lambda run: run.start)
    energy_j = sum_of_one_source([run.energy_j for run in ordered])
    emitted_g = sum_of_one_source(
        [operational_g(r.energy_j, r.pue, r.intensity_g_per_kwh) for r in ordered]
    )
    outcome = Realised(
        job_id=job_id,
        stated_at=stated_at,
        kind=kind,
        run_ids=tuple(run.run_id for run in ordered),
        energy_j=energy_j,
        emitted_g=sum_of_independent([emitted_g, transfer_g]),
        run_now_g=None,
        saved_g=None,
        run_now_zone=at_once.zone,
        run_now_start=at_once.start,
    )
    try:
        return _beside(outcome, ordered, at_once, points, transfer_g)
    except MixedSignalsError:
        raise
    except SignalError as e:
        return replace(outcome, how=f"not known what running at once had emitted: {e}")


def shifted(runs: Sequence[Measured], start: datetime) -> list[HourEnergy]:
    """Return the energy of runs, one after the other without a break, by clock hour.

    Args:
        runs: In time order.
        start: When the first of them begins instead.
    """
    by_hour_j: defaultdict[datetime, float] = defaultdict(float)
    at = start.astimezone(UTC)
    for run in runs:
        for length_s, energy_j in _pieces(run):
            stop = at + timedelta(seconds=length_s)
            for hour, share in _over_hours(at, stop):
                by_hour_j[hour] += share * energy_j
            at = stop
    return [HourEnergy(hour=h, energy_j=j) for h, j in sorted(by_hour_j.items())]


def _beside(
    outcome: Realised,
    runs: Sequence[Measured],
    at_once: AtOnce,
    points: Sequence[IntensityPoint],
    transfer_g: Bounded,
) -> Realised:
    """Return the outcome with what it is compared with.

    Raises:
        SignalError: there is no such figure.
    """
    if (
        len(bases := frozenset(p.basis for p in points).union(*(r.bases for r in runs)))
        > 1
    ):
        both = " and ".join(sorted(bases))
        raise SignalError(f"the intensities are of two bases ({both})")
    hours = shifted(runs, at_once.start)
    time = RunTime.of(at_once.start, sum(r.duration_s for r in runs), hours)
    side = grid_side(time, points)
    pue, energy = pue_bounds(at_once.pue), outcome.energy_j
    kept = (
        max(0.0, 1.0 - at_once.overhead_j / energy.central) if energy.central else 1.0
    )
    without_g = operational_g(scaled(energy, kept), pue, side.intensity_g_per_kwh)
    saved_g = _saved(runs, scaled(side.intensity_g_per_kwh, kept), pue, at_once.zone)
    return replace(
        outcome,
        run_now_g=without_g,
        saved_g=_less(saved_g, transfer_g),
        run_now_source=side.source,
        how=_how(at_once, kept),
    )


def _saved(runs: Sequence[Measured], then: Bounded, pue: Bounded, zone: str) -> Bounded:
    """Return what the same energy would have emitted, less what it did.

    Args:
        runs: As measured.
        then: Mean intensity in g/kWh, had they begun at once.
        pue: Had they begun at once.
        zone: Likewise.
    """
    energy_j = sum_of_one_source([run.energy_j for run in runs])
    shared = scaled(energy_j, 1.0 / J_PER_KWH)
    same_building = all(r.pue == pue and r.zone == zone for r in runs)
    if same_building:
        shared, own = product([shared, pue]), [r.intensity_g_per_kwh for r in runs]
    else:
        then = product([pue, then])
        own = [product([r.pue, r.intensity_g_per_kwh]) for r in runs]
    total_j = energy_j.central
    shares = [r.energy_j.central / total_j if total_j else 1 / len(runs) for r in runs]
    now = sum_of_one_source([scaled(o, s) for o, s in zip(own, shares, strict=True)])
    return _signed_product(shared, _less(then, now))


def _less(a: Bounded, b: Bounded) -> Bounded:
    """Return `a` less `b`, of either sign; their errors are taken as independent."""
    central = a.central - b.central
    return Bounded(
        central=central,
        low=central - hypot(a.central - a.low, b.high - b.central),
        high=central + hypot(a.high - a.central, b.central - b.low),
    )


def _signed_product(amount: Bounded, rate: Bounded) -> Bounded:
    """Return an amount from 0 up times a rate of either sign.

    Source: JCGM 100:2008 (GUM), 5.1.2: first-order propagation, here end by end.
    """
    below, above = amount.central - amount.low, amount.high - amount.central
    if rate.central < 0.0:
        below, above = above, below
    central = amount.central * rate.central
    size = abs(rate.central)
    return Bounded(
        central=central,
        low=central - hypot(amount.central * (rate.central - rate.low), size * below),
        high=central + hypot(amount.central * (rate.high - rate.central), size * above),
    )


def _pieces(run: Measured) -> Iterator[tuple[float, float]]:
    """Yield length in s and energy in J of a run's stretches, by its clock hours."""
    stop = run.start + timedelta(seconds=run.duration_s)
    known = {h.hour: h.energy_j for h in run.hours if h.energy_j}
    spans = {
        hour: (min(hour + HOUR, stop) - max(hour, run.start)).total_seconds()
        for hour in known
    }
    # A clock that was set may leave energy outside of the run: then it is even.
    if not known or any(length_s <= 0.0 for length_s in spans.values()):
        yield run.duration_s, run.energy_j.central
        return
    factor = run.energy_j.central / sum(known.values())
    for hour, _ in _over_hours(run.start.astimezone(UTC), stop.astimezone(UTC)):
        length_s = (min(hour + HOUR, stop) - max(hour, run.start)).total_seconds()
        yield length_s, known.get(hour, 0.0) * factor


def _over_hours(start: datetime, stop: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield the clock hours of `[start, stop)`, each with its share of that time."""
    hour = start.replace(minute=0, second=0, microsecond=0)
    if stop <= start:
        yield hour, 1.0
        return
    while hour < stop:
        yield hour, (min(hour + HOUR, stop) - max(hour, start)) / (stop - start)
        hour += HOUR


def _how(at_once: AtOnce, kept: float) -> str:
    less = f", less {1.0 - kept:.1%} that only pausing took" if kept < 1.0 else ""
    return (
        f"the energy measured{less}, begun in {at_once.zone} at"
        f" {at_once.start.astimezone(UTC):%Y-%m-%d %H:%M} UTC without a pause"
    )
