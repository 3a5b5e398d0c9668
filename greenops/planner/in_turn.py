"""Plans for several jobs that compete for what is free, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from greenops.errors import PlanError
from greenops.model import (
    IntensityPoint,
    Objective,
    Option,
    Place,
    Plan,
    PlannedJob,
    Refusal,
)
from greenops.planner.committed import without
from greenops.planner.renew import Standing, renewed_or_refusal
from greenops.planner.route import SEEN_FOR
from greenops.planner.single import plan_or_refusal
from greenops.planner.terms import Terms


def plan_jobs(
    jobs: Sequence[PlannedJob],
    places: Sequence[Place],
    *,
    now: datetime,
    objective: Objective | None = None,
    paused_at: Mapping[str, str] | None = None,
    seen_for: timedelta = SEEN_FOR,
    standing: Mapping[str, Plan | Standing] | None = None,
    past: Mapping[str, Sequence[IntensityPoint]] | None = None,
) -> tuple[tuple[Plan, ...], tuple[Refusal, ...]]:
    """Return a plan or a refusal for every job, no GPU and no gram promised twice.

    The jobs take their turn by priority, then by deadline, then as they are given. Each
    finds free what those before it have left, of the places and of its project's
    budget.

    Args:
        jobs: Each of a name of its own.
        places: Each with its forecast, and what is free beside all that is committed.
        now: Nothing is planned before.
        objective: None: carbon alone, without a budget.
        paused_at: Place where a job lies paused, by its name.
        seen_for: How long what monitoring saw of a place stays true.
        standing: The plans so far, by job: each is kept unless another is better by a
            margin, and hours are weighed as those of plans that will be renewed. None:
            the plans are made once.
        past: What came lately by place, about four weeks: where a forecast is too old,
            or missing, plans that are renewed go by the habit of both.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two jobs or two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    if len({j.name for j in jobs}) < len(jobs):
        raise PlanError("two jobs bear one name; give each a name of its own")
    left, budgets = tuple(places), objective or Objective()
    plans, refusals = [], []
    for job in sorted(jobs, key=lambda j: (-j.priority, j.deadline)):
        terms = Terms(
            now=now,
            objective=budgets,
            paused_at=(paused_at or {}).get(job.name),
            seen_for=seen_for,
            past=past or {},
            untouched={p.name: p for p in places},
        )
        found = (
            plan_or_refusal(job, left, terms)
            if standing is None
            else renewed_or_refusal(job, left, terms, standing=standing.get(job.name))
        )
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        plans.append(found)
        left = tuple(_after(p, found.chosen) for p in left)
        budgets = _spent(budgets, job, found.chosen)
    return tuple(plans), tuple(refusals)


def _after(place: Place, chosen: Option) -> Place:
    return without(place, chosen.segments) if place.name == chosen.place else place


def _spent(objective: Objective, job: PlannedJob, chosen: Option) -> Objective:
    if job.project not in objective.budgets_g:
        return objective
    left_g = objective.budgets_g[job.project] - chosen.cost.total_g.central
    budgets_g = {**objective.budgets_g, job.project: max(0.0, left_g)}
    return replace(objective, budgets_g=budgets_g)
