"""Why a job is not served, and the smallest change that would have it served."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from greenops.planner.fleet.columns import Columns, columns
from greenops.planner.fleet.pauses import Windows
from greenops.planner.fleet.plan import Binding, Change, Unserved
from greenops.planner.fleet.problem import (
    ROUNDING,
    Bools,
    Floats,
    Ints,
    Jobs,
    Sites,
    whole_slots,
)
from greenops.planner.ranges import least_in, least_table


@dataclass(frozen=True, slots=True, eq=False)
class _Options:
    """Ways in which one job could run, and what each lacks; shapes (options,).

    Attributes:
        place: Where.
        late_s: By how much it passes the deadline.
        more: How many units it needs beyond those left.
    """

    place: Ints
    late_s: Floats
    more: Floats

    def least(self, values: Floats, among: Bools) -> list[Change]:
        """Return the option of least `values`, if there is any."""
        if not among.any():
            return []
        at = int(np.where(among, values, np.inf).argmin())
        return [self.change(at)]

    def change(self, at: int) -> Change:
        """Return what would make an option possible."""
        return Change(
            place=int(self.place[at]),
            later_s=float(self.late_s[at]),
            more_units=float(self.more[at]),
        )


def reasons(
    sites: Sites,
    jobs: Jobs,
    free: Floats,
    *,
    without: Sequence[int],
    runs: Columns,
    rows: Windows,
) -> tuple[Unserved, ...]:
    """Return the reason of every job in `without`.

    Args:
        sites: The places.
        jobs: All jobs.
        free: Shape (places, slots): units that the plan leaves.
        without: The jobs that have no run.
        runs: Runs without a pause that a job could have chosen from.
        rows: Runs with pauses.
    """
    if not without:
        return ()
    asked = jobs.only(np.asarray(without, dtype=np.int64))
    anyhow = _stretches(sites, asked)
    could = (np.diff(runs.begins) + np.diff(rows.begins))[list(without)] > 0
    found = []
    for index, job in enumerate(without):
        options = _options(sites, asked, anyhow, index, free)
        binding = Binding.CAPACITY
        if not could[index]:
            binding = _binding(sites, asked, index, options)
        found.append(Unserved(job=job, binding=binding, changes=_changes(options)))
    return tuple(found)


def _stretches(sites: Sites, asked: Jobs) -> Columns:
    """Return all stretches in known hours, were there no deadline and no other job.

    Without power all starts cost the same, so that each stretch starts at its soonest.
    """
    endless = np.full(len(asked), np.inf)
    boundless = np.full(sites.free_units.shape, asked.units.max())
    return columns(
        replace(sites, free_units=boundless),
        replace(
            asked,
            deadline_s=endless,
            late_g_per_s=endless,
            power_w=np.zeros_like(asked.power_w),
        ),
    )


def _binding(sites: Sites, asked: Jobs, job: int, options: _Options) -> Binding:
    allowed = asked.allowed[job]
    if not allowed.any():
        return Binding.NO_PLACE
    soonest_s = (asked.earliest_s[job] + asked.duration_s[job])[allowed].min()
    rounding_s = ROUNDING * sites.slot_s
    due_s = asked.deadline_s[job] if np.isinf(asked.late_g_per_s[job]) else np.inf
    if soonest_s > due_s + rounding_s:
        return Binding.WINDOW
    if soonest_s > sites.horizon_s + rounding_s:
        return Binding.HORIZON
    return Binding.TOO_WIDE if (options.late_s == 0).any() else Binding.UNKNOWN


def _changes(options: _Options) -> tuple[Change, ...]:
    found = options.least(options.late_s, options.more == 0)
    found += options.least(options.more, options.late_s == 0)
    if not found and len(options.place):
        found = [options.change(int(np.lexsort((options.more, options.late_s))[0]))]
    return tuple(found)


def _options(
    sites: Sites, asked: Jobs, anyhow: Columns, job: int, free: Floats
) -> _Options:
    own = anyhow.of(job)
    place = anyhow.place[own]
    stop_s = anyhow.start_s[own] + asked.duration_s[job, place]
    late_s = stop_s - asked.deadline_s[job]
    if np.isfinite(asked.late_g_per_s[job]):
        late_s = np.zeros_like(stop_s)
    left = least_in(
        least_table(np.maximum(free, 0.0)), place, anyhow.first[own], anyhow.stop[own]
    )
    options = [(place, late_s, asked.units[job] - left)]
    if asked.may_pause[job]:
        allowed = np.flatnonzero(asked.allowed[job]).tolist()
        options += [_with_pauses(sites, asked, job, at, free[at]) for at in allowed]
    place, late_s, more = (np.concatenate(part) for part in zip(*options, strict=True))
    late_s = np.where(late_s > ROUNDING * sites.slot_s, late_s, 0.0)
    return _Options(place, late_s, np.maximum(more, 0.0))


def _with_pauses(
    sites: Sites, asked: Jobs, job: int, place: int, free: Floats
) -> tuple[Ints, Floats, Floats]:
    """Return the earliest run with pauses, and the one in time that lacks least."""
    count = int(whole_slots(asked.duration_s[job, place : place + 1], sites.slot_s)[0])
    first = int(np.ceil(asked.earliest_s[job, place] / sites.slot_s - ROUNDING))
    stop_s = np.clip(asked.deadline_s[job], 0, sites.horizon_s)
    stop = int(stop_s / sites.slot_s + ROUNDING)
    known = ~np.isnan(sites.rate_g_per_j[place])
    lacking = asked.units[job] - np.maximum(free, 0.0)
    slots = np.flatnonzero(known & (lacking <= 0))
    slots = slots[slots >= first]
    late_s, more = [], []
    if len(slots) >= count:
        last_s = (slots[count - 1] + 1) * sites.slot_s
        late_s, more = [last_s - asked.deadline_s[job]], [0.0]
    in_time = np.sort(lacking[first:stop][known[first:stop]])
    if len(in_time) >= count:
        late_s, more = [*late_s, 0.0], [*more, in_time[count - 1]]
    places = np.full(len(more), place, dtype=np.int64)
    return places, np.array(late_s, dtype=float), np.array(more, dtype=float)
