"""The hours of a year of a grid, relative to their mean, from its annual mix.

Three grids differ, and the rule that tells them apart is physics, not a list:

* Solar grids: the sun's share of every hour follows from its height; what it takes
  away from the load, fossil plant need not serve.
* Hydro grids with lines to neighbours: reservoirs are kept for the hours of high load,
  so the grid is cleanest when it is busiest, and draws on neighbours at night.
* All others: wind follows the weather and the rest hardly moves. No shape is claimed.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import cos, exp, pi, radians, sin
from zoneinfo import ZoneInfo

from greenops.reference.mix import Mix

SOLAR_SHARE = 0.03
HYDRO_SHARE = 0.30
"""From these shares on, a grid of the kind beats its flat average.

Source: `make bench-hourly-model`, 59 zones of 2022: what five sixths of the zones
choose for the others, nearly every time around.
"""
RESERVOIR_SWING = 0.5
"""How far reservoirs go above and below their mean, as a share of it. Assumed."""
FOSSIL_FLOOR = 0.1
"""Fossil plant never falls below this share of its mean: reserves. Assumed."""
DAMPING = 0.4
"""Part of the shape that reaches the consumer; trade and storage even out the rest.

Source: least error over zones left out, `make bench-hourly-model`.
"""
HAURWITZ_EXTINCTION = 0.059
"""Source: Haurwitz 1945, clear-sky irradiance 1098 cos(z) exp(-0.059 / cos(z)) W/m2."""
# Source: mean of eight regions of CarbonCast (BPAT, CISO, DE, ERCO, FPL, NL, PJM, SE),
# generation of 2020-2021 by local hour and by day of the week.
LOAD_BY_LOCAL_HOUR = (
    0.90, 0.86, 0.83, 0.82, 0.81, 0.83, 0.87, 0.93, 0.98, 1.02, 1.04, 1.07,
    1.09, 1.10, 1.11, 1.11, 1.12, 1.13, 1.13, 1.12, 1.09, 1.06, 1.02, 0.96,
)  # fmt: skip
LOAD_BY_WEEKDAY = (1.015, 1.031, 1.031, 1.032, 1.019, 0.948, 0.924)
G_PER_KWH = {
    "coal": 820.0,
    "natural_gas": 490.0,
    "petroleum": 700.0,
    "biomass": 230.0,
    "solar": 45.0,
    "geothermal": 38.0,
    "hydroelectricity": 24.0,
    "nuclear": 12.0,
    "wind": 11.0,
}
"""Source: IPCC AR5 WG3 annex III, table A.III.2, medians; oil assumed between.

Only their ratios matter here: the level is the annual figure's.
"""
FOSSIL = ("coal", "natural_gas", "petroleum")
STEADY = ("nuclear", "wind", "geothermal", "biomass")


class GridClass(StrEnum):
    """Why the hours of a grid differ, if they do so predictably."""

    SOLAR = "solar"
    HYDRO = "hydro"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a grid lies; `isolated`: without lines to a neighbour worth mentioning."""

    latitude_deg: float
    longitude_deg: float
    timezone: str
    isolated: bool


def grid_class(mix: Mix, *, isolated: bool) -> GridClass:
    """Return what shapes the hours of a grid of this mix."""
    if mix.share(*FOSSIL) <= 0:
        return GridClass.FLAT  # nothing that could be burnt less
    if mix.share("hydroelectricity") >= HYDRO_SHARE and not isolated:
        return GridClass.HYDRO
    if mix.share("solar") >= SOLAR_SHARE:
        return GridClass.SOLAR
    return GridClass.FLAT


def year_shape(
    mix: Mix, place: Place, year: int, shaped_as: GridClass
) -> tuple[float, ...]:
    """Return every hour of the UTC year relative to their mean, which is 1.

    Args:
        mix: Shares of yearly generation.
        place: Position and clock.
        year: Civil year.
        shaped_as: As `grid_class` says.
    """
    count = 24 * _days(year)
    if shaped_as is GridClass.FLAT:
        return (1.0,) * count
    load = _relative(year_loads(year, place.timezone))
    sun = _relative(clear_skies(year, place.latitude_deg, place.longitude_deg))
    swing = RESERVOIR_SWING if shaped_as is GridClass.HYDRO else 0.0
    grid = _Grid.of(mix, swing)
    served = _relative(grid.intensities(load, sun))
    return tuple(1.0 + DAMPING * (value - 1.0) for value in served)


def clear_skies(year: int, latitude_deg: float, longitude_deg: float) -> list[float]:
    """Return `clear_sky` of every hour of a UTC year.

    The sun's declination and the equation of time are taken at midnight and go in a
    straight line to the next: within 1e-4 of the hour's own, at a fifth of the time.
    """
    sine, cosine = sin(radians(latitude_deg)), cos(radians(latitude_deg))
    # The middle of each hour as an angle, before the equation of time.
    angles = [radians(15.0 * (h - 11.5) + longitude_deg) for h in range(24)]
    midnights = [_declination_and_shift(day) for day in range(_days(year) + 1)]
    skies: list[float] = []
    for (declination, shift), (next_declination, next_shift) in pairwise(midnights):
        for hour, angle in enumerate(angles):
            part = (hour + 0.5) / 24.0
            tilt = declination + part * (next_declination - declination)
            turned = angle + shift + part * (next_shift - shift)
            height = sine * sin(tilt) + cosine * cos(tilt) * cos(turned)
            skies.append(
                height * exp(-HAURWITZ_EXTINCTION / height) if height > 0 else 0.0
            )
    return skies


