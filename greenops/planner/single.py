"""The plan of one job, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from greenops.model import Exclusion, Place, Plan, PlannedJob, Refusal
from greenops.planner.advice import advice_of
from greenops.planner.explain import reason_of
from greenops.planner.terms import Terms
from greenops.planner.weighing import Weighing, weigh

NEAREST = (
    *("budget", "max pauses", "min run", "unknown hours", "deadline", "capacity"),
    *("horizon", "price", "data", "workload", "size", "allowed places", "residency"),
)
"""Rules by how near a place came to being chosen: the last one checked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The plan of a job, or why there is none, and what it was chosen by.

    Attributes:
        weight_g: Of the plan: grams, and what counts as grams. Infinite: a refusal.
        least_gain: Share of the weight of what it had that a job must gain before it
            takes up this plan instead.
    """

    found: Plan | Refusal
    weight_g: float = inf
    least_gain: float = 0.0


def plan_or_refusal(
    job: PlannedJob, places: Sequence[Place], terms: Terms
) -> Plan | Refusal:
    """Return the plan of a job, or why there is none; raises as `answer`."""
    return answer(job, places, terms).found


def answer(job: PlannedJob, places: Sequence[Place], terms: Terms) -> Answer:
    """Return the plan of a job with its weight, or why there is none.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    weighing = weigh(job, places, terms)
    if not weighing.bids:
        return Answer(found=refusal_from(job, weighing.excluded))
    return Answer(
        found=plan_from(job, places, weighing, terms),
        weight_g=weighing.bids[0].weight_g,
    )


def plan_from(
    job: PlannedJob, places: Sequence[Place], weighing: Weighing, terms: Terms
) -> Plan:
    """Return the plan that goes by the first bid."""
    chosen = weighing.bids[0].option
    return Plan(
        job=job.name,
        made_at=terms.now,
        chosen=chosen,
        at_once=weighing.at_once,
        reason=reason_of(
            job, weighing.bids, weighing.excluded, weighing.at_once, terms.objective
        ),
        advice=advice_of(job, chosen, places, weighing.network, terms),
    )


def refusal_from(job: PlannedJob, excluded: Sequence[Exclusion]) -> Refusal:
    """Return the refusal of a job that every place is barred for."""
    if not excluded:
        return Refusal(
            job=job.name,
            binding="allowed places",
            detail="there is no place at all",
            change="a place",
        )
    nearest = min(excluded, key=lambda e: (_rank(e.rule), e.lacking))
    return Refusal(
        job=job.name,
        binding=nearest.rule,
        detail=nearest.detail,
        change=nearest.change,
        excluded=tuple(excluded),
    )


def _rank(rule: str) -> int:
    return NEAREST.index(rule) if rule in NEAREST else len(NEAREST)
