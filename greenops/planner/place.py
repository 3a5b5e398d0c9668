"""The best time at each place, and the best place of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import isnan

import numpy as np

from greenops.errors import NoFeasiblePlanError
from greenops.model import Exclusion, Objective, Option, Transfer
from greenops.planner.bars import (
    blind,
    over_budget,
    too_late,
    unknown_hold,
    unpriced,
)
from greenops.planner.counted import option_of
from greenops.planner.figures import moment
from greenops.planner.scaled import elastic_bid
from greenops.planner.site import Site, g_per_price, missing_gpus, weighed
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.slots import greenest_slots
from greenops.planner.timing.stretches import Draft, drafted
from greenops.planner.timing.window import greenest_window

NOISE = 1e-9
"""Weights that differ by less than this part are equal; the earlier start wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """The best a place offers.

    Attributes:
        weight_g: What the choice goes by: grams, and what counts as grams.
        second: Makes the next best way at this place, with its weight; it is asked of
            the chosen place only. It makes None where there is none.
    """

    option: Option
    weight_g: float
    second: Callable[[], tuple[Option, float] | None] = field(
        default=lambda: None, compare=False
    )


def best_here(
    site: Site, transfers: Sequence[Transfer], objective: Objective
) -> Bid | Exclusion:
    """Return the best time for a job at a place, or what stands in the way.

    Args:
        site: The job at the place.
        transfers: Of its data to the place.
        objective: Money and budgets, where they count.
    """
    barred = too_late(site) or unpriced(site, objective) or blind(site)
    if barred is not None:
        return barred
    bid = _best(site, transfers, objective)
    if isinstance(bid, Exclusion):
        return bid
    over = over_budget(site, bid.option, objective)
    if over is None:
        return bid
    carbon = replace(objective, price_per_t=None)
    greenest = _best(site, transfers, carbon, late=False)
    if isinstance(greenest, Exclusion):
        return greenest
    still_over = over_budget(site, greenest.option, objective)
    return greenest if still_over is None else still_over


def by_weight(bids: Sequence[Bid]) -> list[Bid]:
    """Return bids with the chosen one first, the others by weight.

    Equal weights: the earlier start first, then in the order given.
    """
    if not bids:
        return []
    least_g = min(b.weight_g for b in bids)
    equal = [b for b in bids if b.weight_g <= least_g + NOISE * abs(least_g)]
    first = min(equal, key=lambda b: b.option.start)
    rest = sorted((b for b in bids if b is not first), key=lambda b: b.weight_g)
    return [first, *rest]


def weight_g(
    site: Site,
    curve: Curve,
    draft: Draft,
    transfers: Sequence[Transfer],
    money_g: float,
) -> float:
    """Return what a way of running weighs; NaN: an hour of it is not known.

    Args:
        site: The job at the place.
        curve: What a second weighs there.
        draft: Its stretches, shape (k,).
        transfers: Of its data to the place.
        money_g: What a unit of money weighs.
    """
    parts_g = draft.costs_g(curve, site.task, site.pauses, site.earliest_s)
    moving_g = sum(t.emissions_g.central + t.price * money_g for t in transfers)
    return float(sum(parts_g)) + moving_g


def _best(
    site: Site,
    transfers: Sequence[Transfer],
    objective: Objective,
    *,
    late: bool = True,
) -> Bid | Exclusion:
    return _lighter(
        _bid(site, transfers, objective, late=late),
        elastic_bid(site, transfers, objective),
    )


def _bid(
    site: Site,
    transfers: Sequence[Transfer],
    objective: Objective,
    *,
    late: bool,
) -> Bid | Exclusion:
    curve = weighed(site, objective, late=late)
    try:
        drafts = _best_times(site, curve)
    except NoFeasiblePlanError as error:
        return _full(site) or _barred(site, error)
    money_g = g_per_price(objective)
    weights_g = [weight_g(site, curve, d, transfers, money_g) for d in drafts]
    if isnan(weights_g[0]):
        return unknown_hold(site)

    def second() -> tuple[Option, float] | None:
        if len(drafts) < 2 or isnan(weights_g[1]):
            return None
        option = option_of(site, drafts[1], transfers)
        over = over_budget(site, option, objective)
        return (option, weights_g[1]) if over is None else None

    return Bid(
        option=option_of(site, drafts[0], transfers),
        weight_g=weights_g[0],
        second=second,
    )


def _lighter(
    fixed: Bid | Exclusion, elastic: tuple[Option, float] | None
) -> Bid | Exclusion:
    """Return the better of a fixed number of GPUs and a changing one."""
    if elastic is None:
        return fixed
    if isinstance(fixed, Exclusion):
        return Bid(option=elastic[0], weight_g=elastic[1])
    least_g = fixed.weight_g - NOISE * abs(fixed.weight_g)
    if elastic[1] >= least_g:
        return fixed
    return Bid(
        option=elastic[0],
        weight_g=elastic[1],
        second=lambda: (fixed.option, fixed.weight_g),
    )


def _best_times(site: Site, curve: Curve) -> list[Draft]:
    """Return the best way of running, and the next best where one is known."""
    if site.job.interruptible:
        plan = greenest_slots(
            curve, site.task, site.pauses, site.ready_s, site.latest_s
        )
        starts_s = [s.work_start_s for s in plan.stretches]
        return [drafted(starts_s, [s.work_s for s in plan.stretches])]
    unbroken = site.pauses.unbroken(site.task)
    choice = greenest_window(curve, unbroken, site.ready_s, site.latest_s)
    windows = [w for w in (choice.best, choice.runner_up) if w is not None]
    return [one_stretch(site, w.start_s) for w in windows]


def one_stretch(site: Site, start_s: float) -> Draft:
    """Return the job run without a pause from a start on."""
    return drafted([start_s + site.pauses.first_s], [site.task.duration_s])


def _full(site: Site) -> Exclusion | None:
    """Return the exclusion of a place that would do if more GPUs were free.

    It names the time at which the fewest are missing, summed over the run.
    """
    curve = missing_gpus(site)
    try:
        draft = _best_times(site, curve)[0]
    except NoFeasiblePlanError:
        return None
    missing_gpu_s = weight_g(site, curve, draft, (), 0.0)
    if missing_gpu_s <= 0.0:
        return None
    start_s, stop_s = draft.starts_s(site.pauses)[0], draft.stops_s(site.pauses)[-1]
    touched = (curve.edges_s[1:] > start_s) & (curve.edges_s[:-1] < stop_s)
    short = int(np.nanmax(curve.run_g_per_s[touched]))
    first, last = (site.origin + timedelta(seconds=s) for s in (start_s, stop_s))
    return Exclusion(
        place=site.place.name,
        rule="capacity",
        detail=f"{site.job.gpus} GPUs are not free at {site.place.name} for long "
        "enough in time",
        change=f"{short} more GPUs free at {site.place.name}, within {moment(first)} "
        f"to {moment(last)}",
        lacking=missing_gpu_s,
    )


def _barred(site: Site, error: NoFeasiblePlanError) -> Exclusion:
    return Exclusion(
        place=site.place.name,
        rule=error.binding,
        detail=f"at {site.place.name} {error.what}",
        change=error.change,
    )
