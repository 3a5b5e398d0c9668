"""Carbon intensity from annual averages that lie on the disk: no network, no key.

An annual average stands in for the hours of one job, so its bounds hold three errors:
what the average itself may be off, how far the grid has moved since the data's year,
how far a stretch of hours lies from its year. All are factors, so they are combined
as logarithms. On top comes what the table cannot hold, such as imports.
`docs/method.md` has the formula.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import exp, hypot, log, sqrt
from pathlib import Path
from typing import Self

from greenops.errors import ReferenceDataError, SignalError
from greenops.model import (
    Basis,
    Bounded,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)
from greenops.reference.factor import GridFactor
from greenops.reference.files import data_folder, data_version
from greenops.reference.grid import countries
from greenops.signals.countries import isolated
from greenops.signals.settings import refuse_unknown
from greenops.signals.zones import WORLD, resolve_zone
from greenops.units import S_PER_YEAR

METHOD_FACTOR = 1.25
"""95 % factor of an annual average itself.

Source: spread of life-cycle factors per fuel (coal 740-910, gas 410-650 g/kWh, IPCC
AR5 WG3 annex III, table A.III.2).
"""
DRIFT_PER_YEAR = 0.06
"""95 % relative change of a grid's annual average from one year to the next.

Source: Great Britain, among the fastest for a decade, 507 g/kWh in 2012 and 238 in
2023 (Our World in Data): -6.6 % a year; the world -1 to -2 % (Ember 2025).
"""
HOUR_FACTOR = 2.0
"""95 % factor of one hour around its year.

Source: Wiesner et al. 2021 (doi:10.1145/3464298.3493399): the hours of Germany in
2020 span 101-593 around 311 g/kWh. Steady coal and hydro grids vary less.
"""
PART_FACTOR = 3.0
"""95 % factor of a part of a grid around the figure of the whole that stands in for it.

Source: chosen on the zones of `make bench-hourly-model`, 2022: of 30 whose figure was
that of a country or state, three lay further off (hydro utilities, by 3.3 to 5). Those
three have assumed mixes of their own since; the rest lie within it.
"""
ASSUMED_AGE_YEARS = 3
"""Age of a table that does not state its year."""
UPSTREAM_SHARE = 0.12
UPSTREAM_G_PER_KWH = 25.0
"""What a direct figure may lack: fuel supply (a share), plants (an addend).

Source: IPCC AR5 WG3 annex III, table A.III.2: supply and methane are 9-16 % of coal's
and gas's medians; hydro 24, nuclear 12, wind 11, solar 41-48 g/kWh.
"""
UNCOUNTED_G_PER_KWH = 230.0
"""High bound of generation that a table counts as zero (biomass and waste).

Source: IPCC AR5 WG3 annex III, table A.III.2, dedicated biomass, median.
"""
CEILING_G_PER_KWH = 1212.0
"""No hour of a grid is dirtier than an old lignite plant, unless its table says so.

Source: IPCC 2006 Guidelines vol. 2, table 2.2: lignite 101 kg CO2/GJ; at 30 %
efficiency 101 x 3.6 / 0.30.
"""
IMPORTED_SHARE = 0.15
IMPORTED_SHARE_OF_SMALL = 0.35
SMALL_TWH = 100.0
IMPORTED_G_PER_KWH = 480.0
"""What lines from elsewhere may add to a table of own generation.

