"""Find grid zones: by words, near a place, by a time zone."""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, cos, hypot, radians, sin, sqrt
from pathlib import Path

from greenops.errors import UnknownZoneError
from greenops.reference.zone_names import GridZone, grid_zones
from greenops.signals.regions import GCP_PLACES
from greenops.signals.zones import plain, resolve_zone

EARTH_RADIUS_KM = 6371.0
FOUND_AT_MOST = 20
NEAR_AT_MOST = 5
# Old names of time zones still met on machines. Source: IANA tz database, `backward`.
_OLD_TIMEZONES = {
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Europe/Kiev": "Europe/Kyiv",
    "US/Alaska": "America/Anchorage",
    "US/Arizona": "America/Phoenix",
    "US/Central": "America/Chicago",
    "US/Eastern": "America/New_York",
    "US/Hawaii": "Pacific/Honolulu",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NearZone:
    """A grid zone, and how far the middle of its load is from the place asked for."""

    zone: GridZone
    distance_km: float


def search_zones(text: str, *, at_most: int = FOUND_AT_MOST) -> tuple[GridZone, ...]:
    """Return the zones that have `text` in a code, a name or a provider's name.

    Those called exactly so come first, then those whose name begins with it. Case,
    accents and underscores do not matter; empty when nothing fits.
    """
    wanted = plain(text)
    if not wanted:
        return ()
    ranked = [
        (rank, zone)
        for zone in grid_zones().values()
        if (rank := _rank(zone, wanted)) is not None
    ]
    ranked.sort(key=lambda pair: pair[0])
    return tuple(zone for _, zone in ranked[:at_most])


def zones_near(place: str, *, at_most: int = NEAR_AT_MOST) -> tuple[NearZone, ...]:
    """Return the zones nearest to `place`, nearest first.

    Distance is to the middle of a zone's load, not to its border: the zone that holds
    the place is among the first, not always the first.

    Args:
        place: `latitude,longitude` in degrees, a cloud region, a zone, a time zone
            (`Europe/Paris`) or its city (`paris`).
        at_most: How many.

    Raises:
        UnknownZoneError: it is none of these.
    """
    latitude_deg, longitude_deg = position(place)
    found = [
        NearZone(
            zone=zone,
            distance_km=_distance_km(
                latitude_deg, longitude_deg, zone.latitude_deg, zone.longitude_deg
            ),
        )
        for zone in grid_zones().values()
    ]
    return tuple(sorted(found, key=lambda near: near.distance_km)[:at_most])


def position(place: str) -> tuple[float, float]:
    """Return latitude and longitude in degrees of what `zones_near` understands.

    Raises:
        UnknownZoneError: it is none of that.
    """
    if given := _coordinates(place):
        return given
    if known := _timezone_position(place):
        return known
    code = resolve_zone(place).code
    zone = grid_zones().get(GCP_PLACES.get(code.removeprefix("gcp:"), code))
    if zone is None:
        raise UnknownZoneError(
            f"where {place!r} lies is not known; give latitude,longitude"
        )
    return zone.latitude_deg, zone.longitude_deg


def zone_of_timezone(name: str) -> GridZone | None:
    """Return the zone that a time zone points to; None: nowhere in particular.

    A country with one time zone is meant whole. In one with several, a part is meant
    where it alone keeps the time zone, else the country.

    Args:
        name: IANA name, such as `Europe/Paris`.
    """
    known = _OLD_TIMEZONES.get(name, name)
    keepers = [z for z in grid_zones().values() if z.timezone == known]
    country = next((z.country for z in keepers), None) or _country_of(known)
    if country is None:
        return None
    clocks = {z.timezone for z in grid_zones().values() if z.country == country}
    parts = [z for z in keepers if z.country == country and z.code != country]
    if len(clocks) > 1 and len(parts) == 1:
        return parts[0]
    return grid_zones().get(country)


def _rank(zone: GridZone, wanted: str) -> int | None:
    names = [plain(n) for n in (zone.code, zone.name, *zone.names.values())]
    city = plain(zone.timezone.rpartition("/")[2])
    if wanted in names:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    if any(wanted in name for name in names):
        return 2
    return 3 if wanted in (city, plain(zone.country)) else None


def _coordinates(text: str) -> tuple[float, float] | None:
    parts = text.split(",")
    if len(parts) != 2:
        return None
    try:
        latitude_deg, longitude_deg = float(parts[0]), float(parts[1])
    except ValueError:
        return None
    if abs(latitude_deg) <= 90 and abs(longitude_deg) <= 180:
        return latitude_deg, longitude_deg
    raise UnknownZoneError(
        f"{text!r} is no place: latitude is -90 to 90, longitude -180 to 180"
    )


def _timezone_position(text: str) -> tuple[float, float] | None:
    wanted = plain(_OLD_TIMEZONES.get(text, text))
    for _, name, latitude_deg, longitude_deg in _timezones():
        if wanted in (plain(name), plain(name.rpartition("/")[2])):
            return latitude_deg, longitude_deg
    return None


def _country_of(timezone: str) -> str | None:
    return next((c for c, name, _, _ in _timezones() if name == timezone), None)


def _timezones() -> Iterator[tuple[str, str, float, float]]:
    """Yield country, name, latitude and longitude of the time zones this host knows.

    Source: `zone.tab` of the IANA time zone database, on nearly every Unix.
    """
    tables = (Path(folder) / "zone.tab" for folder in zoneinfo.TZPATH)
    table = next((path for path in tables if path.is_file()), None)
    if table is None:
        return
    for line in table.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if line.startswith("#") or len(cells) < 3:
            continue
        at = cells[1]
        middle = max(at.rfind("+"), at.rfind("-"))
        yield (
            cells[0],
            cells[2],
            _degrees(at[:middle], degree_digits=2),
            _degrees(at[middle:], degree_digits=3),
        )


def _degrees(text: str, *, degree_digits: int) -> float:
    """Turn `+4852` or `-0740023` (degrees, minutes, seconds) into degrees."""
    digits = text[1:]
    minutes, seconds = digits[degree_digits:][:2], digits[degree_digits + 2 :]
    size = int(digits[:degree_digits]) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -size if text.startswith("-") else size


def _distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance (haversine) of two places in degrees."""
    a, b = radians(lat_a), radians(lat_b)
    north, east = sin((b - a) / 2), sin(radians(lon_b - lon_a) / 2)
    chord = hypot(north, sqrt(cos(a) * cos(b)) * east)
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, chord))
