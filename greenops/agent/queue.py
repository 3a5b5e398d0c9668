"""A long queue, planned in arrays: jobs that are not near their turn yet."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from greenops.agent.intent import Intent
from greenops.agent.planning import Candidate
from greenops.agent.words import BLIND
from greenops.model import Place, PlannedJob
from greenops.planner.many.packed import Room, plan_packed
from greenops.planner.many.problem import ManyJobs, ManyPlan, Rates
from greenops.planner.route import open_places
from greenops.units import J_PER_KWH, S_PER_HOUR

HOURS = 168
NO_ROOM = "no room is planned for it yet: it starts as soon as there is some"
Floats = NDArray[np.float64]


def queue_intents(
    waiting: Sequence[Candidate], places: Sequence[Place], now: datetime
) -> dict[str, Intent]:
    """Return what is meant for each job of a long queue, by its id.

    Each runs in one stretch, where its data lies; pauses and transfers are weighed when
    its turn comes. Those that find no room start as soon as there is some.

    Args:
        waiting: Not running.
        places: With what is free beside all that is committed.
        now: Aware.
    """
    known = [p for p in places if p.forecast is not None]
    if not waiting:
        return {}
    if not known:
        return {c.job.job_id: Intent(place=None, spells=(), why=BLIND) for c in waiting}
    origin = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rates = _rates(known, origin)
    jobs = _jobs(waiting, known, origin, now)
    needs = [(c.planned.gpus, c.planned.cpus, c.planned.memory_gib) for c in waiting]
    order = sorted(
        range(len(waiting)),
        key=lambda i: (-waiting[i].planned.priority, waiting[i].latest_start),
    )
    room = Room(
        free=np.stack([_free(p, origin) for p in known], axis=1),
        needs=np.array(needs, dtype=np.float64),
        order=np.array(order, dtype=np.int64),
    )
    plan = plan_packed(rates, jobs, room)
    at_once_g = _at_once_g(rates, jobs, waiting, known)
    return {
        c.job.job_id: _intent(i, plan, known, origin, at_once_g[i])
        for i, c in enumerate(waiting)
    }


def _intent(
    i: int, plan: ManyPlan, places: Sequence[Place], origin: datetime, at_once_g: float
) -> Intent:
    if plan.place[i] < 0:
        return Intent(place=None, spells=(), why=NO_ROOM)
    start, stop = (
        origin + timedelta(seconds=float(s)) for s in (plan.start_s[i], plan.stop_s[i])
    )
    name, cost_g = places[int(plan.place[i])].name, float(plan.cost_g[i])
    return Intent(
        place=name,
        spells=((start, stop),),
        why=f"{name} is cleanest from {start:%a %d %b %H:%M} UTC on, where it has room",
        cost_g=cost_g,
        saved_g=None if np.isnan(at_once_g) else float(at_once_g) - cost_g,
    )


def _rates(places: Sequence[Place], origin: datetime) -> Rates:
    rate = np.full((len(places), HOURS), np.nan)
    for row, place in enumerate(places):
        factor = place.pue.central * place.power_factor / place.speed / J_PER_KWH
        for hour in place.forecast.hours if place.forecast else ():
            at = (hour.start - origin) // timedelta(hours=1)
            if 0 <= at < HOURS:
                rate[row, at] = hour.intensity_g_per_kwh * factor
    return Rates(slot_s=S_PER_HOUR, rate_g_per_j=rate)


def _jobs(
    waiting: Sequence[Candidate],
    places: Sequence[Place],
    origin: datetime,
    now: datetime,
) -> ManyJobs:
    """Return the queue as arrays; a speed counts in energy, and its slowest in time."""
    slowest = min(p.speed for p in places)
    figures = np.array([_figures(c.planned, origin) for c in waiting])
    central_s, high_s, power_w, earliest_s, deadline_s = figures.T
    central_s, high_s = central_s / slowest, high_s / slowest
    embodied = np.array([p.embodied_g_per_h.central / S_PER_HOUR for p in places])
    return ManyJobs(
        duration_s=central_s,
        power_w=power_w * slowest,
        earliest_s=np.maximum(earliest_s, (now - origin).total_seconds()),
        deadline_s=deadline_s - (high_s - central_s),
        may_pause=np.zeros(len(waiting), dtype=np.bool_),
        allowed=_allowed(waiting, places, now),
        fixed_g=central_s[:, None] * embodied[None, :],
    )


def _figures(job: PlannedJob, origin: datetime) -> tuple[float, ...]:
    return (
        job.duration_s.central,
        job.duration_s.high,
        job.power_w,
        (job.earliest - origin).total_seconds(),
        (job.deadline - origin).total_seconds(),
    )


def _allowed(
    waiting: Sequence[Candidate], places: Sequence[Place], now: datetime
) -> NDArray[np.bool_]:
    """Return where each may run; jobs alike to the rules are asked for once."""
    names = [p.name for p in places]
    known: dict[object, list[bool]] = {}
    rows = []
    for each in waiting:
        job = each.planned
        rules = (
            *(job.workload, job.gpus, job.cpus, job.memory_gib, job.private),
            *(job.places, job.needs_tags, job.shuns_tags, job.datasets),
            each.paused_at,
        )
        if rules not in known:
            kept = {p.name for p in open_places(job, places, now=now)[0]}
            near = _where_it_lies(each) & kept
            known[rules] = [name in (near or kept) for name in names]
        rows.append(known[rules])
    return np.array(rows, dtype=np.bool_)


def _where_it_lies(each: Candidate) -> frozenset[str]:
    """Return the places that have all data of a job, or its checkpoint."""
    if each.paused_at is not None:
        return frozenset({each.paused_at})
    data = [d.at for d in each.planned.datasets]
    return frozenset.intersection(*data) if data else frozenset()


def _free(place: Place, origin: datetime) -> Floats:
    """Return what is free in every hour: GPUs, CPUs, memory; infinite: no limit."""
    gpus = np.full(HOURS, np.inf if place.free is None else np.nan)
    for span in place.free or ():
        first = (span.start - origin).total_seconds() / S_PER_HOUR
        stop = (span.stop - origin).total_seconds() / S_PER_HOUR
        begin, end = max(0, int(np.floor(first))), min(HOURS, int(np.ceil(stop)))
        gpus[begin:end] = np.fmin(gpus[begin:end], span.gpus)
    gpus = np.where(np.isnan(gpus), 0.0, gpus)
    cpus, memory = (
        np.full(HOURS, np.inf if most is None else most)
        for most in (place.cpus, place.memory_gib)
    )
    return np.stack([gpus, cpus, memory])


def _at_once_g(
    rates: Rates, jobs: ManyJobs, waiting: Sequence[Candidate], places: Sequence[Place]
) -> Floats:
    """Return what running at home at once would emit; NaN: not known."""
    rows: Mapping[str, int] = {p.name: i for i, p in enumerate(places)}
    home = np.array([rows.get(c.planned.home, -1) for c in waiting])
    edges = np.arange(HOURS + 1) * S_PER_HOUR
    found = np.full(len(waiting), np.nan)
    for row in range(len(places)):
        at = home == row
        sums = np.concatenate([[0.0], np.cumsum(rates.rate_g_per_j[row]) * S_PER_HOUR])
        start = jobs.earliest_s[at]
        stop = start + jobs.duration_s[at]
        joules = np.interp(stop, edges, sums, right=np.nan) - np.interp(
            start, edges, sums
        )
        fixed = 0.0 if jobs.fixed_g is None else jobs.fixed_g[at, row]
        found[at] = joules * jobs.power_w[at] + fixed
    return found
