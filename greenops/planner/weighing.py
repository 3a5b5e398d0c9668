"""Everything a job could do: the best of every place, what is barred, home at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isnan

from greenops.errors import MixedSignalsError, PlanError
from greenops.model import (
    Bounded,
    Dataset,
    Exclusion,
    Forecast,
    Objective,
    Place,
    PlanCost,
    PlannedJob,
    Transfer,
)
from greenops.planner.counted import cost_of, spent
from greenops.planner.outlook import Series, outlook
from greenops.planner.place import Bid, best_here, by_weight, one_stretch, weight_g
from greenops.planner.route import SEEN_FOR, not_resident, open_places, too_large
from greenops.planner.site import Site, g_per_price, site_of, weighed
from greenops.planner.transfer import Network, greenest_way, links_of
from greenops.units import S_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under what terms a job is planned.

    Attributes:
        now: Nothing is planned before; ages are counted to it.
        paused_at: Place where the job lies paused, its checkpoint with it; None: it
            has not begun.
        seen_for: How long what monitoring saw of a place stays true.
        series: Intensity by place, None: not known; a place that is missing has its
            own forecast.
    """

    now: datetime
    objective: Objective = field(default_factory=Objective)
    paused_at: str | None = None
    seen_for: timedelta = SEEN_FOR
    series: Mapping[str, Series | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("a plan is made at a timezone-aware moment")

    def series_of(self, place: Place) -> Series | None:
        """Return the intensity of a place's grid."""
        return self.series.get(place.name, place.forecast)


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


def weigh(job: PlannedJob, places: Sequence[Place], terms: Terms) -> Weighing:
    """Return what every place offers a job, and what bars the others.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases,
            would be compared.
        PlanError: two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    _unlike(places)
    network = network_of(job, places, terms)
    candidates, barred = open_places(
        job, places, now=terms.now, seen_for=terms.seen_for
    )
    home = [p for p in places if p.name == job.home]
    _one_kind([*candidates, *home], terms)
    bids: list[Bid] = []
    excluded = list(barred)
    for place in candidates:
        transfers = moved(job, place, network, terms)
        if isinstance(transfers, Exclusion):
            excluded.append(transfers)
            continue
        found = best_here(
            site_at(job, place, transfers, terms), transfers, terms.objective
        )
        if isinstance(found, Exclusion):
            excluded.append(found)
        else:
            bids.append(found)
    return Weighing(
        bids=tuple(by_weight(bids)),
        excluded=tuple(excluded),
        at_once=next((at_once(job, p, network, terms) for p in home), None),
        network=network,
    )


def network_of(job: PlannedJob, places: Sequence[Place], terms: Terms) -> Network:
    """Return what the job's data, if it has any, may travel over by its residency."""
    ahead_s = max((job.deadline - terms.now).total_seconds(), S_PER_HOUR)
    means: dict[str, Bounded] = {}
    for place in places if _data_of(job, terms) else ():
        ahead = outlook(terms.series_of(place), terms.now, ahead_s)
        mean = ahead.mean(0.0, ahead_s)
        if mean is not None:
            means[place.name] = mean
    return Network(
        links=links_of(places),
        g_per_kwh=means,
        relays=frozenset(p.name for p in places if not not_resident(job, p)),
        g_per_price=g_per_price(terms.objective),
    )


def moved(
    job: PlannedJob, place: Place, network: Network, terms: Terms
) -> tuple[Transfer, ...] | Exclusion:
    """Return how the job's data comes to a place, or that it cannot."""
    ways = []
    for data in _data_of(job, terms):
        way = greenest_way(data, place.name, network)
        if way is None:
            there = ", ".join(sorted(data.at))
            return Exclusion(
                place=place.name,
                rule="data",
                detail=f"{data.name} lies at {there}, and no way it may take leads "
                f"from there to {place.name}",
                change=f"a link to {place.name}, or a copy of {data.name} there",
                lacking=data.size_gb,
            )
        if len(way.path) > 1:
            ways.append(way)
    return tuple(ways)


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


def _data_of(job: PlannedJob, terms: Terms) -> tuple[Dataset, ...]:
    if terms.paused_at is None or not job.checkpoint_gb:
        return job.datasets
    checkpoint = Dataset(
        name=f"the checkpoint of {job.name}",
        size_gb=job.checkpoint_gb,
        at=frozenset({terms.paused_at}),
    )
    return (*job.datasets, checkpoint)


def _unlike(places: Sequence[Place]) -> None:
    names = [p.name for p in places]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise PlanError(f"two places are called {', '.join(twice)}; rename one")


def _one_kind(places: Sequence[Place], terms: Terms) -> None:
    kinds: dict[tuple[str, str], str] = {}
    for place in places:
        series = terms.series_of(place)
        parts = [series] if isinstance(series, Forecast) else (series or ())
        for part in parts:
            kinds.setdefault((str(part.kind), str(part.basis)), place.name)
    if len(kinds) > 1:
        found = "; ".join(f"{name}: {', '.join(k)}" for k, name in kinds.items())
        raise MixedSignalsError(
            f"forecasts of different kinds cannot be compared ({found}); "
            "use one signal for all places"
        )
