"""Where and when jobs would run if all were planned as one: a fleet made of them.

The fleet counts in whole hours of the clock, at one intensity for all jobs of a place.
What it says is where each job's room is kept while the jobs are planned one by one,
with all that the fleet does not know of: phases, what a pause costs and how often it
may be, hardware that waits, budgets, numbers of GPUs that change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, inf

import numpy as np

from greenops.model import Objective, Place, PlannedJob, Segment, Transfer
from greenops.planner.bars import blind, too_late, unpriced
from greenops.planner.fleet.plan import Run
from greenops.planner.fleet.problem import Floats, Jobs, Sites, jobs_at
from greenops.planner.fleet.solve import plan_fleet
from greenops.planner.site import Site, chosen_by, g_per_price
from greenops.planner.stood import Standing
from greenops.planner.timing.curve import Curve
from greenops.planner.weighing import OpenSites
from greenops.units import J_PER_KWH, S_PER_HOUR

Pair = tuple[int, int]
"""A job and a place, by their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A job with the places that are open to it."""

    job: PlannedJob
    found: OpenSites


def seats(
    jobs: Sequence[Open], places: Sequence[Place], now: datetime, objective: Objective
) -> dict[str, Standing]:
    """Return the place and the time of each job that holds GPUs and finds room.

    Args:
        jobs: In the order in which they are served where not all fit.
        places: With what is free beside all that is committed.
        now: Nothing runs before.
        objective: Money, where it counts.
    """
    asked = [each for each in jobs if each.job.gpus]
    begin = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    pairs = _pairs(asked, places, objective)
    if not pairs:
        return {}
    late_s = (now - begin).total_seconds()
    wide = sum(each.job.gpus for each in asked)
    hours = ceil((max(_reach_s(site) for site, _ in pairs.values()) + late_s) / 3600.0)
    sites = Sites(
        slot_s=S_PER_HOUR,
        rate_g_per_j=np.array(
            [_rates(pairs, at, hours, late_s) for at in range(len(places))]
        ),
        free_units=np.array([_free(p, begin, now, hours, wide) for p in places]),
    )
    plan = plan_fleet(sites, _jobs(asked, pairs, sites, late_s, objective))
    return {
        asked[run.job].job.name: _standing(run, asked, places, begin)
        for run in plan.runs
    }


def _pairs(
    asked: Sequence[Open], places: Sequence[Place], objective: Objective
) -> dict[Pair, tuple[Site, tuple[Transfer, ...]]]:
    """Return each job at each place that takes it, with the transfers of its data."""
    at = {place.name: index for index, place in enumerate(places)}
    return {
        (index, at[site.place.name]): (site, moves)
        for index, each in enumerate(asked)
        for site, moves in each.found.sites
        if not (too_late(site) or unpriced(site, objective) or blind(site))
    }


def _reach_s(site: Site) -> float:
    """Return until when a job can use hours that are known."""
    return min(site.latest_s, float(site.outlook.edges_s[-1]))


def _rates(
    pairs: Mapping[Pair, tuple[Site, tuple[Transfer, ...]]],
    at: int,
    hours: int,
    late_s: float,
) -> Floats:
    """Return what a joule weighs at a place in each hour; NaN: not known.

    Of all jobs there, the one that reaches furthest says what its hours are.
    """
    here = [site for (_, place), (site, _) in pairs.items() if place == at]
    if not here:
        return np.full(hours, np.nan)
    site = max(here, key=_reach_s)
    g_per_j = site.place.pue.central * chosen_by(site) / J_PER_KWH
    curve = Curve(site.outlook.edges_s, g_per_j, np.zeros(len(g_per_j)))
    edges_s = np.maximum(np.arange(hours + 1) * S_PER_HOUR - late_s, 0.0)
    return np.asarray(curve.run_g(edges_s[:-1], edges_s[1:]) / np.diff(edges_s))


def _free(
    place: Place, begin: datetime, now: datetime, hours: int, wide: int
) -> Floats:
    """Return how many GPUs are free throughout what is left of each hour."""
    if place.free is None:
        return np.full(hours, float(wide))
    bounds_s = [S_PER_HOUR * hour for hour in range(hours + 1)]
    bounds_s[0] = (now - begin).total_seconds()
    spans = [
        *((f.start - begin).total_seconds() for f in place.free),
        *((f.stop - begin).total_seconds() for f in place.free),
    ]
    cuts_s = np.unique([*bounds_s, *(s for s in spans if bounds_s[0] < s)])
    free = np.zeros(len(cuts_s))
    for part in place.free:
        start_s = (part.start - begin).total_seconds()
        stop_s = (part.stop - begin).total_seconds()
        free[np.searchsorted(cuts_s, start_s) : np.searchsorted(cuts_s, stop_s)] = (
            part.gpus
        )
    at = np.searchsorted(cuts_s, bounds_s)
    return np.asarray(np.minimum.reduceat(free[: at[-1]], at[:-1]))


def _jobs(
    asked: Sequence[Open],
    pairs: Mapping[Pair, tuple[Site, tuple[Transfer, ...]]],
    sites: Sites,
    late_s: float,
    objective: Objective,
) -> Jobs:
    shape = (len(asked), sites.places)
    duration_s, power_w, earliest_s = np.ones(shape), np.zeros(shape), np.zeros(shape)
    fixed_g, allowed = np.zeros(shape), np.zeros(shape, dtype=bool)
    deadline_s, late_g_per_s = np.full((2, len(asked)), inf)
    money_g = g_per_price(objective)
    for (job, place), (site, moves) in pairs.items():
        allowed[job, place] = True
        duration_s[job, place] = site.task.duration_s + site.pauses.first_s
        if _pauses(site.job):
            limits = site.pauses
            duration_s[job, place] += limits.pause_s + limits.resume_s
        power_w[job, place] = site.power_w
        earliest_s[job, place] = site.ready_s + late_s
        embodied_g_per_s = site.place.embodied_g_per_h.central / S_PER_HOUR
        money_g_per_s = (site.place.price_per_h or 0.0) * money_g / S_PER_HOUR
        fixed_g[job, place] = (embodied_g_per_s + money_g_per_s) * duration_s[
            job, place
        ]
        fixed_g[job, place] += sum(
            t.emissions_g.central + t.price * money_g for t in moves
        )
        due_s = site.latest_s if site.job.hard else site.deadline_s
        late_g_per_s[job] = inf if site.job.hard else site.late_g_per_s
        deadline_s[job] = min(deadline_s[job], due_s + late_s)
    return jobs_at(
        sites,
        units=[each.job.gpus for each in asked],
        duration_s=duration_s,
        deadline_s=np.maximum(deadline_s, 0.0),
        power_w=power_w,
        fixed_g=fixed_g,
        earliest_s=earliest_s,
        allowed=allowed,
        late_g_per_s=late_g_per_s,
        may_pause=[_pauses(each.job) for each in asked],
        waiting_since_s=np.arange(len(asked)),  # the order they are given in
    )


def _pauses(job: PlannedJob) -> bool:
    """Say whether a run in separate hours is one that the job allows."""
    limits = job.pausing
    often = limits.max_pauses is None
    return job.interruptible and often and limits.min_run_s <= S_PER_HOUR


def _standing(
    run: Run, asked: Sequence[Open], places: Sequence[Place], begin: datetime
) -> Standing:
    spells = [[begin + timedelta(seconds=s) for s in spell] for spell in run.segments_s]
    gpus = asked[run.job].job.gpus
    return Standing(
        place=places[run.place].name,
        segments=tuple(Segment(start=a, stop=b, gpus=gpus) for a, b in spells),
    )
