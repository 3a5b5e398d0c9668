"""An elastic job at a place: on how many GPUs when, where that pays.

Every change of their number, and every rest, is charged as a pause with a resumption.
It is worked off as further work at the highest rate, so the plan never promises more
than it does. What that leaves is weighed against running on a fixed number.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import numpy as np

from greenops.errors import NoFeasiblePlanError
from greenops.model import Objective, Option, Segment, Transfer
from greenops.planner.counted import Spent, bounded, cost_of
from greenops.planner.site import Site, free_gpus, g_per_price, grid_only, weighed
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.elastic import Share, greenest_shares
from greenops.planner.timing.elastic_job import Elastic

ROUNDS = 8
"""A plan with room for more changes seldom makes more; if it goes on to, it is none."""


def elastic_bid(
    site: Site, transfers: Sequence[Transfer], objective: Objective
) -> tuple[Option, float] | None:
    """Return the best way with a changing number of GPUs, and what it weighs in g.

    None: there is none within the job's limits. Hardware that is held cannot be scaled,
    and what comes late is not weighed here: a job in such a case keeps its number.

    Args:
        site: The job at the place.
        transfers: Of its data to the place.
        objective: Money, where it counts.
    """
    if not site.job.elastic or site.place.reserved or _due_s(site) <= site.ready_s:
        return None
    whole = weighed(site, objective, by_capacity=False)
    per_gpu = Curve(
        whole.edges_s,
        whole.run_g_per_s / site.job.gpus,
        np.zeros(len(whole.run_g_per_s)),
    )
    shares = _shares(site, per_gpu)
    if not shares or not _within_limits(site, shares):
        return None
    segments = tuple(
        Segment(
            start=site.origin + timedelta(seconds=s.start_s),
            stop=site.origin + timedelta(seconds=s.stop_s),
            gpus=s.gpus,
        )
        for s in shares
    )
    taken = spent_on(site, segments)
    option = Option(
        place=site.place.name,
        segments=segments,
        cost=cost_of(site, taken, transfers),
        transfers=tuple(transfers),
    )
    money_g = g_per_price(objective)
    weight_g = option.cost.total_g.central + money_g * (option.cost.price or 0.0)
    return option, weight_g


def spent_on(site: Site, segments: Sequence[Segment]) -> Spent:
    """Return what segments on any numbers of GPUs take.

    Time of hardware is counted as that of the job's stated number of GPUs.

    Args:
        site: The job at the place.
        segments: In order.

    Raises:
        SignalError: an intensity is not known for all of it.
    """
    starts_s = np.array([(s.start - site.origin).total_seconds() for s in segments])
    lengths_s = np.array([s.length.total_seconds() for s in segments])
    parts = np.array([s.gpus / site.job.gpus for s in segments])
    used_j = site.power_w * parts * lengths_s
    extra_j = np.full(len(segments), site.job.pausing.energy_j)
    extra_j[0] = 0.0
    rows_g = [
        grid_only(site, row).run_g(starts_s, starts_s + lengths_s) for row in range(3)
    ]
    factors = parts * (1.0 + extra_j / used_j)
    return Spent(
        run_g=bounded([float(factors @ row_g) for row_g in rows_g], site),
        held_g=bounded([0.0, 0.0, 0.0], site),
        run_j=float((used_j + extra_j).sum()),
        held_j=0.0,
        run_s=float(parts @ lengths_s),
        held_s=0.0,
    )


def _shares(site: Site, per_gpu: Curve) -> tuple[Share, ...]:
    """Return the best shares that leave time for their own changes; empty: none."""
    middle_s = (per_gpu.edges_s[:-1] + per_gpu.edges_s[1:]) / 2
    most = len(site.job.scaling)
    free = np.minimum(free_gpus(site, middle_s), most)
    pausing = site.job.pausing
    change_s = pausing.pause_s + pausing.resume_s
    rates = tuple(site.place.speed * rate for rate in site.job.scaling)
    changes = 0
    for _ in range(ROUNDS):
        begun = changes + site.resuming
        job = Elastic(
            work=site.job.duration_s.central + begun * change_s * max(rates),
            work_per_s=rates,
        )
        try:
            shares = greenest_shares(
                per_gpu, job, site.ready_s, _due_s(site), free_gpus=free
            ).shares
        except NoFeasiblePlanError:
            return ()
        if not change_s or len(shares) - 1 <= changes:
            return shares
        changes = len(shares) - 1
    return ()


def _due_s(site: Site) -> float:
    """Return when the job is done, were its deadline hard: then lateness is nothing."""
    return site.latest_s if site.job.hard else site.deadline_s


def _within_limits(site: Site, shares: Sequence[Share]) -> bool:
    pausing = site.job.pausing
    if pausing.max_pauses is not None and len(shares) - 1 > pausing.max_pauses:
        return False
    return all(a.stop_s - a.start_s >= pausing.min_run_s for a, _ in pairwise(shares))
