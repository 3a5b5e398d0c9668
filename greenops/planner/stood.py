"""What a job has before it is planned again: what is left of its plan, as a bid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isnan

from greenops.model import Exclusion, Option, Segment, Transfer
from greenops.planner.bars import blind, over_budget, too_late, unpriced
from greenops.planner.counted import cost_of, draft_of, option_of
from greenops.planner.place import Bid, one_stretch, weight_g
from greenops.planner.scaled import spent_on
from greenops.planner.site import Site, g_per_price, weighed
from greenops.planner.terms import Terms
from greenops.planner.timing.curve import SLIVER_S
from greenops.planner.timing.stretches import Draft
from greenops.planner.weighing import OpenSites


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where and when a job is to run by the plan so far."""

    place: str
    segments: tuple[Segment, ...]


def at_once_bid(found: OpenSites, terms: Terms) -> Bid | None:
    """Return running without a pause from the first moment on, where that is best."""
    bids = [
        bid
        for site, moves in found.sites
        for bid in _bids(site, moves, one_stretch(site, site.ready_s), terms)
    ]
    return min(bids, key=lambda b: b.weight_g, default=None)


def kept_bid(found: OpenSites, standing: Option | Standing, terms: Terms) -> Bid | None:
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
