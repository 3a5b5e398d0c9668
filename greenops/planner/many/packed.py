"""Very many jobs that compete for what is free, planned in fractions of a second.

A few at a time, each takes the cheapest time of its own as long as there is room; those
that find none are planned again without the hours that are full by then. That is
further from the best plan than `fleet`, and ten times as fast at a tenth of the memory:
for a queue that is planned anew all the time, of which only the head is about to start.
"""

from dataclasses import dataclass, replace

import numpy as np

from greenops.planner.many.problem import (
    ROUNDING,
    Floats,
    Ints,
    ManyJobs,
    ManyPlan,
    Rates,
)
from greenops.planner.many.stretches import place_stretches

AT_ONCE = 256
"""Jobs that are planned together: more of them crowd into the same hours in vain."""
ROUNDS = 160
"""Rounds of looking for hours that are not full, of all jobs together, ..."""
LEAST_ROUNDS = 4
"""... and of each few at least; what is left then has no room."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """What is free and what jobs hold of it: GPUs, CPUs, memory, or what else.

    Attributes:
        free: Shape (resources, places, slots); infinite where there is no limit.
        needs: Shape (jobs, resources).
        order: Jobs as they are served.
    """

    free: Floats
    needs: Floats
    order: Ints


def plan_packed(rates: Rates, jobs: ManyJobs, room: Room) -> ManyPlan:
    """Return a place and a time for each job that finds room, without pauses.

    Capacity is counted in whole slots, and never exceeded.

    Args:
        rates: What running costs at each place.
        jobs: What is to be run; whether it may be paused is not looked at.
        room: What is free for them.

    Raises:
        ValueError: jobs, rates and room are not for the same jobs or places.
    """
    shape = (room.needs.shape[1], *rates.rate_g_per_j.shape)
    if room.free.shape != shape or len(room.needs) != len(jobs):
        raise ValueError(f"room of {room.free.shape} for {len(jobs)} jobs and {shape}")
    free = room.free.copy()
    plan = ManyPlan.empty(len(jobs))
    batches = range(0, len(room.order), AT_ONCE)
    rounds = max(LEAST_ROUNDS, ROUNDS // max(len(batches), 1))
    for first in batches:
        left = room.order[first : first + AT_ONCE]
        for _ in range(rounds):
            if not len(left):
                break
            before = len(left)
            left = _round(rates, jobs, room.needs, free, left, plan)
            if len(left) == before:
                left = _by_needs(rates, jobs, room.needs, free, left, plan)
            if len(left) == before:
                break
    return plan


def _by_needs(
    rates: Rates,
    jobs: ManyJobs,
    needs: Floats,
    free: Floats,
    left: Ints,
    plan: ManyPlan,
) -> Ints:
    """Seat what fits where the smallest need keeps an hour open that is full to others.

    Jobs of one need see exactly the hours that have room for it, so that the first of
    them finds a place if there is any.
    """
    _, kind = np.unique(needs[left], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    without = [
        _round(rates, jobs, needs, free, left[kind == each], plan)
        for each in range(int(kind.max()) + 1)
    ]
    still = np.concatenate(without)
    return left[np.isin(left, still)]


def _round(
    rates: Rates,
    jobs: ManyJobs,
    needs: Floats,
    free: Floats,
    left: Ints,
    plan: ManyPlan,
) -> Ints:
    """Seat what fits of the jobs that are left; return the others, in order."""
    least = needs[left].min(axis=0)
    full = (free < least[:, None, None] - ROUNDING).any(axis=0)
    open_rates = replace(rates, rate_g_per_j=np.where(full, np.nan, rates.rate_g_per_j))
    alone = ManyPlan.empty(len(left))
    place_stretches(open_rates, _only(jobs, left), np.arange(len(left)), alone)
    first = np.floor(alone.start_s / rates.slot_s + ROUNDING)
    stop = np.ceil(alone.stop_s / rates.slot_s - ROUNDING)
    without: list[int] = []
    for row, job in enumerate(left.tolist()):
        place = int(alone.place[row])
        if place < 0:
            without.append(job)
            continue
        held = free[:, place, int(first[row]) : int(stop[row])]
        need = needs[job][:, None]
        if (held < need - ROUNDING).any():
            without.append(job)
            continue
        held -= need
        _copy(alone, row, plan, job)
    return np.array(without, dtype=np.int64)


def _only(jobs: ManyJobs, chosen: Ints) -> ManyJobs:
    fixed_g = None if jobs.fixed_g is None else jobs.fixed_g[chosen]
    return ManyJobs(
        duration_s=jobs.duration_s[chosen],
        power_w=jobs.power_w[chosen],
        earliest_s=jobs.earliest_s[chosen],
        deadline_s=jobs.deadline_s[chosen],
        may_pause=np.zeros(len(chosen), dtype=np.bool_),
        allowed=jobs.allowed[chosen],
        fixed_g=fixed_g,
    )


def _copy(source: ManyPlan, row: int, plan: ManyPlan, job: int) -> None:
    for name in ("place", "start_s", "stop_s", "cost_g"):
        getattr(plan, name)[job] = getattr(source, name)[row]
