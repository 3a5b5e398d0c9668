"""Jobs and places as the planner wants them, from what is known at this moment."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from greenops.agent.estimates import Estimate, left_of
from greenops.agent.standing import Job
from greenops.model import (
    Bounded,
    Forecast,
    Free,
    JobSpec,
    Phase,
    Place,
    PlaceHealth,
    PlannedJob,
    Seen,
)

ASSUMED_DELAY_S = 24 * 3600.0
"""How long a job may wait of which nobody said it: a day has clean hours in it."""
START_MARGIN_S = 60.0
"""Before its latest start a job is handed over: to start takes time, too."""
AHEAD = timedelta(days=14)
"""How far ahead the capacity that is seen now is taken to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place as configured, and who runs jobs there.

    Attributes:
        place: Without forecast; `free` only if spans of it are configured.
        executor: Its name.
        options: For the executor.
    """

    place: Place
    executor: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an open attempt holds of a place until it is expected to end."""

    place: str
    gpus: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A job that can be planned now.

    Attributes:
        job: As it stands.
        planned: What is left of it; named by the job's id.
        latest_start: By then it starts, whatever the hours are like.
        paused_at: Place where its checkpoint lies; None: it has not begun.
        running: It runs now at `paused_at`, and may be paused.
        said: Where its figures are from.
    """

    job: Job
    planned: PlannedJob
    latest_start: datetime
    paused_at: str | None = None
    running: bool = False
    said: str = ""


def candidate(
    job: Job,
    estimate: Estimate,
    *,
    submitted_at: datetime,
    home: str,
    now: datetime,
    running_s: float | None = None,
) -> Candidate:
    """Return a job as it can be planned.

    Args:
        job: Waiting, paused, or running and interruptible.
        estimate: Of all of it.
        submitted_at: When it was.
        home: Where it would run at once.
        now: Aware.
        running_s: How long the attempt that runs now has run; None: none does.
    """
    spec, standing = job.spec, job.standing
    behind_s = standing.ran_s if standing.resume or standing.frozen else 0.0
    left_s = left_of(estimate.duration_s, behind_s + (running_s or 0.0))
    due = deadline_of(spec, submitted_at, estimate.duration_s)
    not_before_s = standing.not_before_s or 0.0
    soon = max(now, spec.earliest or now, datetime.fromtimestamp(not_before_s, UTC))
    begun = standing.resume or standing.frozen or running_s is not None
    planned = PlannedJob(
        name=job.job_id,
        workload=spec.workload,
        duration_s=left_s,
        phases=(Phase(share=1.0, power_w=estimate.power_w),),
        home=home,
        earliest=soon,
        deadline=max(due, soon),
        hard=spec.hard,
        gpus=spec.gpus,
        cpus=spec.cpus,
        memory_gib=spec.memory_gib,
        interruptible=spec.interruptible,
        pausing=spec.pausing,
        datasets=spec.datasets,
        checkpoint_gb=spec.checkpoint_gb,
        # A frozen process keeps its memory, and goes on only where it is.
        places=frozenset({job.last.place or ""}) if standing.frozen else spec.places,
        needs_tags=spec.needs_tags,
        shuns_tags=spec.shuns_tags,
        private=spec.private,
        priority=spec.priority,
        project=spec.project or "",
    )
    latest = due - timedelta(seconds=left_s.high + START_MARGIN_S)
    return Candidate(
        job=job,
        planned=planned,
        latest_start=max(latest, spec.earliest or latest),
        paused_at=job.last.place if begun else None,
        running=running_s is not None,
        said=estimate.said,
    )


def deadline_of(spec: JobSpec, submitted_at: datetime, duration_s: Bounded) -> datetime:
    """Return by when a job is to be done; by its delay where no deadline is stated."""
    if spec.deadline is not None:
        return spec.deadline
    delay_s = ASSUMED_DELAY_S if spec.max_delay_s is None else spec.max_delay_s
    span = timedelta(seconds=delay_s + duration_s.high + START_MARGIN_S)
    return max(submitted_at, spec.earliest or submitted_at) + span


def place_now(
    site: Site,
    health: PlaceHealth,
    forecast: Forecast | None,
    held: Iterable[Held],
    now: datetime,
) -> Place:
    """Return a place with what is there, free and forecast at this moment.

    Args:
        site: As configured.
        health: As its executor said last, with its time.
        forecast: Of its zone; None: there is none.
        held: By attempts that are not planned anew, here or elsewhere.
        now: Aware.
    """
    here = [h for h in held if h.place == site.place.name and h.until > now]
    free = site.place.free
    if free is None and health.gpus is not None:
        free = (Free(start=now, stop=now + AHEAD, gpus=health.gpus),)
    # Where an executor cannot tell, no GPU is known to be free.
    seen = Seen(free_gpus=health.free_gpus or 0, at=health.at)
    return replace(
        site.place,
        forecast=forecast,
        free=None if free is None else _less(free, here),
        seen=seen,
        cpus=_least(site.place.cpus, health.cpus),
        memory_gib=_least(site.place.memory_gib, health.memory_gib),
    )


def _less(spans: Sequence[Free], held: Sequence[Held]) -> tuple[Free, ...]:
    """Return what is free beside what is held from now on, each to its end.

    Where more is held than is configured, nothing is free.
    """
    ends = sorted((h.until, h.gpus) for h in held)
    untils = [until for until, _ in ends]
    held_gpus = [*accumulate((g for _, g in reversed(ends)), initial=0)][::-1]
    parts = []
    for span in spans:
        inner = sorted({u for u in untils if span.start < u < span.stop})
        for start, stop in pairwise((span.start, *inner, span.stop)):
            gpus = span.gpus - held_gpus[bisect_right(untils, start)]
            parts.append(Free(start=start, stop=stop, gpus=max(0, gpus)))
    return tuple(parts)


def _least(configured: float | None, found: float | None) -> float | None:
    known = [v for v in (configured, found) if v is not None]
    return min(known, default=None)
