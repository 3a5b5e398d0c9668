"""Why a job is not served, and the smallest change that would have it served."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from greenops.planner.fleet.columns import Columns, columns
from greenops.planner.fleet.pauses import Windows
from greenops.planner.fleet.plan import Binding, Change, Unserved
from greenops.planner.fleet.problem import ROUNDING, Bools, Floats, Ints, Jobs, Sites
from greenops.planner.ranges import least_in, least_table


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
    return tuple(
        Unserved(
            job=job,
            binding=_binding(sites, asked, anyhow, index, could=bool(could[index])),
            changes=_changes(sites, asked, anyhow, index, free),
        )
        for index, job in enumerate(without)
    )


def _stretches(sites: Sites, asked: Jobs) -> Columns:
    """Return all stretches in known hours, were there no deadline and no other job."""
    endless = np.full(len(asked), np.inf)
    boundless = np.full(sites.free_units.shape, asked.units.max())
    return columns(
        replace(sites, free_units=boundless),
        replace(asked, deadline_s=endless, late_g_per_s=endless),
    )


def _binding(
    sites: Sites, asked: Jobs, anyhow: Columns, job: int, *, could: bool
) -> Binding:
    if could:
        return Binding.CAPACITY
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
    late_s = _late_s(sites, asked, anyhow, job)
    return Binding.TOO_WIDE if (late_s == 0).any() else Binding.UNKNOWN


def _changes(
    sites: Sites, asked: Jobs, anyhow: Columns, job: int, free: Floats
) -> tuple[Change, ...]:
    own = anyhow.of(job)
    if own.start == own.stop:
        return ()
    late_s = _late_s(sites, asked, anyhow, job)
    left = least_in(
        least_table(np.maximum(free, 0.0)),
        anyhow.place[own],
        anyhow.first[own],
        anyhow.stop[own],
    )
    more = np.maximum(asked.units[job] - left, 0.0)
    found = [
        _change(anyhow.place[own], late_s, more, at)
        for at in (_least(late_s, more == 0), _least(more, late_s == 0))
        if at is not None
    ]
    if found:
        return tuple(found)
    both = int(np.lexsort((more, late_s))[0])
    return (_change(anyhow.place[own], late_s, more, both),)


def _late_s(sites: Sites, asked: Jobs, anyhow: Columns, job: int) -> Floats:
    """Return by how much each stretch passes the deadline, where that is hard."""
    own = anyhow.of(job)
    if np.isfinite(asked.late_g_per_s[job]):
        return np.zeros(own.stop - own.start)
    stop_s = anyhow.start_s[own] + asked.duration_s[job, anyhow.place[own]]
    late_s = stop_s - asked.deadline_s[job]
    return np.where(late_s > ROUNDING * sites.slot_s, late_s, 0.0)


def _least(values: Floats, among: Bools) -> int | None:
    if not among.any():
        return None
    return int(np.where(among, values, np.inf).argmin())


def _change(place: Ints, late_s: Floats, more: Floats, at: int) -> Change:
    return Change(
        place=int(place[at]), later_s=float(late_s[at]), more_units=float(more[at])
    )
