"""Every stretch a job may run in without a pause, once per set of slots it touches.

Between two starts at which neither the start nor the stop meets the edge of a slot, the
cost is linear in the start. So the cheapest of all starts that touch the same slots has
its start or its stop at an edge, or at a bound of the job; and a run that straddles one
slot more than it needs is worth keeping at a bound only.
"""

from dataclasses import dataclass

import numpy as np

from greenops.planner.fleet.problem import (
    ROUNDING,
    Floats,
    Ints,
    Jobs,
    Sites,
    whole_slots,
)
from greenops.planner.ranges import least_in, least_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Possible runs, those of a job together. All shapes (columns,).

    Attributes:
        job, place: Whose run it is, and where.
        first, stop: The slots that are touched, half-open.
        start_s: When it starts; it stops after the job's duration there.
        cost_g: What it costs in all, lateness included.
        units: Capacity held in each slot.
        begins: Shape (jobs + 1,): job j owns columns `begins[j]` to `begins[j + 1]`.
        slots: How many slots a place has.
    """

    job: Ints
    place: Ints
    first: Ints
    stop: Ints
    start_s: Floats
    cost_g: Floats
    units: Floats
    begins: Ints
    slots: int

    def __len__(self) -> int:
        return len(self.job)

    def guided_g(self, price_g: Floats) -> Floats:
        """Return costs with the capacity held paid for, shape (columns,).

        Args:
            price_g: Shape (places, slots): what a unit held for that slot costs.
        """
        sums = np.zeros((len(price_g), self.slots + 1))
        np.cumsum(price_g, axis=1, out=sums[:, 1:])
        flat, row = sums.reshape(-1), self.place * (self.slots + 1)
        held_g = flat[row + self.stop] - flat[row + self.first]
        guided_g: Floats = self.cost_g + self.units * held_g
        return guided_g

    def of(self, job: int) -> slice:
        """Return where the columns of `job` lie."""
        return slice(int(self.begins[job]), int(self.begins[job + 1]))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Jobs at places that are allowed; shapes (pairs,), ordered by job."""

    job: Ints
    place: Ints
    duration_s: Floats
    earliest_s: Floats
    latest_s: Floats
    due_s: Floats
    slots: Ints


def columns(sites: Sites, jobs: Jobs) -> Columns:
    """Return every stretch worth running in, as if each job were alone.

    Stretches are left out where an hour is not known, or where what is free would not
    hold the job. A job without any has no columns.
    """
    pairs = _pairs(sites, jobs)
    parts = [_minimal(sites, jobs, pairs), *_straddling(sites, pairs)]
    pair, first, stop, start_s = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    place, job = pairs.place[pair], pairs.job[pair]
    free = least_in(least_table(sites.usable()), place, first, stop)
    kept = np.flatnonzero(free >= jobs.units[job])
    kept = kept[np.argsort(pair[kept], kind="stable")]
    pair, job, place = pair[kept], job[kept], place[kept]
    start_s = start_s[kept]
    counts = np.bincount(job, minlength=len(jobs))
    return Columns(
        job=job,
        place=place,
        first=first[kept],
        stop=stop[kept],
        start_s=start_s,
        cost_g=_cost_g(sites, jobs, pairs, pair, start_s),
        units=jobs.units[job],
        begins=np.concatenate(([0], np.cumsum(counts))),
        slots=sites.slots,
    )


def _pairs(sites: Sites, jobs: Jobs) -> _Pairs:
    soft = np.isfinite(jobs.late_g_per_s)
    due_s = np.minimum(jobs.deadline_s, sites.horizon_s)
    latest_s = np.where(soft, sites.horizon_s, due_s)
    latest = latest_s[:, None] - jobs.duration_s
    slack = ROUNDING * sites.slot_s
    job, place = np.nonzero(jobs.allowed & (latest >= jobs.earliest_s - slack))
    duration_s = jobs.duration_s[job, place]
    earliest_s = jobs.earliest_s[job, place]
    return _Pairs(
        job=job,
        place=place,
        duration_s=duration_s,
        earliest_s=earliest_s,
        latest_s=np.maximum(latest[job, place], earliest_s),
        due_s=np.where(soft, jobs.deadline_s, np.inf)[job] - duration_s,
        slots=whole_slots(duration_s, sites.slot_s),
    )


