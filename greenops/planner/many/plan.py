"""Plans very many jobs at once, and says when each of them runs."""

import numpy as np

from greenops.planner.many.paused import Ranked, place_paused, used
from greenops.planner.many.problem import ROUNDING, ManyJobs, ManyPlan, Rates
from greenops.planner.many.stretches import place_stretches


def plan_many(rates: Rates, jobs: ManyJobs) -> ManyPlan:
    """Return the cheapest place and time of each job, each as if it were alone.

    Exact, within a slot too. Unknown hours are never used; deadlines beyond the last
    slot count as its end. Of equal costs, the earliest start wins for a job without
    pauses, and the earliest hours of the first place for one with.

    Args:
        rates: What running costs at each place.
        jobs: What is to be run.

    Raises:
        ValueError: jobs and rates are not for the same places.
    """
    if jobs.allowed.shape[1] != rates.places:
        raise ValueError(
            f"jobs are for {jobs.allowed.shape[1]} places, rates for {rates.places}"
        )
    plan = ManyPlan.empty(len(jobs))
    place_stretches(rates, jobs, np.flatnonzero(~jobs.may_pause), plan)
    place_paused(rates, jobs, np.flatnonzero(jobs.may_pause), plan)
    return plan


def spells_s(
    rates: Rates, jobs: ManyJobs, plan: ManyPlan, job: int
) -> tuple[tuple[float, float], ...]:
    """Return when `job` runs, as (start, stop) in s; empty if it has no place."""
    if plan.place[job] < 0:
        return ()
    if plan.level[job] < 0:
        return ((float(plan.start_s[job]), float(plan.stop_s[job])),)
    rank = Ranked(rates.rate_g_per_j[plan.place[job]]).rank
    slots = np.array([jobs.earliest_s[job], jobs.deadline_s[job]]) / rates.slot_s
    start, length = used(
        rank[None, :],
        plan.level[job, None, None],
        slots[:1],
        np.minimum(slots[1:], rates.slots),
        jobs.duration_s[job, None] / rates.slot_s,
    )
    spells: list[tuple[float, float]] = []
    for slot in np.flatnonzero(length[0] > 0):
        begin, end = float(start[0, slot]), float(start[0, slot] + length[0, slot])
        if spells and begin - spells[-1][1] <= ROUNDING:
            begin = spells.pop()[0]
        spells.append((begin, end))
    return tuple((begin * rates.slot_s, end * rates.slot_s) for begin, end in spells)
