"""What the planner offers: a plan for one job or for several, and its replay."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from greenops.errors import NoFeasiblePlanError
from greenops.model import IntensityPoint, Objective, Place, Plan, PlannedJob, Refusal
from greenops.planner.renew import renewed_or_refusal
from greenops.planner.replay import replayed
from greenops.planner.route import SEEN_FOR
from greenops.planner.single import plan_or_refusal
from greenops.planner.stood import Standing
from greenops.planner.terms import Terms
from greenops.planner.together import plan_jobs

__all__ = ["Standing", "plan_job", "plan_jobs", "refusal_of", "renewed", "replayed"]


def plan_job(
    job: PlannedJob,
    places: Sequence[Place],
    *,
    now: datetime,
    objective: Objective | None = None,
    paused_at: str | None = None,
    seen_for: timedelta = SEEN_FOR,
) -> Plan:
    """Return where and when a job should run, and why.

    Of all places that the rules leave, at the best time of each, the one of least
    weight: expected emissions of running, waiting on hardware that is held, moving data
    and making the hardware; money only where the objective gives a tonne a price.

    Args:
        job: What runs. Paused, it states what is left of it.
        places: Each with its forecast; equal ones are chosen in this order.
        now: Nothing is planned before.
        objective: None: carbon alone, without a budget.
        paused_at: Place where the job lies paused; None: it has not begun.
        seen_for: How long what monitoring saw of a place stays true.

    Raises:
        NoFeasiblePlanError: no place will do; carries the rule that binds and the
            smallest change, both of the place that came nearest.
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    terms = _terms(now, objective, paused_at, seen_for)
    return _or_raise(job, plan_or_refusal(job, places, terms))


def renewed(
    job: PlannedJob,
    places: Sequence[Place],
    *,
    now: datetime,
    standing: Plan | Standing | None = None,
    objective: Objective | None = None,
    paused_at: str | None = None,
    seen_for: timedelta = SEEN_FOR,
    past: Mapping[str, Sequence[IntensityPoint]] | None = None,
) -> Plan:
    """Return the plan of a job that is planned again and again until it starts.

    Hours that are not sure yet are weighed below what is expected of them, since the
    job can still go elsewhere if they turn out worse. The plan that stands is kept
    unless another is better by a margin, and without one the job starts at once unless
    waiting is. A forecast that was not renewed for a day is carried on by its daily
    pattern, which the plan's advice says.

    Args:
        job: What runs. Paused, it states what is left of it.
        places: Each with its latest forecast, however old.
        now: Nothing is planned before.
        standing: The plan so far; None: there is none.
        objective: None: carbon alone, without a budget.
        paused_at: Place where the job lies paused; None: it has not begun.
        seen_for: How long what monitoring saw of a place stays true.
        past: What came lately by place, about four weeks: where a forecast is too old,
            or missing, the plan goes by the habit of both.

    Raises:
        NoFeasiblePlanError: as `plan_job`.
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    terms = replace(_terms(now, objective, paused_at, seen_for), past=past or {})
    return _or_raise(job, renewed_or_refusal(job, places, terms, standing=standing))


def refusal_of(
    job: PlannedJob,
    places: Sequence[Place],
    *,
    now: datetime,
    objective: Objective | None = None,
    paused_at: str | None = None,
    seen_for: timedelta = SEEN_FOR,
) -> Refusal | None:
    """Return why a job cannot be planned, as data; None: it can.

    Args:
        job: What runs. Paused, it states what is left of it.
        places: Each with its forecast.
        now: Nothing is planned before.
        objective: None: carbon alone, without a budget.
        paused_at: Place where the job lies paused; None: it has not begun.
        seen_for: How long what monitoring saw of a place stays true.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    terms = _terms(now, objective, paused_at, seen_for)
    found = plan_or_refusal(job, places, terms)
    return found if isinstance(found, Refusal) else None


def _terms(
    now: datetime,
    objective: Objective | None,
    paused_at: str | None,
    seen_for: timedelta,
) -> Terms:
    return Terms(
        now=now,
        objective=objective or Objective(),
        paused_at=paused_at,
        seen_for=seen_for,
    )


def _or_raise(job: PlannedJob, found: Plan | Refusal) -> Plan:
    if isinstance(found, Plan):
        return found
    raise NoFeasiblePlanError(
        f"{job.name} cannot be planned: {found.detail}",
        binding=found.binding,
        change=found.change,
    )
