"""What the planner offers: a plan for one job or for several, and its replay."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from greenops.errors import NoFeasiblePlanError
from greenops.model import Objective, Place, Plan, PlannedJob, Refusal
from greenops.planner.in_turn import plan_jobs
from greenops.planner.replay import replayed
from greenops.planner.route import SEEN_FOR
from greenops.planner.single import plan_or_refusal
from greenops.planner.terms import Terms

__all__ = ["plan_job", "plan_jobs", "refusal_of", "replayed"]


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
    terms = Terms(
        now=now,
        objective=objective or Objective(),
        paused_at=paused_at,
        seen_for=seen_for,
    )
    found = plan_or_refusal(job, places, terms)
    if isinstance(found, Plan):
        return found
    raise NoFeasiblePlanError(
        f"{job.name} cannot be planned: {found.detail}",
        binding=found.binding,
        change=found.change,
    )


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
    terms = Terms(
        now=now,
        objective=objective or Objective(),
        paused_at=paused_at,
        seen_for=seen_for,
    )
    found = plan_or_refusal(job, places, terms)
    return found if isinstance(found, Refusal) else None
