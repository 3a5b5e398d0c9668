"""Reads a file of places into records of places, without their forecasts."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from greenops.errors import ConfigError
from greenops.footprint.operational import PUE_UNKNOWN
from greenops.jobspec.complaints import Complaints, Spot, shown
from greenops.jobspec.files import Written, named, read_file, repeated
from greenops.jobspec.place_keys import FreeKeys, LinkKeys, PlaceFile, PlaceKeys
from greenops.jobspec.spans import aware, bounded
from greenops.model import Bounded, Free, Link, Place
from greenops.planner.transfer import UNSTATED_WH_PER_GB

ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
"""What `free_gpus` without spans covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesRead:
    """What a file of places says, as far as it is right.

    Attributes:
        places: Without forecasts.
        names: Of all places, of those too that are wrong in some way.
        traces: What a replay's files call the zone of a place, where they differ.
        engines: Which executor runs jobs at a place, with its options, by name.
    """

    places: tuple[Place, ...] = ()
    names: frozenset[str] = frozenset()
    traces: dict[str, str] = field(default_factory=dict)
    engines: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)


def read_places(
    path: Path, complaints: Complaints, *, zone_code: Callable[[str], str]
) -> PlacesRead:
    """Return the places of a file.

    Args:
        path: A TOML file; `docs/planning.md` has its keys.
        complaints: Gets a sentence for every fault: file, line, what is right.
        zone_code: Returns the canonical code of a zone, or raises ConfigError.
    """
    written = read_file(path, complaints)
    if written is None:
        return PlacesRead()
    tables = written.tables("place", PlaceKeys)
    head = {k: v for k, v in written.tree.items() if k != "place"}
    head = {k: v for k, v in head.items() if k not in PlaceKeys.model_fields}
    written.spot().checked(PlaceFile, head | {"place": tables})
    names = frozenset(named(tables))
    for name in repeated(named(tables)):
        written.spot("place").complain(f"more than one place is called {shown(name)}")
    read = [_place(written, i, table, zone_code) for i, table in enumerate(tables)]
    good = [pair for pair in read if pair is not None]
    for i, table in enumerate(tables):
        _check_links(written.spot("place", i), table.get("link"), names)
    return PlacesRead(
        places=tuple(place for place, _ in good),
        names=names,
        traces={place.name: keys.trace for place, keys in good if keys.trace},
        engines={place.name: (keys.executor, keys.options) for place, keys in good},
    )


def _place(
    written: Written, i: int, table: dict[str, object], zone_code: Callable[[str], str]
) -> tuple[Place, PlaceKeys] | None:
    """Return one place, and what was written of it; None: complained."""
    spot = written.spot("place", i)
    keys = spot.checked(PlaceKeys, table)
    if keys is None:
        return None
    before = spot.complained
    try:
        zone = zone_code(keys.zone)
    except ConfigError as e:
        spot.complain(f"zone: {e}", "zone")
        return None
    pue, embodied = _pue(keys, spot), _embodied(keys, spot)
    free, links = _free(keys, spot), _links(keys.link, spot)
    if pue is None or embodied is None or spot.complained > before:
        return None
    try:
        return _record(keys, zone, (pue, embodied), free, links), keys
    except ValueError as e:  # whatever the record itself does not take
        spot.complain(str(e))
        return None


def _record(
    keys: PlaceKeys,
    zone: str,
    pue_and_embodied: tuple[Bounded, Bounded],
    free: tuple[Free, ...] | None,
    links: tuple[Link, ...],
) -> Place:
    pue, embodied_g_per_h = pue_and_embodied
    return Place(
        name=keys.name,
        zone=zone,
        free=free,
        cpus=keys.cpus,
        memory_gib=keys.memory_gib,
        pue=pue,
        speed=keys.speed,
        power_factor=keys.power_factor,
        embodied_g_per_h=embodied_g_per_h,
        reserved=keys.reserved,
        idle_w=keys.idle_w,
        price_per_h=keys.price_per_h,
        tags=frozenset(keys.tags),
        private=keys.private,
        links=links,
    )


def _pue(keys: PlaceKeys, spot: Spot) -> Bounded | None:
    """Return the PUE; where none is given, that of an unknown site, as for runs."""
    if keys.pue is not None:
        return bounded(spot, "pue", keys.pue, keys.pue_low, keys.pue_high)
    for key in ("pue_low", "pue_high"):
        if getattr(keys, key) is not None:
            spot.complain(f"{key} is the end of an interval: give pue as well", key)
            return None
    return PUE_UNKNOWN


def _embodied(keys: PlaceKeys, spot: Spot) -> Bounded | None:
    return bounded(
        spot,
        "embodied_g_per_h",
        keys.embodied_g_per_h,
        keys.embodied_low_g_per_h,
        keys.embodied_high_g_per_h,
    )


def _free(keys: PlaceKeys, spot: Spot) -> tuple[Free, ...] | None:
    if keys.free is None:
        if keys.free_gpus is None:
            return None
        return (Free(start=ALWAYS[0], stop=ALWAYS[1], gpus=keys.free_gpus),)
    if keys.free_gpus is not None:
        spot.complain("free_gpus, free: give one of them", "free_gpus")
    read = [_span(span, spot, i) for i, span in enumerate(keys.free)]
    spans = sorted((f for f in read if f is not None), key=lambda f: f.start)
    for one, other in pairwise(spans):
        if other.start < one.stop:
            spot.complain(
                f"free: the spans from {one.start:%F %H:%M} and from "
                f"{other.start:%F %H:%M} UTC overlap; state each time once",
                "free",
            )
    return tuple(spans)


def _span(keys: FreeKeys, spot: Spot, i: int) -> Free | None:
    start, stop = aware(keys.start), aware(keys.stop)
    if start is not None and stop is not None and start < stop:
        return Free(start=start, stop=stop, gpus=keys.gpus)
    spot.complain("free: its stop must be after its start", "free", i, "stop")
    return None


def _links(links: Sequence[LinkKeys], spot: Spot) -> tuple[Link, ...]:
    found = []
    for i, link in enumerate(links):
        energy_wh_per_gb = _network(link, spot, i)
        if energy_wh_per_gb is not None:
            found.append(
                Link(
                    to=link.to,
                    energy_wh_per_gb=energy_wh_per_gb,
                    gb_per_s=link.gb_per_s,
                    price_per_gb=link.price_per_gb,
                )
            )
    return tuple(found)


def _network(link: LinkKeys, spot: Spot, i: int) -> Bounded | None:
    """Return the energy of a link; where none is given, that of the public network."""
    low, high = link.wh_per_gb_low, link.wh_per_gb_high
    if link.wh_per_gb is not None:
        return bounded(spot, "wh_per_gb", link.wh_per_gb, low, high)
    if low is None and high is None:
        return UNSTATED_WH_PER_GB
    spot.complain("link: give wh_per_gb as well as the ends of its interval", "link", i)
    return None


def _check_links(spot: Spot, links: object, names: Collection[str]) -> None:
    """Complain of links to places that do not exist."""
    for i, link in enumerate(links if isinstance(links, list) else ()):
        to = link.get("to") if isinstance(link, dict) else None
        if isinstance(to, str) and to.strip() and to.strip() not in names:
            hint = spot.near(to.strip(), names)
            spot.complain(f"link.to: no place {shown(to)}{hint}", "link", i, "to")
