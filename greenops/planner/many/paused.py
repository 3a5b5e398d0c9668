"""The cheapest time of each job that may be paused, at the cheapest place: exact.

A job runs in the cheapest hours within its bounds, for as long as it takes. The slots
of a place are ranked by their rate, and sums per rank tell how much time there is in
slots up to that rank, within any bounds. So bisection finds the rank of the dearest
slot that is needed, for all jobs at once. Places that their least rate rules out are
skipped.
"""

from dataclasses import dataclass

import numpy as np

from greenops.planner.many.problem import (
    ROUNDING,
    Floats,
    Ints,
    ManyJobs,
    ManyPlan,
    Rates,
)
from greenops.planner.many.whole import UNKNOWN
from greenops.planner.ranges import least_in, least_table

CHUNK = 4096
"""Jobs looked at together: their arrays stay within a processor's cache."""
LINES = 256
"""The same where arrays have all slots of each job."""


class Ranked:
    """One place's slots in order of their rates; earlier ones first among equals.

    Attributes:
        rank: Shape (slots,): of each slot; unknown slots come last.
        rate: Shape (slots,): by rank.
        known: How many slots are known.
    """

    def __init__(self, rate_g_per_j: Floats) -> None:
        order = np.argsort(rate_g_per_j, kind="stable")
        self.rank = np.empty(len(order), dtype=np.int64)
        self.rank[order] = np.arange(len(order))
        self.rate = np.nan_to_num(rate_g_per_j[order])
        self.known = int(np.isfinite(rate_g_per_j).sum())
        slots = len(order)
        below = self.rank[None, :] < np.arange(slots + 1)[:, None]
        self._count = np.zeros((slots + 1, slots + 1))
        self._cost = np.zeros((slots + 1, slots + 1))
        np.cumsum(below, axis=1, out=self._count[:, 1:])
        rate = np.nan_to_num(rate_g_per_j)
        np.cumsum(np.where(below, rate, 0.0), axis=1, out=self._cost[:, 1:])
        self._slots = slots

    def level(self, first: Floats, stop: Floats, duration: Floats) -> Ints:
        """Return the rank of the dearest slot needed; `known` where time is too short.

        Args:
            first: Where the bounds begin, in slots.
            stop: Where they end.
            duration: How much is needed.
        """
        low = np.zeros(len(first), dtype=np.int64)
        high = np.full(len(first), self.known, dtype=np.int64)
        ends = _Ends(self, first, stop)
        needed = duration - ROUNDING
        for _ in range(self.known.bit_length()):
            middle = (low + high) >> 1
            enough = ends.time(np.minimum(middle + 1, self._slots)) >= needed
            np.copyto(high, middle, where=enough)
            np.copyto(low, np.minimum(middle + 1, high), where=~enough)
        return low

    def cost(
        self, first: Floats, stop: Floats, duration: Floats, level: Ints
    ) -> Floats:
        """Return what the cheapest `duration` costs, in slots times rate."""
        ends = _Ends(self, first, stop)
        rest = duration - ends.time(level)
        dearest = self.rate[np.minimum(level, self._slots - 1)]
        return np.asarray(ends.cost(level) + rest * dearest)


class _Ends:
    """Where the bounds of jobs lie: whole slots before them, and the cut ones."""

    def __init__(self, ranked: Ranked, first: Floats, stop: Floats) -> None:
        self._ranked = ranked
        last = ranked._slots - 1
        begin = np.minimum(first.astype(np.int64), last)
        end = np.minimum(stop.astype(np.int64), last)
        self._begin, self._end = begin, end
        self._before, self._after = first - begin, stop - end
        self._begin_rank, self._end_rank = ranked.rank[begin], ranked.rank[end]

    def time(self, level: Ints) -> Floats:
        """Return how much time there is in slots ranked below `level`, in slots."""
        return self._total(self._ranked._count, level, 1.0, 1.0)

    def cost(self, level: Ints) -> Floats:
        """Return what that time costs, in slots times rate."""
        rate = self._ranked.rate
        return self._total(
            self._ranked._cost, level, rate[self._begin_rank], rate[self._end_rank]
        )

    def _total(
        self, sums: Floats, level: Ints, begin: Floats | float, end: Floats | float
    ) -> Floats:
        row = level * sums.shape[1]
        flat = sums.reshape(-1)
        total: Floats = flat.take(row + self._end)
        total -= flat.take(row + self._begin)
        total += (self._end_rank < level) * (self._after * end)
        total -= (self._begin_rank < level) * (self._before * begin)
        return total


