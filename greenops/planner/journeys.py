"""How the data of a job comes to each place, its checkpoint included."""

from collections.abc import Sequence

from greenops.model import Bounded, Dataset, Exclusion, Place, PlannedJob, Transfer
from greenops.planner.outlook import outlook
from greenops.planner.route import not_resident
from greenops.planner.site import g_per_price
from greenops.planner.terms import Kind, Terms, kinds_of
from greenops.planner.transfer import Network, greenest_way, links_of
from greenops.units import S_PER_HOUR


def network_of(
    job: PlannedJob, places: Sequence[Place], terms: Terms, kind: Kind | None
) -> Network:
    """Return what the job's data, if it has any, may travel over by its residency.

    Args:
        job: Whose data travels.
        places: All there are, those included where the job may not run.
        terms: Under what it is planned.
        kind: Of the figures that the job is planned with; others are as good as none.
    """
    ahead_s = max((job.deadline - terms.now).total_seconds(), S_PER_HOUR)
    means: dict[str, Bounded] = {}
    for place in places if _data_of(job, terms) else ():
        series = terms.series_of(place)
        if kinds_of(series) != {kind}:
            continue
        ahead = outlook(series, terms.now, ahead_s)
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


def _data_of(job: PlannedJob, terms: Terms) -> tuple[Dataset, ...]:
    if terms.paused_at is None or not job.checkpoint_gb:
        return job.datasets
    checkpoint = Dataset(
        name=f"the checkpoint of {job.name}",
        size_gb=job.checkpoint_gb,
        at=frozenset({terms.paused_at}),
    )
    return (*job.datasets, checkpoint)
