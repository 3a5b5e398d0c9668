"""Grid zones of the world: where they lie, and what each provider calls them.

The table is kept by hand in `grid_zones.csv`: codes as Electricity Maps writes them,
ISO 3166 where the zone is a country. An empty cell means that the provider does not
serve the zone, or that its name for it is not known for certain.

Source: ENTSO-E Energy Identification Codes (area codes "Y"); balancing authorities of
EIA form 930; NESO Carbon Intensity API region ids 1-14; zone list of Electricity Maps;
regions of WattTime v3; ISO 3166-1; IANA time zone database (zone.tab) for countries'
positions, where it is one city. Other positions are assumed: about the middle of the
load.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from greenops.errors import ReferenceDataError

PROVIDERS = ("electricitymaps", "watttime", "eia", "entsoe", "neso")
TABLE = Path(__file__).with_name("grid_zones.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class GridZone:
    """A grid zone of the table.

    Attributes:
        code: Canonical: `FR`, `SE-SE3`, `US-CAL-CISO`.
        country: ISO 3166-1 alpha-2 code.
        latitude_deg: Of the middle of its load, north positive.
        longitude_deg: East positive.
        timezone: IANA name.
        names: What each provider calls it, by provider; absent where it does not.
        annual: Codes whose annual figures stand for it, in mean; its own where it has
            one; empty where none does.
    """

    code: str
    name: str
    country: str
    latitude_deg: float
    longitude_deg: float
    timezone: str
    names: Mapping[str, str]
    annual: tuple[str, ...]


@cache
def grid_zones() -> Mapping[str, GridZone]:
    """Return all zones of the table by their codes, in its order.

    Raises:
        ReferenceDataError: the table is missing or damaged.
    """
    try:
        with TABLE.open(encoding="utf-8", newline="") as lines:
            return {row["code"]: _zone(row) for row in csv.DictReader(lines)}
    except (OSError, KeyError, TypeError, ValueError) as e:
        raise ReferenceDataError(
            f"cannot read {TABLE}: {e!r}; install greenops again"
        ) from e


def zone_called(name: str, provider: str) -> GridZone | None:
    """Return the zone that `provider` calls `name`, whatever the case; None: none.

    Args:
        name: A code, an EIC, a balancing authority, a region id.
        provider: One of `PROVIDERS`.
    """
    code = _codes_by_name(provider).get(name.casefold())
    return grid_zones()[code] if code is not None else None


@cache
def _codes_by_name(provider: str) -> Mapping[str, str]:
    return {
        zone.names[provider].casefold(): zone.code
        for zone in grid_zones().values()
        if provider in zone.names
    }


def _zone(row: Mapping[str, str]) -> GridZone:
    return GridZone(
        code=row["code"],
        name=row["name"],
        country=row["country"],
        latitude_deg=float(row["lat"]),
        longitude_deg=float(row["lon"]),
        timezone=row["timezone"],
        names={p: row[p] for p in PROVIDERS if row[p]},
        annual=tuple(row["annual"].split()),
    )
