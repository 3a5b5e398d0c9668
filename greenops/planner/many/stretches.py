"""The cheapest stretch of each job, at the cheapest place: exact, within a slot too.

The cheapest start has its start or its stop at the edge of a slot, or at a bound of the
job. A run of n slots and a share of one more is a mean of runs of n and of n + 1 whole
slots; so the cheapest whole ones in reach bound its cost at each place from below, in
four look-ups. All starts are tried only at the places that this bound leaves.
"""

from collections.abc import Iterator
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
from greenops.planner.many.whole import IMPOSSIBLE, UNKNOWN, Sums, Whole
from greenops.planner.ranges import least_in

CHUNK = 512
"""Jobs looked at together: their arrays stay within a processor's cache."""
TIE = 1e-9
"""Share of a cost within which two costs are equal; then the earlier start wins."""
MOST = np.finfo(float).max
"""Where a place was of no use, all others that may be are tried."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Jobs of n slots and `share` of one more; all in slots, shapes (jobs,)."""

    duration: Floats
    share: Floats
    earliest: Floats
    latest: Floats

    def at(self, line: Ints) -> "_Asked":
        """Return some of them."""
        return _Asked(
            self.duration[line],
            self.share[line],
            self.earliest[line],
            self.latest[line],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Jobs of one number of whole slots, looked at together.

    Attributes:
        chosen: Shape (jobs,): their numbers.
        asked: How long they run, and when.
        joules: Shape (jobs,): what a slot of running takes.
        base_g: Shape (jobs, kinds of place): what running there costs at any time.
        place: Shape (jobs, kinds of place): the place of that kind.
    """

    chosen: Ints
    asked: _Asked
    joules: Floats
    base_g: Floats
    place: Ints

    def cost_g(self, line: Ints, kind: Ints, value: Floats) -> Floats:
        """Return what running costs, infinite where it would touch unknown slots."""
        cost_g = self.base_g[line, kind] + self.joules[line] * value
        return np.where(value < IMPOSSIBLE, cost_g, np.inf)


def place_stretches(rates: Rates, jobs: ManyJobs, chosen: Ints, plan: ManyPlan) -> None:
    """Put the cheapest stretch of each job in `chosen` into `plan`."""
    chosen, asked = _asked(rates, jobs, chosen)
    rates, kind = rates.alike()
    sums = Sums(rates)
    for n, group in _groups(np.rint(asked.duration - asked.share).astype(np.int64)):
        whole = sums.whole(n)
        for begin in range(0, len(group), CHUNK):
            line = group[begin : begin + CHUNK]
            base_g, place = jobs.least_base_g(chosen[line], kind)
            joules = jobs.power_w[chosen[line]] * rates.slot_s
            part = _Part(chosen[line], asked.at(line), joules, base_g, place)
            _place(part, whole, plan, rates.slot_s)


def _asked(rates: Rates, jobs: ManyJobs, chosen: Ints) -> tuple[Ints, _Asked]:
    """Return the jobs that fit before deadline and horizon, and what they ask for."""
    duration = jobs.duration_s[chosen] / rates.slot_s
    earliest = jobs.earliest_s[chosen] / rates.slot_s
    stop = np.minimum(jobs.deadline_s[chosen] / rates.slot_s, rates.slots)
    fits = np.flatnonzero(stop - duration >= earliest - ROUNDING)
    duration, earliest = duration[fits], earliest[fits]
    latest = np.maximum(stop[fits] - duration, earliest)
    share = np.minimum(duration - np.maximum(np.ceil(duration - ROUNDING) - 1, 0), 1.0)
    return chosen[fits], _Asked(duration, share, earliest, latest)


def _groups(n: Ints) -> Iterator[tuple[int, Ints]]:
    order = np.argsort(n, kind="stable")
    counts, begins = np.unique(n[order], return_index=True)
    begins = np.append(begins, len(n))
    for at, count in enumerate(counts.tolist()):
        yield count, order[begins[at] : begins[at + 1]]


def _place(part: _Part, whole: Whole, plan: ManyPlan, slot_s: float) -> None:
    value = _bounds(whole, part.asked)
    bound_g = part.base_g + part.joules[:, None] * value
    bound_g[value > IMPOSSIBLE] = np.inf
    line = np.arange(len(part.chosen))
    first = bound_g.argmin(axis=1)
    least, start = _tried(whole, part.asked, first)
    cost_g = part.cost_g(line, first, least)
    near = (
        bound_g
        <= np.where(np.isfinite(cost_g), cost_g + TIE * np.abs(cost_g), MOST)[:, None]
    )
    near[line, first] = False
    found = [(line, first, start, cost_g)]
    others, kinds = np.nonzero(near)
    for begin in range(0, len(others), CHUNK):
        at, kind = others[begin : begin + CHUNK], kinds[begin : begin + CHUNK]
        least, start = _tried(whole, part.asked.at(at), kind)
        found.append((at, kind, start, part.cost_g(at, kind, least)))
    _choose(part, found, plan, slot_s)


def _bounds(whole: Whole, asked: _Asked) -> Floats:
    """Return what no start can undercut, shape (jobs, places), in slots times rate."""
    places = np.arange(len(whole.fewer))
    first = np.floor(asked.earliest + ROUNDING).astype(np.int64)
    last = np.ceil(asked.latest + asked.duration - ROUNDING).astype(np.int64)
    row, begin = np.broadcast_arrays(places, first[:, None])
    share = asked.share[:, None]
    fewer = least_in(
        whole.least_fewer,
        row,
        begin,
        np.maximum(last - whole.n + 1, first + 1)[:, None],
    )
    more = least_in(
        whole.least_more, row, begin, np.maximum(last - whole.n, first + 1)[:, None]
    )
    return np.asarray((1 - share) * fewer + share * more)


def _tried(whole: Whole, asked: _Asked, place: Ints) -> tuple[Floats, Floats]:
    """Return the least cost of each job at its place, and the earliest start of it."""
    if not len(place):
        return np.zeros(0), np.zeros(0)
    begin = int(asked.earliest.min())
    end = min(int(asked.latest.max()) + 2, whole.fewer.shape[1] - 1)
    slot = np.arange(begin, end, dtype=float)
    share = asked.share[:, None]
    low, high = (asked.earliest - ROUNDING)[:, None], (asked.latest + ROUNDING)[:, None]
    from_edge = whole.from_edge[place, begin:end] * share
    from_edge += whole.fewer[place, begin:end]
    from_edge[(slot < low) | (slot > high)] = UNKNOWN
    to_edge = whole.to_edge[place, begin:end] * share
    to_edge += whole.fewer[place, begin + 1 : end + 1]
    start = slot + (1 - share)
    to_edge[(start < low) | (start > high)] = UNKNOWN
    bounds = [_value(whole, asked, place, s) for s in (asked.earliest, asked.latest)]
    values = np.stack((from_edge.min(axis=1), to_edge.min(axis=1), *bounds))
    least = values.min(axis=0)
    tied = least + TIE * np.abs(least)
    starts = np.stack(
        (
            begin + (from_edge <= tied[:, None]).argmax(axis=1),
            begin + (to_edge <= tied[:, None]).argmax(axis=1) + (1 - asked.share),
            asked.earliest,
            asked.latest,
        )
    )
    return least, np.where(values <= tied, starts, np.inf).min(axis=0)


def _value(whole: Whole, asked: _Asked, place: Ints, start: Floats) -> Floats:
    """Return what a run from `start` on costs, as a mean of runs of whole slots."""
    slot = np.floor(start + ROUNDING)
    shift = np.maximum(start - slot, 0.0)
    rest = 1 - shift - asked.share
    rest[np.abs(rest) < ROUNDING] = 0.0
    shift[shift < ROUNDING] = 0.0
    at = slot.astype(np.int64)
    after = np.minimum(at + 1, whole.fewer.shape[1] - 1)
    return np.asarray(
        np.maximum(rest, 0) * whole.fewer[place, at]
        + np.minimum(shift, 1 - asked.share) * whole.fewer[place, after]
        + np.minimum(asked.share, 1 - shift) * whole.more[place, at]
        + np.maximum(-rest, 0) * whole.more[place, after]
    )


def _choose(
    part: _Part,
    found: list[tuple[Ints, Ints, Floats, Floats]],
    plan: ManyPlan,
    slot_s: float,
) -> None:
    """Put the cheapest of what was found into the plan; of equals, the earliest.

    Args:
        part: The jobs.
        found: Lines of jobs, kinds of place, starts in slots, and costs in g.
        plan: Filled in.
        slot_s: Length of a slot.
    """
    line, kind, start, cost_g = (np.concatenate(x) for x in zip(*found, strict=True))
    least_g = np.full(len(part.chosen), np.inf)
    np.minimum.at(least_g, line, cost_g)
    possible = np.isfinite(cost_g)
    tied = possible & (cost_g <= (least_g + TIE * np.abs(least_g))[line])
    soonest = np.full(len(part.chosen), np.inf)
    np.minimum.at(soonest, line[tied], start[tied])
    hits = np.flatnonzero(tied & (start == soonest[line]))
    at = part.chosen[line[hits]]
    plan.place[at] = part.place[line[hits], kind[hits]]
    plan.start_s[at] = start[hits] * slot_s
    plan.stop_s[at] = (start + part.asked.duration[line])[hits] * slot_s
    plan.cost_g[at] = cost_g[hits]