def place_paused(rates: Rates, jobs: ManyJobs, chosen: Ints, plan: ManyPlan) -> None:
    """Put the cheapest hours of each job in `chosen` into `plan`."""
    alike, kind = rates.alike()
    known = np.where(np.isnan(alike.rate_g_per_j), UNKNOWN, alike.rate_g_per_j)
    sites = _Sites(
        ranked=[Ranked(row) for row in alike.rate_g_per_j],
        least=least_table(known),
        cleanest=np.argsort(known.mean(axis=1), kind="stable").tolist(),
    )
    ranks = np.stack([slots.rank for slots in sites.ranked])
    for begin in range(0, len(chosen), CHUNK):
        part = chosen[begin : begin + CHUNK]
        asked = _asked(rates, jobs, part)
        row = _place(asked, part, jobs.least_base_g(part, kind), sites, plan)
        for at in range(0, len(part), LINES):
            line = np.arange(at, min(at + LINES, len(part)))
            _time(asked.at(line), part[line], ranks[row[line]], plan, rates.slot_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Sites:
    """Places with rates of their own.

    Attributes:
        ranked: Their slots.
        least: The `least_table` of their rates.
        cleanest: Their numbers, by mean rate: a good first place rules others out.
    """

    ranked: list[Ranked]
    least: Floats
    cleanest: list[int]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What jobs ask for; in slots, and `joules` per slot of running."""

    first: Floats
    stop: Floats
    duration: Floats
    joules: Floats

    def at(self, line: Ints) -> "_Asked":
        """Return some of them."""
        return _Asked(
            self.first[line], self.stop[line], self.duration[line], self.joules[line]
        )


def _asked(rates: Rates, jobs: ManyJobs, chosen: Ints) -> _Asked:
    h = rates.slot_s
    return _Asked(
        first=np.minimum(jobs.earliest_s[chosen] / h, rates.slots),
        stop=np.clip(jobs.deadline_s[chosen] / h, 0, rates.slots),
        duration=jobs.duration_s[chosen] / h,
        joules=jobs.power_w[chosen] * h,
    )


def _place(
    asked: _Asked,
    chosen: Ints,
    base: tuple[Floats, Ints],
    sites: _Sites,
    plan: ManyPlan,
) -> Ints:
    """Put place, level and cost of jobs into the plan; return their kinds of place."""
    base_g, place = base
    least_g = np.full(len(chosen), np.inf)
    kind = np.zeros(len(chosen), dtype=np.int64)
    for row in sites.cleanest:
        bound_g = base_g[:, row] + asked.joules * asked.duration * _least(
            sites, row, asked
        )
        line = np.flatnonzero(bound_g < least_g)
        level, cost_g = _priced(sites.ranked[row], asked.at(line), base_g[line, row])
        lower = cost_g < least_g[line]
        line, level = line[lower], level[lower]
        least_g[line], kind[line] = cost_g[lower], row
        at = chosen[line]
        plan.place[at], plan.level[at] = place[line, row], level
        plan.cost_g[at] = cost_g[lower]
    return kind


def _least(sites: _Sites, row: int, asked: _Asked) -> Floats:
    """Return the least rate within each job's bounds at a place."""
    slots = sites.least.shape[2]
    first = np.minimum(asked.first.astype(np.int64), slots - 1)
    stop = np.maximum(np.ceil(asked.stop).astype(np.int64), first + 1)
    return least_in(sites.least, np.full_like(first, row), first, stop)


def _priced(slots: Ranked, asked: _Asked, base_g: Floats) -> tuple[Ints, Floats]:
    """Return level and cost of jobs at a place; infinite if its time is too short."""
    level = slots.level(asked.first, asked.stop, asked.duration)
    value = slots.cost(asked.first, asked.stop, asked.duration, level)
    cost_g = base_g + asked.joules * value
    return level, np.where(level < slots.known, cost_g, np.inf)


def _time(
    asked: _Asked, chosen: Ints, rank: Ints, plan: ManyPlan, slot_s: float
) -> None:
    """Put first start and last stop of placed jobs into the plan.

    Args:
        asked: What they ask for.
        chosen: Their numbers.
        rank: Shape (jobs, slots): of each slot at the place that they run at.
        plan: Filled in.
        slot_s: Length of a slot.
    """
    level = plan.level[chosen][:, None]
    start, length = used(rank, level, asked.first, asked.stop, asked.duration)
    some = length > 0
    line = np.flatnonzero(some.any(axis=1))
    soonest = some.argmax(axis=1)[line]
    last = some.shape[1] - 1 - some[:, ::-1].argmax(axis=1)[line]
    plan.start_s[chosen[line]] = start[line, soonest] * slot_s
    plan.stop_s[chosen[line]] = (start + length)[line, last] * slot_s


def used(
    rank: Ints, level: Ints, first: Floats, stop: Floats, duration: Floats
) -> tuple[Floats, Floats]:
    """Return where in each slot a job starts, and how long it runs there, in slots.

    It fills what its bounds leave of all slots ranked below `level`; what is left to
    run comes as early as it can in the one of that rank.

    Args:
        rank: Shape (jobs, slots).
        level: Shape (jobs, 1); negative: nothing runs.
        first: Shape (jobs,), in slots, as all that follows.
        stop: Where the bounds end.
        duration: How long it runs.
    """
    slot = np.arange(rank.shape[1], dtype=float)
    start = np.maximum(slot, first[:, None])
    length = np.maximum(np.minimum(slot + 1, stop[:, None]) - start, 0.0)
    length[rank > level] = 0.0
    dearest = rank == level
    filled = np.where(dearest, 0.0, length)
    rest = np.maximum(duration - filled.sum(axis=1), 0.0)
    return start, np.where(dearest, np.minimum(length, rest[:, None]), filled)
