"""Planning again, with a newer forecast, a job that has not begun: without flapping.

Hours that are not sure yet are weighed below what is expected of them, since the plan
can still be changed. Another plan must be better by a margin than the one that stands,
and waiting by a margin than starting at once: see `robust`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isnan, log

import numpy as np

from greenops.model import (
    Exclusion,
    Forecast,
    Option,
    Place,
    Plan,
    PlannedJob,
    Refusal,
    Segment,
    Transfer,
)
from greenops.planner.bars import blind, over_budget, too_late, unpriced
from greenops.planner.carried import PATTERN, carried_on
from greenops.planner.counted import cost_of, draft_of, option_of
from greenops.planner.place import Bid, one_stretch, weight_g
from greenops.planner.prospect import Z95
from greenops.planner.robust import MARGINS, Margins
from greenops.planner.scaled import spent_on
from greenops.planner.single import plan_from, refusal_from
from greenops.planner.site import Site, g_per_price, weighed
from greenops.planner.terms import Terms
from greenops.planner.timing.curve import SLIVER_S
from greenops.planner.timing.stretches import Draft
from greenops.planner.weighing import OpenSites, open_sites, weigh
from greenops.units import S_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where and when a job is to run by the plan so far."""

    place: str
    segments: tuple[Segment, ...]


def renewed_or_refusal(
    job: PlannedJob,
    places: Sequence[Place],
    terms: Terms,
    *,
    standing: Plan | Standing | None = None,
    margins: Margins = MARGINS,
) -> Plan | Refusal:
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
    late = {
        p.name: f
        for p in places
        if (f := carried_on(p, terms.now, job.deadline, terms.past.get(p.name, ())))
        and f.method.endswith(PATTERN)
    }
    terms = replace(terms, renewed=True, series={**late, **terms.series})
    weighing = weigh(job, places, terms)
    if not weighing.bids:
        return refusal_from(job, weighing.excluded)
    found = open_sites(job, places, terms)
    stood = standing.chosen if isinstance(standing, Plan) else standing
    kept = _at_once(found, terms) if stood is None else _kept(found, stood, terms)
    best = weighing.bids[0]
    better = kept is None or margins.replaced(
        np.array(kept.weight_g),
        np.array(best.weight_g),
        planned=np.array(standing is not None),
        log_sd=np.array(_log_sd(found, best.option)),
    )
    if kept is not None and not better:
        weighing = replace(weighing, bids=_first(kept, weighing.bids))
    plan = plan_from(job, places, weighing, terms)
    return replace(plan, advice=(*plan.advice, *_told(plan, places, late)))


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


def _at_once(found: OpenSites, terms: Terms) -> Bid | None:
    """Return running without a pause from the first moment on, where that is best."""
    bids = [
        bid
        for site, moves in found.sites
        for bid in _bids(site, moves, one_stretch(site, site.ready_s), terms)
    ]
    return min(bids, key=lambda b: b.weight_g, default=None)


def _kept(found: OpenSites, standing: Option | Standing, terms: Terms) -> Bid | None:
    """Return what is left of the plan that stands; None: it cannot be kept."""
    for site, moves in found.sites:
        if site.place.name != standing.place:
            continue
        left = [s for s in standing.segments if s.stop > terms.now]
        if not left:
            return None
        left[0] = replace(left[0], start=max(left[0].start, terms.now))
        if len({s.gpus for s in left} | {site.job.gpus}) > 1:
            return _kept_shares(site, left, moves, terms)
        draft = draft_of(site, left)
        return next(_bids(site, moves, draft, terms), None)
    return None


def _bids(
    site: Site, moves: Sequence[Transfer], draft: Draft, terms: Terms
) -> Iterator[Bid]:
    """Yield the bid of a way of running at a place, if it can be."""
    starts_s, stops_s = draft.starts_s(site.pauses), draft.stops_s(site.pauses)
    in_time = starts_s[0] >= site.ready_s - SLIVER_S
    in_time &= stops_s[-1] <= site.latest_s + SLIVER_S
    whole = abs(float(draft.work_s.sum()) - site.task.duration_s) <= 1.0
    if not (in_time and whole and (draft.work_s > 0.0).all()) or _barred(site, terms):
        return
    curve, money_g = weighed(site, terms.objective), g_per_price(terms.objective)
    weight = weight_g(site, curve, draft, moves, money_g)
    if isnan(weight):
        return
    option = option_of(site, draft, moves)
    if over_budget(site, option, terms.objective) is None:
        yield Bid(option=option, weight_g=weight)


def _kept_shares(
    site: Site, left: Sequence[Segment], moves: Sequence[Transfer], terms: Terms
) -> Bid | None:
    """Return what is left of an elastic plan, weighed as its first bid was."""
    curve = weighed(site, terms.objective, by_capacity=False)
    spans = [
        [(m - site.origin).total_seconds() for m in (s.start, s.stop)] for s in left
    ]
    if _barred(site, terms) or not all(curve.known(a, b) for a, b in spans):
        return None
    option = Option(
        place=site.place.name,
        segments=tuple(left),
        cost=cost_of(site, spent_on(site, left), moves),
        transfers=tuple(moves),
    )
    money_g = g_per_price(terms.objective) * (option.cost.price or 0.0)
    return Bid(option=option, weight_g=option.cost.total_g.central + money_g)


def _barred(site: Site, terms: Terms) -> Exclusion | None:
    return too_late(site) or unpriced(site, terms.objective) or blind(site)


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
