"""Jobs that take their turn, each on what those before it have left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from greenops.model import (
    IntensityPoint,
    Objective,
    Option,
    Place,
    Plan,
    PlannedJob,
    Segment,
)
from greenops.planner.committed import beside, without
from greenops.planner.renew import renewed_answer
from greenops.planner.single import Answer, answer
from greenops.planner.stood import Standing
from greenops.planner.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left to plan with: hours and GPUs of places, grams of budgets."""

    places: tuple[Place, ...]
    objective: Objective

    def after(self, job: PlannedJob, chosen: Option) -> "Left":
        """Return what is left once a job has taken its share."""
        return Left(
            places=tuple(_after(p, chosen) for p in self.places),
            objective=_spent(self.objective, job, chosen),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Under what terms all jobs of a planning are planned.

    Attributes:
        now: Nothing is planned before.
        paused_at: Place where a job lies paused, by its name.
        seen_for: How long what monitoring saw of a place stays true.
        standing: The plans so far, by job; None: plans are made once.
        past: What came lately by place.
        untouched: The places before any job took its share, by name.
    """

    now: datetime
    paused_at: Mapping[str, str]
    seen_for: timedelta
    standing: Mapping[str, Plan | Standing] | None
    past: Mapping[str, Sequence[IntensityPoint]]
    untouched: Mapping[str, Place]

    def terms(self, job: PlannedJob, objective: Objective) -> Terms:
        """Return the terms of one job."""
        return Terms(
            now=self.now,
            objective=objective,
            paused_at=self.paused_at.get(job.name),
            seen_for=self.seen_for,
            past=self.past,
            untouched=self.untouched,
        )

    def answer(self, job: PlannedJob, left: Left) -> Answer:
        """Return the plan of a job on what is left, or why there is none."""
        terms = self.terms(job, left.objective)
        if self.standing is None:
            return answer(job, left.places, terms)
        stood = self.standing.get(job.name)
        return renewed_answer(job, left.places, terms, standing=stood)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What came of jobs that took their turn.

    Attributes:
        answers: By job, in the order of their turns.
        left: What is left after them.
        crowded: The jobs that found less room than the first of them, in hours that
            they could have used.
    """

    answers: Mapping[str, Answer]
    left: Left
    crowded: tuple[PlannedJob, ...] = ()


def turn(job: PlannedJob) -> tuple[object, ...]:
    """Return what jobs take their turn by.

    A higher priority is first, then the earlier deadline: it moves for nobody, so that
    each job's turn comes, however many others are submitted after it. Of equals the one
    that could start first; names make the order the same however the jobs are given.
    """
    return -job.priority, job.deadline, job.earliest, job.name


def in_turn(
    jobs: Iterable[PlannedJob],
    left: Left,
    asked: Asked,
    reserved: Mapping[str, Standing] | None = None,
) -> Round:
    """Return what each job is given, no GPU and no gram promised twice.

    Args:
        jobs: In the order of their turns.
        left: What they find.
        asked: Under what terms.
        reserved: By job, what is kept for it: those before it find it taken, itself it
            finds it free, and it may choose something better all the same.
    """
    kept = dict(reserved or {})
    first, answers, crowded = left, {}, []
    for job in jobs:
        kept.pop(job.name, None)
        view = replace(left, places=tuple(_beside(p, kept) for p in left.places))
        if any(
            _less(job, a, b) for a, b in zip(first.places, view.places, strict=True)
        ):
            crowded.append(job)
        found = answers[job.name] = asked.answer(job, view)
        if isinstance(found.found, Plan):
            left = left.after(job, found.found.chosen)
    return Round(answers=answers, left=left, crowded=tuple(crowded))


def _beside(place: Place, kept: Mapping[str, Standing]) -> Place:
    held: list[Segment] = []
    for each in kept.values():
        if each.place == place.name:
            held.extend(each.segments)
    return beside(place, held)


def _less(job: PlannedJob, first: Place, now: Place) -> bool:
    """Say whether there was room for a job in hours in which there is none now."""
    if first is now or first.free is None or now.free is None:
        return False
    most = max(job.gpus, len(job.scaling) if job.elastic else 0)
    return any(
        part.gpus < most
        and any(
            f.gpus > part.gpus and f.start < part.stop and part.start < f.stop
            for f in first.free
        )
        for part in now.free
        if part.stop > job.earliest and (part.start < job.deadline or not job.hard)
    )


def _after(place: Place, chosen: Option) -> Place:
    return without(place, chosen.segments) if place.name == chosen.place else place


def _spent(objective: Objective, job: PlannedJob, chosen: Option) -> Objective:
    if job.project not in objective.budgets_g:
        return objective
    left_g = objective.budgets_g[job.project] - chosen.cost.total_g.central
    budgets_g = {**objective.budgets_g, job.project: max(0.0, left_g)}
    return replace(objective, budgets_g=budgets_g)
