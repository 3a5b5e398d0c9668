"""Planning again, with a newer forecast, a job that has not begun: without flapping.

Hours that are not sure yet are weighed below what is expected of them, since the plan
can still be changed. Another plan must be better by a margin than the one that stands,
and waiting by a margin than starting at once: see `robust`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, log

import numpy as np

from greenops.model import (
    Forecast,
    Option,
    Place,
    Plan,
    PlannedJob,
    Refusal,
)
from greenops.planner.carried import PATTERN, carried_on
from greenops.planner.place import Bid
from greenops.planner.prospect import Z95
from greenops.planner.robust import MARGINS, Margins
from greenops.planner.single import Answer, plan_from, refusal_from
from greenops.planner.stood import Standing, at_once_bid, kept_bid
from greenops.planner.terms import Terms
from greenops.planner.timing.curve import SLIVER_S
from greenops.planner.weighing import OpenSites, open_sites, weigh
from greenops.units import S_PER_HOUR


def renewed_or_refusal(
    job: PlannedJob,
    places: Sequence[Place],
    terms: Terms,
    *,
    standing: Plan | Standing | None = None,
    margins: Margins = MARGINS,
) -> Plan | Refusal:
    """Return the plan that stands, or a better one, or why there is none.

    As `renewed_answer`, which says more.
    """
    return renewed_answer(job, places, terms, standing=standing, margins=margins).found


def renewed_answer(
    job: PlannedJob,
    places: Sequence[Place],
    terms: Terms,
    *,
    standing: Plan | Standing | None = None,
    margins: Margins = MARGINS,
) -> Answer:
    """Return the plan that stands, unless another is better, or why there is none.

    Args:
        job: What runs.
        places: Each with its latest forecast, however old.
        terms: As for a plan that is made once.
        standing: The plan so far; None: there is none, and the job could start at once.
        margins: What another plan, or waiting at all, must gain.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    late = _carried(job, places, terms)
    terms = replace(terms, renewed=True, series={**late, **terms.series})
    weighing = weigh(job, places, terms)
    if not weighing.bids:
        return Answer(found=refusal_from(job, weighing.excluded))
    found = open_sites(job, places, terms)
    stood = standing.chosen if isinstance(standing, Plan) else standing
    kept = at_once_bid(found, terms) if stood is None else kept_bid(found, stood, terms)
    best = weighing.bids[0]
    log_sd = np.array(_log_sd(found, best.option))
    planned = np.array(standing is not None and not _starts_now(kept, found))
    better = kept is None or margins.replaced(
        np.array(kept.weight_g),
        np.array(best.weight_g),
        planned=planned,
        log_sd=log_sd,
    )
    if kept is not None and not better:
        weighing = replace(weighing, bids=_first(kept, weighing.bids))
    plan = plan_from(job, places, weighing, terms)
    plan = replace(plan, advice=(*plan.advice, *_told(plan, places, late)))
    return Answer(
        found=plan,
        weight_g=weighing.bids[0].weight_g,
        least_gain=float(margins.least(planned=planned, log_sd=log_sd)),
    )


def renewing(job: PlannedJob, places: Sequence[Place], terms: Terms) -> Terms:
    """Return the terms of a plan that will be renewed: with old forecasts carried on.

    Args:
        job: What runs.
        places: Each with its latest forecast, however old.
        terms: As for a plan that is made once.
    """
    late = _carried(job, places, terms)
    return replace(terms, renewed=True, series={**late, **terms.series})


def _carried(
    job: PlannedJob, places: Sequence[Place], terms: Terms
) -> dict[str, Forecast]:
    """Return the forecasts that are too old, carried on, by place."""
    return {
        p.name: f
        for p in places
        if (f := carried_on(p, terms.now, job.deadline, terms.past.get(p.name, ())))
        and f.method.endswith(PATTERN)
    }


def _starts_now(kept: Bid | None, found: OpenSites) -> bool:
    """Say whether a plan that stands starts as soon as it can where it runs.

    Then another is weighed as it was when this one was made: if waiting was not worth
    it then, it is not today for the same.
    """
    return kept is not None and any(
        (kept.option.start - site.origin).total_seconds() <= site.ready_s + SLIVER_S
        for site, _ in found.sites
        if site.place.name == kept.option.place
    )


def _log_sd(found: OpenSites, option: Option) -> float:
    """Return how unsure the hours of an option are, as a standard deviation of logs."""
    site = next(s for s, _ in found.sites if s.place.name == option.place)
    start_s, stop_s = (
        (m - site.origin).total_seconds() for m in (option.start, option.stop)
    )
    mean = site.outlook.mean(start_s, stop_s)
    if mean is None or mean.low <= 0.0:
        return inf
    return log(mean.high / mean.low) / (2 * Z95)


def _first(kept: Bid, bids: Sequence[Bid]) -> tuple[Bid, ...]:
    """Return what is kept before the best of the other places, its own best behind."""
    here = next((b for b in bids if b.option.place == kept.option.place), None)
    others = tuple(b for b in bids if b is not here)
    if here is None:
        return (kept, *others)
    if here.option.segments == kept.option.segments:
        return (here, *others)
    own = (here.option, here.weight_g)
    return (replace(kept, second=lambda: own), *others)


def _told(
    plan: Plan, places: Sequence[Place], late: Mapping[str, Forecast]
) -> Iterator[str]:
    for place in places:
        forecast = late.get(place.name)
        if place.name == plan.chosen.place and forecast is not None:
            age_h = (plan.made_at - forecast.issued_at).total_seconds() / S_PER_HOUR
            yield (
                f"The forecast of {place.zone} is {age_h:.0f} h old: its daily pattern "
                "was carried on. A newer one may change this plan."
            )