Source: cross-border exchange is about 15 % of Europe's consumption (ENTSO-E factsheets
2022-2023), and a third or more for small countries amid large ones (Tranberg et al.
2019, doi:10.1016/j.esr.2019.100367). The world's mean stands for the neighbours.
"""
TAIL = 0.025
SANE_WORLD_G_PER_KWH = (200.0, 1000.0)


class AnnualSignal:
    """Annual averages per zone; the world's average where no zone is given."""

    name = "annual"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=None,
        resolution=timedelta(days=365),
        history=None,
        horizon=None,
        attribution=(
            "Our World in Data (CC BY 4.0), US EPA and EIA, Canada Energy Regulator, "
            "by the data files of codecarbon (MIT)"
        ),
        offline=True,
    )

    def __init__(self, folder: Path | None = None) -> None:
        """Read from `folder`; None: the data files of the installed package."""
        self._folder = folder

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the signal; there is nothing to set.

        Raises:
            ConfigError: something is set.
        """
        refuse_unknown(cls.name, settings)
        return cls()

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return one point over the clock hours that hold `[start, stop)`.

        Raises:
            UnknownZoneError: no such zone; the message lists near matches.
            SignalError: the data files are missing or laid out otherwise.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = whole_hours(start, stop)
        try:
            folder = self._folder or data_folder()
            value, code, basis, source = _answer(zone, first, last, folder)
            origin = f"codecarbon {data_version(folder)} data"
        except ReferenceDataError as e:
            raise SignalError(f"no annual intensity of {zone or WORLD}: {e}") from e
        return [
            IntensityPoint(
                start=first,
                stop=last,
                intensity_g_per_kwh=value.central,
                low_g_per_kwh=value.low,
                high_g_per_kwh=value.high,
                zone=code,
                basis=basis,
                provenance=Provenance.ANNUAL,
                source=f"{source}; {origin}",
            )
        ]


def annual_bounds(factor: GridFactor, at: datetime, span: timedelta) -> Bounded:
    """Return the intensity of a stretch of hours of length `span` at `at`, in g/kWh.

    What the table leaves out (upstream, imports, uncounted generation) can only be
    missing, so it is added to the high side alone.
    """
    age_years = ASSUMED_AGE_YEARS
    if factor.year is not None:
        age_years = max(0, at.year - factor.year)
    spread = hypot(
        log(METHOD_FACTOR),
        age_years * DRIFT_PER_YEAR,
        _spread_of_hours(span),
        log(PART_FACTOR) if factor.stands_in else 0.0,
    )
    central = factor.intensity_g_per_kwh
    ceiling = max(CEILING_G_PER_KWH, METHOD_FACTOR * central)
    return Bounded(
        central=central,
        low=central * exp(-spread),
        high=min(central * exp(spread) + _missing_g_per_kwh(factor), ceiling),
    )


def world_bounds(folder: Path, span: timedelta) -> Bounded:
    """Return the generation-weighted world average in g/kWh, for an unknown zone.

    The bounds hold 95 % of the countries and 95 % of the generation, whichever
    reaches further: an unknown place may be a small country or a big one. How hours
    lie around their year comes on top.

    Raises:
        ReferenceDataError: the table is unreadable, or in another unit.
    """
    rows = [
        (f.intensity_g_per_kwh, f.total_twh or 0.0) for f in countries(folder).values()
    ]
    total_twh = sum(twh for _, twh in rows)
    if not total_twh > 0:
        raise ReferenceDataError(f"no generation in the country table under {folder}")
    central = sum(g * twh for g, twh in rows) / total_twh
    lowest, highest = SANE_WORLD_G_PER_KWH
    if not lowest <= central <= highest:
        raise ReferenceDataError(
            f"the country table under {folder} averages {central:.3g}: not g/kWh"
        )
    weightings = (rows, [(g, 1.0) for g, _ in rows])
    least = min(_quantile(w, TAIL) for w in weightings)
    most = max(_quantile(w, 1.0 - TAIL) for w in weightings)
    hours = _spread_of_hours(span)
    return Bounded(
        central=central,
        low=central * exp(-hypot(log(central / least), hours)),
        high=min(
            central * exp(hypot(log(most / central), hours)),
            max(CEILING_G_PER_KWH, most),
        ),
    )


def _spread_of_hours(span: timedelta) -> float:
    """Return how far hours lie from their year: it fades to nothing at a whole year."""
    year_share = min(1.0, span.total_seconds() / S_PER_YEAR)
    return log(HOUR_FACTOR) * (1.0 - sqrt(year_share))


def _missing_g_per_kwh(factor: GridFactor) -> float:
    missing = factor.uncounted_share * UNCOUNTED_G_PER_KWH
    if factor.basis is Basis.DIRECT:
        missing += UPSTREAM_SHARE * factor.intensity_g_per_kwh + UPSTREAM_G_PER_KWH
    if not factor.holds_trade and factor.code not in isolated():
        small = factor.total_twh is not None and factor.total_twh < SMALL_TWH
        share = IMPORTED_SHARE_OF_SMALL if small else IMPORTED_SHARE
        missing += share * IMPORTED_G_PER_KWH
    return missing


def _answer(
    zone: str | None, start: datetime, stop: datetime, folder: Path
) -> tuple[Bounded, str, Basis, str]:
    found = resolve_zone(zone, folder) if zone is not None else None
    if found is None or found.factor is None:
        code, why = WORLD, "zone not given" if zone is None else ""
        if found is not None and found.code != WORLD:
            code, why = found.code, f"no figure of {found.name}"
        source = f"world average, {why}" if why else "world average"
        return world_bounds(folder, stop - start), code, Basis.LIFE_CYCLE, source
    factor = found.factor
    value = annual_bounds(factor, start, stop - start)
    year = factor.year or "year not stated"
    source = f"{factor.source}, annual average, {year}, {factor.basis}"
    stated = f"{source}; {found.note}" if found.note else source
    return value, found.code, factor.basis, stated


def whole_hours(start: datetime, stop: datetime) -> tuple[datetime, datetime]:
    """Return the whole UTC hours that hold `[start, stop)`.

    Raises:
        ValueError: `stop` is not after `start`, or either has no time zone.
    """
    if start.tzinfo is None or stop.tzinfo is None or start >= stop:
        raise ValueError(f"not a span of aware times: {start} to {stop}")
    first, last = (
        t.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        for t in (start, stop)
    )
    return first, last if last == stop else last + timedelta(hours=1)


def _quantile(values: Iterable[tuple[float, float]], share: float) -> float:
    """Return the value below which `share` of the weight lies."""
    ordered = sorted(values)
    target = share * sum(weight for _, weight in ordered)
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= target:
            return value
    return ordered[-1][0]
