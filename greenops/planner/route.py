"""Which places a job may go to at all, whatever they emit.

The rules, in order: allowed places, residency, size, workload. The last is the hybrid
rule: training goes to private capacity where live monitoring sees some, else to a
public cloud; inference goes to public endpoints.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from greenops.model import Exclusion, Place, PlannedJob, Workload
from greenops.planner.words import span

SEEN_FOR = timedelta(minutes=15)
"""What monitoring saw longer ago is not known any more: queues fill in minutes."""

Rule = Callable[[PlannedJob, Place], Exclusion | None]


def open_places(
    job: PlannedJob,
    places: Sequence[Place],
    *,
    now: datetime,
    seen_for: timedelta = SEEN_FOR,
) -> tuple[tuple[Place, ...], tuple[Exclusion, ...]]:
    """Return the places a job may go to, and the others with the rule that bars them.

    Args:
        job: Its deadline does not count here.
        places: Their order is kept.
        now: What the age of what was seen is counted to.
        seen_for: How long what was seen stays true.
    """
    kept, barred = [], []
    for place in places:
        found = (rule(job, place) for rule in (_not_allowed, not_resident, too_large))
        exclusion = next((e for e in found if e is not None), None)
        if exclusion is None:
            kept.append(place)
        else:
            barred.append(exclusion)
    by_workload = _by_workload(job, kept, now, seen_for)
    return (
        tuple(p for p in kept if p.name not in by_workload),
        (*barred, *by_workload.values()),
    )


def not_resident(job: PlannedJob, place: Place) -> Exclusion | None:
    """Return the exclusion of a place where the job's data may not be; None: it may."""
    lacks, bears = job.needs_tags - place.tags, job.shuns_tags & place.tags
    if not lacks and not bears:
        return None
    faults = [f"lacks {', '.join(sorted(lacks))}"] * bool(lacks)
    faults += [f"bears {', '.join(sorted(bears))}"] * bool(bears)
    return Exclusion(
        place=place.name,
        rule="residency",
        detail=f"{place.name} {' and '.join(faults)}",
        change="a place that bears every tag the job needs and none that it shuns",
        lacking=float(len(lacks) + len(bears)),
    )


def least_gpus(job: PlannedJob) -> int:
    """Return the fewest GPUs the job runs on."""
    return 1 if job.elastic else job.gpus


def _not_allowed(job: PlannedJob, place: Place) -> Exclusion | None:
    if job.places is None or place.name in job.places:
        return None
    return Exclusion(
        place=place.name,
        rule="allowed places",
        detail=f"only {', '.join(sorted(job.places))} may run {job.name}",
        change=f"{place.name} among the places allowed",
    )


def too_large(job: PlannedJob, place: Place) -> Exclusion | None:
    """Return the exclusion of a place that never has room for the job; None: it may."""
    gpus = None if place.free is None else max((f.gpus for f in place.free), default=0)
    for what, needed, most in (
        ("GPUs", float(least_gpus(job)), gpus),
        ("CPUs", job.cpus, place.cpus),
        ("GiB of memory", job.memory_gib, place.memory_gib),
    ):
        if most is None or needed <= most:
            continue
        none_free = what == "GPUs" and most == 0
        offers = "none is ever free" if none_free else f"at most {most:g} are offered"
        return Exclusion(
            place=place.name,
            rule="capacity" if none_free else "size",
            detail=f"{job.name} needs {needed:g} {what}; at {place.name} {offers}",
            change=f"{needed - most:g} more {what} at {place.name}",
            lacking=needed - most,
        )
    return None


def _by_workload(
    job: PlannedJob, places: Sequence[Place], now: datetime, seen_for: timedelta
) -> dict[str, Exclusion]:
    """Return what the hybrid rule bars, by place."""
    if job.workload not in tuple(Workload):
        why = f"{job.workload!r} is no kind of work that has a rule"
        change = "a workload of train or infer"
        return {p.name: _barred(p, why, change) for p in places}
    if job.private is not None or job.workload is Workload.INFER:
        return _one_side(job, places, private=bool(job.private))
    faults = {p.name: _unseen(job, p, now, seen_for) for p in places if p.private}
    seen = [name for name, fault in faults.items() if not fault]
    barred = {
        p.name: _barred(p, fault, f"{p.name} seen with GPUs free, or private stated")
        for p in places
        if p.private and (fault := faults[p.name])
    }
    if not seen:
        return barred
    why = f"training goes to private capacity while there is any: {', '.join(seen)}"
    return barred | {
        p.name: _barred(p, why, "private = false stated for the job")
        for p in places
        if not p.private
    }


def _one_side(
    job: PlannedJob, places: Sequence[Place], *, private: bool
) -> dict[str, Exclusion]:
    wanted = "private" if private else "public"
    why = f"{job.name} goes to {wanted} places only"
    if job.private is None:
        why = "inference goes to public endpoints"
    change = f"a {wanted} place, or private = {str(not private).lower()} for the job"
    return {p.name: _barred(p, why, change) for p in places if p.private is not private}


def _unseen(job: PlannedJob, place: Place, now: datetime, seen_for: timedelta) -> str:
    """Return why a private place has no capacity that is known of; empty: it has."""
    if place.seen is None:
        return f"nobody looked whether {place.name} has capacity"
    age = now - place.seen.at
    if age < -seen_for:
        return (
            f"what was seen of {place.name} is dated {span(-age.total_seconds())} ahead"
        )
    if age > seen_for:
        return (
            f"{place.name} was last looked at {span(age.total_seconds())} ago, "
            f"longer than {span(seen_for.total_seconds())}"
        )
    if place.seen.free_gpus < least_gpus(job):
        return (
            f"{place.name} was seen with {place.seen.free_gpus} GPUs free, "
            f"{least_gpus(job)} are needed"
        )
    return ""


def _barred(place: Place, why: str, change: str) -> Exclusion:
    return Exclusion(place=place.name, rule="workload", detail=why, change=change)
