"""The greenest way of data to where it is read, with what moving it emits.

The model: a hop uses the energy its link states per GB, half of it at each end, so it
emits energy times the mean intensity of the two grids. When within the wait the data
moves is not planned: the mean over the hours ahead counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from greenops.model import Bounded, Dataset, Link, Place, Transfer
from greenops.model.bounds import product, scaled, sum_of_independent, sum_of_one_source
from greenops.units import WH_PER_KWH

UNSTATED_WH_PER_GB = Bounded(central=10.6, low=1.3, high=60.0)
"""Of a way nobody states: 60 Wh/GB in 2015, halved every two years until 2020; low end:
until 2026; high end: not at all since. Energy of networks follows data less than
proportionally, so this rather overstates what one more transfer adds.

Source: Aslan et al. 2018 (doi:10.1111/jiec.12630); Mytton, Lunden and Malmodin 2024
(doi:10.1111/jiec.13512) on proportionality.
"""
UNKNOWN_GRID_G_PER_KWH = Bounded(central=473.0, low=10.0, high=1100.0)
"""Of an end whose grid nobody knows: the world's mean; the ends are hydro and lignite.

Source: Ember, Global Electricity Review 2025; IPCC AR5 WG3 annex III.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The places and ways that data may take for one job.

    Attributes:
        links: Of every place by name, in both directions: (the other end, the link).
        g_per_kwh: Mean intensity of the hours ahead, by place; missing: not known.
        relays: Places that data may pass through; residency leaves out the others.
        g_per_price: What a unit of money weighs, in g.
    """

    links: Mapping[str, Sequence[tuple[str, Link]]]
    g_per_kwh: Mapping[str, Bounded]
    relays: frozenset[str]
    g_per_price: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    path: tuple[str, ...]
    links: tuple[Link, ...] = ()
    weight: float = field(default=0.0)


def links_of(places: Sequence[Place]) -> dict[str, list[tuple[str, Link]]]:
    """Return the links of every place, those that others state to it included."""
    links: dict[str, list[tuple[str, Link]]] = {}
    for place in places:
        for link in place.links:
            links.setdefault(place.name, []).append((link.to, link))
            links.setdefault(link.to, []).append((place.name, link))
    return links


def greenest_way(data: Dataset, to: str, network: Network) -> Transfer | None:
    """Return the greenest way of a dataset from any of its copies; None: there is none.

    A place that neither states a link nor is stated by one is reached over the public
    network, directly. Equal ways: the one of fewer hops, then by name.

    Args:
        data: It may lie at `to` already: then the way is of one place and free.
        to: Name of the place that reads it.
        network: What it may travel over.
    """
    ways = [_dijkstra(data, to, network), *_direct(data, to, network)]
    found = [w for w in ways if w is not None]
    if not found:
        return None
    best = min(found, key=lambda w: (w.weight, len(w.path), w.path))
    return _transfer(data, best, network)


def retraced(transfer: Transfer, network: Network) -> Transfer:
    """Return a transfer by the same path with what the network says of it now."""
    data = Dataset(
        name=transfer.dataset,
        size_gb=transfer.size_gb,
        at=frozenset(transfer.path[:1]),
    )
    way = _Way(path=transfer.path[:1])
    for to in transfer.path[1:]:
        stated = [k for other, k in network.links.get(way.path[-1], ()) if other == to]
        links = stated or [Link(to=to, energy_wh_per_gb=UNSTATED_WH_PER_GB)]
        longer = [_longer(way, to, link, data.size_gb, network) for link in links]
        way = min(longer, key=lambda w: w.weight)
    return _transfer(data, way, network)


def _dijkstra(data: Dataset, to: str, network: Network) -> _Way | None:
    order = count()
    queue: list[tuple[float, int, tuple[str, ...], int, _Way]] = []

    def push(way: _Way) -> None:
        heappush(queue, (way.weight, len(way.path), way.path, next(order), way))

    for source in sorted(data.at):
        push(_Way(path=(source,)))
    done: set[str] = set()
    while queue:
        way = heappop(queue)[-1]
        at = way.path[-1]
        if at == to:
            return way
        if at in done or (len(way.path) > 1 and at not in network.relays):
            continue
        done.add(at)
        for other, link in network.links.get(at, ()):
            if other not in done:
                push(_longer(way, other, link, data.size_gb, network))
    return None


def _direct(data: Dataset, to: str, network: Network) -> list[_Way]:
    """Return the ways over the public network, which those without links have."""
    link = Link(to=to, energy_wh_per_gb=UNSTATED_WH_PER_GB)
    return [
        _longer(_Way(path=(source,)), to, link, data.size_gb, network)
        for source in sorted(data.at - {to})
        if not (network.links.get(source) and network.links.get(to))
    ]


def _longer(way: _Way, to: str, link: Link, size_gb: float, network: Network) -> _Way:
    emitted_g = _hop_g(way.path[-1], to, link, size_gb, network.g_per_kwh).central
    price_g = link.price_per_gb * size_gb * network.g_per_price
    return _Way(
        path=(*way.path, to),
        links=(*way.links, link),
        weight=way.weight + emitted_g + max(0.0, price_g),
    )


def _hop_g(
    a: str, b: str, link: Link, size_gb: float, g_per_kwh: Mapping[str, Bounded]
) -> Bounded:
    ends = [g_per_kwh.get(end, UNKNOWN_GRID_G_PER_KWH) for end in (a, b)]
    energy_kwh = scaled(link.energy_wh_per_gb, size_gb / WH_PER_KWH)
    return product([energy_kwh, scaled(sum_of_independent(ends), 0.5)])


def _transfer(data: Dataset, way: _Way, network: Network) -> Transfer:
    hops = list(zip(way.path, way.path[1:], way.links, strict=False))
    speeds = [link.gb_per_s for link in way.links]
    known = [s for s in speeds if s is not None]
    slowest = min(known, default=0.0) if len(known) == len(speeds) else None
    return Transfer(
        dataset=data.name,
        path=way.path,
        size_gb=data.size_gb,
        # One model states the energy of every hop, so its errors are one error.
        energy_wh=sum_of_one_source(
            [scaled(link.energy_wh_per_gb, data.size_gb) for link in way.links]
        ),
        emissions_g=sum_of_one_source(
            [_hop_g(a, b, k, data.size_gb, network.g_per_kwh) for a, b, k in hops]
        ),
        duration_s=_over(data.size_gb, slowest),
        price=sum(link.price_per_gb for link in way.links) * data.size_gb,
    )


def _over(size_gb: float, gb_per_s: float | None) -> float | None:
    if gb_per_s is None:
        return None
    return size_gb / gb_per_s if gb_per_s else 0.0