def _declination_and_shift(day: int) -> tuple[float, float]:
    """Return the declination and the turn of the sun's clock at a midnight, in rad."""
    angle = 2 * pi * (day - 0.5) / 365.25
    return _declination(angle), radians(_equation_of_time_min(angle) / 4.0)


def clear_sky(hour: datetime, latitude_deg: float, longitude_deg: float) -> float:
    """Return clear-sky irradiance at the middle of the hour, relative to its greatest.

    Source: declination and equation of time after Spencer 1971; irradiance after
    Haurwitz 1945.
    """
    height = sine_of_elevation(
        hour + timedelta(minutes=30), latitude_deg, longitude_deg
    )
    return height * exp(-HAURWITZ_EXTINCTION / height) if height > 0 else 0.0


def sine_of_elevation(at: datetime, latitude_deg: float, longitude_deg: float) -> float:
    """Return the sine of the sun's height above the horizon; negative at night.

    Source: Spencer 1971, Fourier series of declination and equation of time.
    """
    hour = at.hour + at.minute / 60.0
    angle = 2 * pi * (at.timetuple().tm_yday - 1 + (hour - 12.0) / 24.0) / 365.25
    declination, minutes = _declination(angle), _equation_of_time_min(angle)
    turned = radians(15.0 * (hour - 12.0) + longitude_deg + minutes / 4.0)
    latitude = radians(latitude_deg)
    return sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(
        turned
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Shares of a grid, who answers when load or sun move, and what that emits."""

    steady: float
    fossil: float
    hydro: float
    solar: float
    hydro_swing: float
    steady_g: float
    """g per kWh of the whole grid's mean generation; likewise of fossil plant."""
    fossil_g: float

    @classmethod
    def of(cls, mix: Mix, reservoir_swing: float) -> "_Grid":
        hydro = mix.share("hydroelectricity")
        return cls(
            steady=mix.share(*STEADY),
            fossil=mix.share(*FOSSIL),
            hydro=hydro,
            solar=mix.share("solar"),
            hydro_swing=reservoir_swing * hydro,
            steady_g=_emitted(mix, STEADY),
            fossil_g=_emitted(mix, FOSSIL),
        )

    def intensities(self, loads: list[float], suns: list[float]) -> list[float]:
        """Return g/kWh of each hour of such load and sun, relative to their year."""
        solar, swing, mean_fossil = self.solar, self.hydro_swing, self.fossil
        floor = FOSSIL_FLOOR * mean_fossil
        # Coal, gas and oil move together: which is cheaper changes with the year.
        fossil_g = self.fossil_g / mean_fossil if mean_fossil > 0 else 0.0
        solar_g, hydro_g = G_PER_KWH["solar"], G_PER_KWH["hydroelectricity"]
        steady, steady_g = (
            self.steady + self.hydro,
            self.steady_g + self.hydro * hydro_g,
        )
        found = []
        for load, sun in zip(loads, suns, strict=True):
            wanted = (load - 1.0) - solar * (sun - 1.0)
            by_hydro = wanted
            if wanted > swing:
                by_hydro = swing
            elif wanted < -swing:
                by_hydro = -swing
            fossil = mean_fossil + wanted - by_hydro
            if fossil < floor:
                fossil = floor
            by_sun = solar * sun
            served = steady + by_sun + by_hydro + fossil
            emitted = (
                steady_g + by_sun * solar_g + by_hydro * hydro_g + fossil * fossil_g
            )
            found.append(emitted / served)
        return found


def _emitted(mix: Mix, sources: tuple[str, ...]) -> float:
    return sum(mix.shares.get(s, 0.0) * G_PER_KWH[s] for s in sources)


def _days(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def year_loads(year: int, timezone: str) -> list[float]:
    """Return the load of every hour of a UTC year, by the clock of a place.

    A day without a clock change has one offset; only the others are asked hour by hour.
    """
    clock = ZoneInfo(timezone)
    first = datetime(year, 1, 1, tzinfo=UTC)
    loads: list[float] = []
    for day in range(_days(year)):
        midnight = first + timedelta(days=day)
        local = midnight.astimezone(clock)
        whole_hours = local.minute == 0
        if whole_hours and local.utcoffset() == _offset(midnight, clock, hours=23):
            weekday, begins = local.weekday(), local.hour
            loads += [
                LOAD_BY_LOCAL_HOUR[h % 24] * LOAD_BY_WEEKDAY[(weekday + h // 24) % 7]
                for h in range(begins, begins + 24)
            ]
        else:
            loads += [
                _load((midnight + timedelta(hours=h)).astimezone(clock))
                for h in range(24)
            ]
    return loads


def _offset(midnight: datetime, clock: ZoneInfo, *, hours: int) -> timedelta | None:
    return (midnight + timedelta(hours=hours)).astimezone(clock).utcoffset()


def _load(local: datetime) -> float:
    return LOAD_BY_LOCAL_HOUR[local.hour] * LOAD_BY_WEEKDAY[local.weekday()]


def _relative(values: list[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value / mean for value in values]


def _declination(angle: float) -> float:
    return (
        0.006918
        - 0.399912 * cos(angle)
        + 0.070257 * sin(angle)
        - 0.006758 * cos(2 * angle)
        + 0.000907 * sin(2 * angle)
        - 0.002697 * cos(3 * angle)
        + 0.00148 * sin(3 * angle)
    )


def _equation_of_time_min(angle: float) -> float:
    return 229.18 * (
        0.000075
        + 0.001868 * cos(angle)
        - 0.032077 * sin(angle)
        - 0.014615 * cos(2 * angle)
        - 0.040849 * sin(2 * angle)
    )