def _minimal(
    sites: Sites, jobs: Jobs, pairs: _Pairs
) -> tuple[Ints, Ints, Ints, Floats]:
    """Return pair, first, stop and best start of runs that touch no slot too many."""
    h = sites.slot_s
    early = (pairs.earliest_s + pairs.duration_s) / h - pairs.slots
    low = np.maximum(np.ceil(early - ROUNDING), 0).astype(np.int64)
    high = np.floor(pairs.latest_s / h + ROUNDING).astype(np.int64)
    counts = np.maximum(high - low + 1, 0)
    pair = np.repeat(np.arange(len(counts)), counts)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = low[pair] + offset
    stop = first + pairs.slots[pair]
    soonest = np.maximum(first * h, pairs.earliest_s[pair])
    last = stop * h - pairs.duration_s[pair]
    last = np.maximum(np.minimum(last, pairs.latest_s[pair]), soonest)
    best = _cheaper(sites, jobs, pairs, pair, soonest, last)
    if np.isfinite(jobs.late_g_per_s).any():
        due = np.clip(pairs.due_s[pair], soonest, last)
        best = _cheaper(sites, jobs, pairs, pair, best, due)
    return pair, first, stop, best


def _cheaper(
    sites: Sites, jobs: Jobs, pairs: _Pairs, pair: Ints, a_s: Floats, b_s: Floats
) -> Floats:
    """Return the cheaper start of two; the earlier one of equals."""
    a, b = np.minimum(a_s, b_s), np.maximum(a_s, b_s)
    a_g = _cost_g(sites, jobs, pairs, pair, a)
    b_g = _cost_g(sites, jobs, pairs, pair, b)
    return np.where(b_g < a_g, b, a)


def _straddling(sites: Sites, pairs: _Pairs) -> list[tuple[Ints, Ints, Ints, Floats]]:
    """Return runs at the bounds of a job that touch one slot more than they fill."""
    found = []
    h = sites.slot_s
    for bound_s in (pairs.earliest_s, pairs.latest_s, pairs.due_s):
        inside = (bound_s >= pairs.earliest_s) & (bound_s <= pairs.latest_s)
        pair = np.flatnonzero(inside)
        start_s = bound_s[pair]
        first = np.floor(start_s / h + ROUNDING).astype(np.int64)
        stop = np.ceil((start_s + pairs.duration_s[pair]) / h - ROUNDING)
        wide = stop - first > pairs.slots[pair]
        found.append(
            (pair[wide], first[wide], stop[wide].astype(np.int64), start_s[wide])
        )
    return found


def _cost_g(
    sites: Sites, jobs: Jobs, pairs: _Pairs, pair: Ints, start_s: Floats
) -> Floats:
    job, place = pairs.job[pair], pairs.place[pair]
    stop_s = start_s + pairs.duration_s[pair]
    run = integral(sites, place, stop_s) - integral(sites, place, start_s)
    cost_g = jobs.fixed_g[job, place] + jobs.power_w[job, place] * run
    late_s = np.maximum(stop_s - jobs.deadline_s[job], 0.0)
    late_g_per_s = jobs.late_g_per_s[job]
    soft = np.isfinite(late_g_per_s)
    return np.where(soft, cost_g + np.where(soft, late_g_per_s, 0) * late_s, cost_g)


def integral(sites: Sites, place: Ints, at_s: Floats) -> Floats:
    """Return the rate of each place summed from the origin to `at_s`, in g per W.

    What is not known counts as nothing: leave out the runs that touch it.
    """
    rate = np.nan_to_num(sites.rate_g_per_j)
    sums = np.zeros((sites.places, sites.slots + 1))
    np.cumsum(rate * sites.slot_s, axis=1, out=sums[:, 1:])
    slot = np.minimum((at_s / sites.slot_s).astype(np.int64), sites.slots - 1)
    within_s = at_s - slot * sites.slot_s
    begun = sums.reshape(-1)[place * (sites.slots + 1) + slot]
    return begun + within_s * rate.reshape(-1)[place * sites.slots + slot]
