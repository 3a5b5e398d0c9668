"""Everything a job could do: the best of every place, what is barred, home at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan

from greenops.errors import PlanError
from greenops.model import Exclusion, Place, PlanCost, PlannedJob, Transfer
from greenops.planner.counted import cost_of, spent
from greenops.planner.journeys import moved, network_of
from greenops.planner.place import Bid, best_here, by_weight, one_stretch, weight_g
from greenops.planner.route import not_resident, open_places, too_large
from greenops.planner.site import Site, dirtiest_g_per_s, site_of, weighed
from greenops.planner.terms import Terms, one_kind
from greenops.planner.transfer import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What became of every place.

    Attributes:
        bids: The chosen one first, the others by weight.
        excluded: The places that are out, by rule.
        at_once: Running at home at once; None: not possible, or not known.
        network: What data travels over.
    """

    bids: tuple[Bid, ...]
    excluded: tuple[Exclusion, ...]
    at_once: PlanCost | None
    network: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSites:
    """The places that the rules leave to a job, before any hour is looked at.

    Attributes:
        sites: The job there, with the transfers of its data.
        excluded: The other places, by rule.
        network: What data travels over.
    """

    sites: tuple[tuple[Site, tuple[Transfer, ...]], ...]
    excluded: tuple[Exclusion, ...]
    network: Network


def weigh(job: PlannedJob, places: Sequence[Place], terms: Terms) -> Weighing:
    """Return what every place offers a job, and what bars the others.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases,
            would be compared.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    found = open_sites(job, places, terms)
    answers = [best_here(site, moves, terms.objective) for site, moves in found.sites]
    bids = [a for a in answers if isinstance(a, Bid)]
    barred = [a for a in answers if isinstance(a, Exclusion)]
    home = [terms.untouched.get(p.name, p) for p in places if p.name == job.home]
    return Weighing(
        bids=tuple(by_weight(bids)),
        excluded=(*found.excluded, *barred),
        at_once=next((at_once(job, p, found.network, terms) for p in home), None),
        network=found.network,
    )


def open_sites(job: PlannedJob, places: Sequence[Place], terms: Terms) -> OpenSites:
    """Return the places a job may go to, with the transfers of its data to each.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases,
            would be compared.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    _unlike(places)
    candidates, barred = open_places(
        job, places, now=terms.now, seen_for=terms.seen_for
    )
    home = [p for p in places if p.name == job.home]
    kind = one_kind([*candidates, *home], terms)
    network = network_of(job, places, terms, kind)
    sites: list[tuple[Site, tuple[Transfer, ...]]] = []
    excluded = list(barred)
    for place in candidates:
        moves = moved(job, place, network, terms)
        if isinstance(moves, Exclusion):
            excluded.append(moves)
        else:
            sites.append((site_at(job, place, moves, terms), moves))
    return OpenSites(
        sites=_late_at_a_price(job, sites, terms),
        excluded=tuple(excluded),
        network=network,
    )


def _late_at_a_price(
    job: PlannedJob, sites: Sequence[tuple[Site, tuple[Transfer, ...]]], terms: Terms
) -> tuple[tuple[Site, tuple[Transfer, ...]], ...]:
    """Return sites at which being late weighs something, whatever the job states.

    Unstated, an hour of it weighs as one of running through the dirtiest hour known at
    any of the places. What running at any time weighs is its length times that at most,
    and so is what being late can save: no job that could be done in time is late by
    more than its own run time.
    """
    if job.hard or job.late_g_per_h:
        return tuple(sites)
    most = max((dirtiest_g_per_s(s, terms.objective) for s, _ in sites), default=0.0)
    return tuple((replace(s, unstated_late_g_per_s=most), m) for s, m in sites)


def site_at(
    job: PlannedJob, place: Place, transfers: Sequence[Transfer], terms: Terms
) -> Site:
    """Return the job at a place, ready once its data has come, one after the other."""
    return site_of(
        job,
        place,
        origin=terms.now,
        series=terms.series_of(place),
        moving_s=sum(t.duration_s or 0.0 for t in transfers),
        resuming=terms.paused_at is not None,
        renewed=terms.renewed,
    )


def at_once(
    job: PlannedJob, home: Place, network: Network, terms: Terms
) -> PlanCost | None:
    """Return what running at home as soon as possible emits; None: not known."""
    transfers = moved(job, home, network, terms)
    if isinstance(transfers, Exclusion) or not _possible(job, home):
        return None
    site = site_at(job, home, transfers, terms)
    draft = one_stretch(site, site.ready_s)
    if isnan(weight_g(site, weighed(site, terms.objective), draft, transfers, 0.0)):
        return None
    return cost_of(site, spent(site, draft), transfers)


def _possible(job: PlannedJob, place: Place) -> bool:
    return not_resident(job, place) is None and too_large(job, place) is None


def _unlike(places: Sequence[Place]) -> None:
    names = [p.name for p in places]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise PlanError(f"two places are called {', '.join(twice)}; rename one")
