"""Runs of jobs that may be paused: the cheapest slots of a window, at each place.

Such a run takes whole slots within the job's window and leaves what is over of its last
one empty, in whichever of its slots that saves most. A window too tight for whole slots
is left to the runs without a pause (`columns`).
"""

from dataclasses import dataclass

import numpy as np

from greenops.planner.fleet.problem import (
    ROUNDING,
    Bools,
    Floats,
    Ints,
    Jobs,
    Sites,
    whole_slots,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Jobs that may be paused, at their places; those of a job together.

    Attributes:
        job, place, count: Shape (rows,); `count` slots are taken.
        width: Shape (rows,): how many slots the window has.
        first: Shape (rows,): the slot that the window's first column stands for.
        spare: Shape (rows,): the share of one slot that is left empty.
        units, fixed_g: Shape (rows,): as in `Jobs`.
        full_g: Shape (rows, widest): what running through a slot costs; infinite
            where the slot may not be used.
        cell: Shape (rows, widest): index of the slot among all places' slots.
        begins: Shape (jobs + 1,): job j owns rows `begins[j]` to `begins[j + 1]`.
    """

    job: Ints
    place: Ints
    count: Ints
    width: Ints
    first: Ints
    spare: Floats
    units: Floats
    fixed_g: Floats
    full_g: Floats
    cell: Ints
    begins: Ints

    def __len__(self) -> int:
        return len(self.job)

    def none(self) -> "Windows":
        """Return no windows, for as many jobs."""
        fields = {n: getattr(self, n)[:0] for n in self.__slots__ if n != "begins"}
        return Windows(**fields, begins=np.zeros_like(self.begins))

    def of(self, job: int) -> slice:
        """Return where the rows of `job` lie."""
        return slice(int(self.begins[job]), int(self.begins[job + 1]))


@dataclass(frozen=True, slots=True, eq=False)
class Cheapest:
    """The cheapest slots of each row, and what they cost with capacity paid for.

    Attributes:
        guided_g: Shape (rows,); infinite where too few slots can be used.
        taken: Shape (rows, widest).
        short: Shape (rows,): the column whose slot is not filled.
    """

    guided_g: Floats
    taken: Bools
    short: Ints


def windows(sites: Sites, jobs: Jobs) -> Windows:
    """Return the windows of all jobs for which a pause can be of use.

    A job of a single slot has nothing to pause. A run may be late only without a pause:
    its window stops at the deadline, soft or hard.
    """
    h = sites.slot_s
    first = np.ceil(jobs.earliest_s / h - ROUNDING).astype(np.int64)
    stop_s = np.clip(jobs.deadline_s, 0.0, sites.horizon_s)
    stop = np.floor(stop_s / h + ROUNDING).astype(np.int64)[:, None]
    count = whole_slots(jobs.duration_s, h)
    useful = jobs.may_pause[:, None] & jobs.allowed & (count > 1)
    job, place = np.nonzero(useful & (stop - first > count))
    width = (stop - first)[job, place]
    widest = int(width.max(initial=1))
    slot = first[job, place][:, None] + np.arange(widest)
    inside = slot < stop[job]
    cell = place[:, None] * sites.slots + np.minimum(slot, sites.slots - 1)
    rate = sites.rate_g_per_j.reshape(-1)[cell]
    held = jobs.units[job]
    usable = inside & (sites.usable().reshape(-1)[cell] >= held[:, None])
    full_g = np.where(usable, jobs.power_w[job, place][:, None] * rate * h, np.inf)
    rows = np.bincount(job, minlength=len(jobs))
    return Windows(
        job=job,
        place=place,
        count=count[job, place],
        width=width,
        first=first[job, place],
        spare=np.maximum(count[job, place] - jobs.duration_s[job, place] / h, 0.0),
        units=held,
        fixed_g=jobs.fixed_g[job, place],
        full_g=full_g,
        cell=cell,
        begins=np.concatenate(([0], np.cumsum(rows))),
    )


def cheapest(
    rows: Windows, price_g: Floats, *, at: slice = slice(None), free: Floats | None
) -> Cheapest:
    """Return the best slots of each row: exact, for any prices.

    With slots in order of their cost, the best `count` are the first ones, unless the
    slot left partly empty is a dearer one further behind, which its emptiness pays for.

    Args:
        rows: The windows.
        price_g: Shape (places, slots): what a unit held for that slot costs.
        at: The rows that are asked for.
        free: Shape (places, slots): units that may be taken; None: those of the sites.
    """
    count, wide = rows.count[at], int(rows.width[at].max(initial=1))
    cell, full_g = rows.cell[at, :wide], rows.full_g[at, :wide]
    units = rows.units[at][:, None]
    cost = full_g + units * price_g.reshape(-1)[cell]
    if free is not None:
        cost[free.reshape(-1)[cell] < units] = np.inf
    order = np.argsort(cost, axis=1, kind="stable")
    cost = np.take_along_axis(cost, order, axis=1)
    usable = np.isfinite(cost)
    saved = np.where(usable, np.take_along_axis(full_g, order, axis=1), 0.0)
    saved *= rows.spare[at][:, None]
    among = np.arange(cost.shape[1]) < count[:, None]
    line = np.arange(len(count))
    sums = np.cumsum(cost, axis=1)
    inner = np.where(among, saved, -np.inf)
    outer = np.where(among | ~usable, np.inf, cost - saved)
    best_in, best_out = inner.argmax(axis=1), outer.argmin(axis=1)
    with_in = sums[line, count - 1] - inner[line, best_in]
    with_out = sums[line, count - 2] + outer[line, best_out]
    swap = np.flatnonzero(with_out < with_in)
    among[swap, count[swap] - 1] = False
    among[swap, best_out[swap]] = True
    taken = np.zeros_like(among)
    np.put_along_axis(taken, order, among, axis=1)
    short = np.where(with_out < with_in, best_out, best_in)
    return Cheapest(
        guided_g=rows.fixed_g[at] + np.minimum(with_in, with_out),
        taken=taken,
        short=order[line, short],
    )


def cost_g(rows: Windows, row: int, taken: Ints, short: int) -> float:
    """Return what a run of row `row` in the columns `taken` costs, capacity apart."""
    full_g = rows.full_g[row]
    saved_g = rows.spare[row] * full_g[short]
    return float(rows.fixed_g[row] + full_g[taken].sum() - saved_g)
