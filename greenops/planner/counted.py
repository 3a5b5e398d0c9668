"""What a way of running a job emits and costs, with bounds. No money among the grams.

The hours of one forecast share their error, so ends add to ends. Intensity, PUE and run
time are independent factors. Running and waiting use one grid; the other parts of the
sum have nothing to do with it, nor with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import nan

import numpy as np

from greenops.errors import SignalError
from greenops.model import Bounded, Option, PlanCost, Segment, Transfer
from greenops.model.bounds import (
    exact,
    product,
    scaled,
    sum_of_independent,
    sum_of_one_source,
)
from greenops.planner.site import Site
from greenops.planner.timing.curve import SLIVER_S, Floats
from greenops.planner.timing.stretches import Draft, drafted, stretches_of
from greenops.units import J_PER_KWH, S_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a way of running takes, running (`run_`) and waiting (`held_`) apart.

    Attributes:
        run_g, held_g: By the machine's own energy, at a PUE of 1.
        run_j, held_j: That energy.
        run_s, held_s: Time for which hardware runs, and is held without running.
    """

    run_g: Bounded
    held_g: Bounded
    run_j: float
    held_j: float
    run_s: float
    held_s: float


def option_of(site: Site, draft: Draft, transfers: Sequence[Transfer]) -> Option:
    """Return a way of running the job as a record, with what it costs.

    Args:
        site: The job at the place.
        draft: Its stretches, shape (k,).
        transfers: Of its data to the place.

    Raises:
        SignalError: an intensity is not known for all of it.
    """
    segments = tuple(
        Segment(
            start=site.origin + timedelta(seconds=s.start_s),
            stop=site.origin + timedelta(seconds=s.stop_s),
            gpus=site.job.gpus,
        )
        for s in stretches_of(draft, site.pauses)
    )
    return Option(
        place=site.place.name,
        segments=segments,
        cost=cost_of(site, spent(site, draft), transfers),
        transfers=tuple(transfers),
    )


def draft_of(site: Site, segments: Sequence[Segment]) -> Draft:
    """Return the stretches that segments of an option stand for."""
    pauses, last = site.pauses, len(segments) - 1
    starts_s, works_s = [], []
    for i, segment in enumerate(segments):
        before_s = pauses.resume_s if i else pauses.first_s
        after_s = pauses.pause_s if i < last else 0.0
        starts_s.append((segment.start - site.origin).total_seconds() + before_s)
        works_s.append(segment.length.total_seconds() - before_s - after_s)
    return drafted(starts_s, works_s)


def spent(site: Site, draft: Draft) -> Spent:
    """Return what stretches take.

    Args:
        site: The job at the place.
        draft: Its stretches, shape (k,).

    Raises:
        SignalError: an intensity is not known for all of it.
    """
    edges_s, g_per_j = site.outlook.edges_s, site.outlook.g_per_kwh / J_PER_KWH
    *running, factors = draft.running_s(site.task, site.pauses)
    waiting = draft.waiting_s(site.pauses, site.earliest_s)
    idle_w = site.place.idle_w if site.place.reserved else 0.0
    run_in_s, held_in_s = _in_slots_s(edges_s, *running), _in_slots_s(edges_s, *waiting)
    run_w, held_w = site.power_w * factors, np.full(len(held_in_s), idle_w)
    rows_g = [
        (_sum_g(run_w, run_in_s, row), _sum_g(held_w, held_in_s, row))
        for row in g_per_j
    ]
    starts_s, stops_s = draft.starts_s(site.pauses), draft.stops_s(site.pauses)
    run_s = float((stops_s - starts_s).sum())
    whole_s = float(stops_s[-1]) - site.earliest_s
    return Spent(
        run_g=bounded([run_g for run_g, _ in rows_g], site),
        held_g=bounded([held_g for _, held_g in rows_g], site),
        run_j=float((run_w @ run_in_s).sum()),
        held_j=float((held_w @ held_in_s).sum()),
        run_s=run_s,
        held_s=max(0.0, whole_s - run_s) if site.place.reserved else 0.0,
    )


def cost_of(site: Site, taken: Spent, transfers: Sequence[Transfer]) -> PlanCost:
    """Return what a way of running the job emits and costs, in g.

    A run that takes longer is taken to do so at the mean intensity of the plan.

    Args:
        site: The job at the place.
        taken: By its running and waiting.
        transfers: Of its data to the place.
    """
    place, pue = site.place, site.place.pue
    length = scaled(site.duration_s, 1.0 / site.duration_s.central)
    operational = product([taken.run_g, pue, length])
    waiting = product([taken.held_g, pue])
    moving = sum_of_one_source([t.emissions_g for t in transfers] or [exact(0.0)])
    running_h, held_h = taken.run_s / S_PER_HOUR, taken.held_s / S_PER_HOUR
    embodied = sum_of_one_source(
        [
            product([scaled(place.embodied_g_per_h, running_h), length]),
            scaled(place.embodied_g_per_h, held_h),
        ]
    )
    used_j = product([exact(taken.run_j), pue, length])
    return PlanCost(
        operational_g=operational,
        waiting_g=waiting,
        transfer_g=moving,
        embodied_g=embodied,
        total_g=sum_of_independent(
            [sum_of_one_source([operational, waiting]), moving, embodied]
        ),
        energy_j=sum_of_one_source([used_j, product([exact(taken.held_j), pue])]),
        price=None
        if place.price_per_h is None
        else place.price_per_h * running_h + sum(t.price for t in transfers),
    )


def _in_slots_s(edges_s: Floats, starts_s: Floats, stops_s: Floats) -> Floats:
    """Return how much of each span lies in each slot, shape (spans, slots + 2).

    The first and the last column are for what lies before and after all slots.
    """
    bounds_s = np.concatenate(([-np.inf], edges_s, [np.inf]))
    reach_s = np.clip(bounds_s, starts_s[:, None], stops_s[:, None])
    return np.asarray(np.diff(reach_s, axis=1))


def _sum_g(power_w: Floats, in_slots_s: Floats, g_per_j: Floats) -> float:
    """Return what spans of a power emit; NaN: a slot that one touches is not known.

    What draws nothing emits nothing, known or not.
    """
    unknown = np.isnan(np.concatenate(([nan], g_per_j, [nan])))
    if power_w.any() and (in_slots_s[:, unknown] > SLIVER_S).any():
        return nan
    return float(power_w @ in_slots_s[:, 1:-1] @ np.nan_to_num(g_per_j))


def bounded(rows: Sequence[float], site: Site) -> Bounded:
    """Return an expected amount with its ends, in g, from three sums.

    Raises:
        SignalError: one of them is NaN.
    """
    central, low, high = rows
    if np.isnan(rows).any():
        raise SignalError(
            f"the intensity at {site.place.name} ({site.place.zone}) is not known for "
            f"all the time that {site.job.name} would run"
        )
    # Sums of equal numbers may differ by rounding.
    return Bounded(central=central, low=min(low, central), high=max(high, central))
