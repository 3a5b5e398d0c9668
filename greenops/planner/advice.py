"""What else a plan has to say: cold storage, figures that are assumed, dates missed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from greenops.model import Dataset, Forecast, Option, Place, PlannedJob, Transfer
from greenops.model.places import NO_OVERHEAD
from greenops.planner.figures import moment
from greenops.planner.terms import Terms
from greenops.planner.tiering import cold, sentence
from greenops.planner.transfer import (
    UNKNOWN_GRID_G_PER_KWH,
    UNSTATED_WH_PER_GB,
    Network,
)
from greenops.planner.words import span

OLD_FORECAST = timedelta(hours=24)


def advice_of(
    job: PlannedJob,
    chosen: Option,
    places: Sequence[Place],
    network: Network,
    terms: Terms,
) -> tuple[str, ...]:
    """Return sentences about a plan, the weightiest first.

    Args:
        job: What runs.
        chosen: How.
        places: All of them.
        network: What its data travels over.
        terms: Under what it was planned.
    """
    by_name = {p.name: p for p in places}
    return (
        *_late(job, chosen),
        *_names(job, by_name),
        *_old_forecast(by_name[chosen.place], terms),
        *(s for t in chosen.transfers for s in _way(t, chosen, network)),
        *_storage(job, chosen, by_name, network, terms),
    )


def _late(job: PlannedJob, chosen: Option) -> Iterator[str]:
    late_s = (chosen.stop - job.deadline).total_seconds()
    if late_s > 0.0:
        yield (
            f"It is done {span(late_s)} after its soft deadline, "
            f"{moment(job.deadline)}."
        )


def _names(job: PlannedJob, by_name: Mapping[str, Place]) -> Iterator[str]:
    if job.home not in by_name:
        yield f"Its home, {job.home}, is none of the places: nothing to compare with."
    unknown = sorted((job.places or frozenset()) - by_name.keys())
    if unknown:
        yield f"It allows places that nobody described: {', '.join(unknown)}."


def _old_forecast(place: Place, terms: Terms) -> Iterator[str]:
    series = terms.series_of(place)
    if not isinstance(series, Forecast):
        return
    age = terms.now - series.issued_at
    if age > OLD_FORECAST:
        yield (
            f"The forecast of {place.zone} is {span(age.total_seconds())} old: plan "
            "again with a fresh one."
        )


def _way(transfer: Transfer, chosen: Option, network: Network) -> Iterator[str]:
    way = " - ".join(transfer.path)
    source, to = transfer.path[0], transfer.path[-1]
    if transfer.duration_s is None:
        yield (
            f"The speed of {way} is not known: {transfer.dataset} has to be at {to} by "
            f"{moment(chosen.start)}."
        )
    if not (network.links.get(source) and network.links.get(to)):
        assumed = UNSTATED_WH_PER_GB
        yield (
            f"Nobody states the energy of {way}: {assumed.central:g} Wh/GB "
            f"({assumed.low:g} to {assumed.high:g}) is assumed for the public network."
        )
    unknown = sorted(set(transfer.path) - network.g_per_kwh.keys())
    if unknown:
        grid = UNKNOWN_GRID_G_PER_KWH
        yield (
            f"The grid at {', '.join(unknown)} is not known: {grid.central:g} g/kWh "
            f"({grid.low:g} to {grid.high:g}) is assumed for moving {transfer.dataset}."
        )


def _storage(
    job: PlannedJob,
    chosen: Option,
    by_name: Mapping[str, Place],
    network: Network,
    terms: Terms,
) -> Iterator[str]:
    moving_s = sum(t.duration_s or 0.0 for t in chosen.transfers)
    read_at = chosen.start - timedelta(seconds=moving_s)
    for data in job.datasets:
        at = _lies_at(data, chosen)
        found = cold(
            data,
            now=terms.now,
            read_at=read_at,
            g_per_kwh=network.g_per_kwh.get(at, UNKNOWN_GRID_G_PER_KWH),
            pue=by_name[at].pue if at in by_name else NO_OVERHEAD,
        )
        if found is not None:
            yield sentence(found, now=terms.now)


def _lies_at(data: Dataset, chosen: Option) -> str:
    """Return where the copy lies that will be read."""
    return next(
        (t.path[0] for t in chosen.transfers if t.dataset == data.name), chosen.place
    )
