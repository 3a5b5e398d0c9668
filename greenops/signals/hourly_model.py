"""Carbon intensity by the hour without network or key: modelled from annual figures.

The mean over a year is the annual figure; the hours differ as `year_shape` says. A grid
whose hours do not differ predictably gets its flat average, and is told so.
`make bench-hourly-model` says what it is worth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from greenops.errors import ReferenceDataError, SignalError
from greenops.model import (
    Bounded,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)
from greenops.reference.factor import GridFactor
from greenops.reference.files import data_folder, data_version
from greenops.reference.mix import (
    Mix,
    country_mix,
    mean_mix,
    own_mixes,
    province_mix,
)
from greenops.reference.zone_names import GridZone, grid_zones
from greenops.signals.annual import AnnualSignal, annual_bounds, whole_hours
from greenops.signals.countries import alpha_3_of, isolated
from greenops.signals.regions import GCP_PLACES
from greenops.signals.settings import refuse_unknown
from greenops.signals.year_shape import GridClass, Place, grid_class, year_shape
from greenops.signals.zones import Zone, resolve_zone

HOUR = timedelta(hours=1)
# Parts of countries with neighbours that are islands all the same. Source: geography.
_ISLANDS = ("AU-TAS", "DK-BHM", "ES-CN", "ES-IB", "FR-COR", "GB-ORK", "GB-SHI")
_FAR_AWAY = ("PT-AC", "PT-MA", "US-AK", "US-HI")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """The hours of one zone: how they are shaped, and from what."""

    shaped_as: GridClass
    mix: Mix
    place: Place


class HourlyModelSignal:
    """Annual averages spread over the hours of the year; flat where that is no better.

    Bounds are those of the annual average for a single hour, around the modelled hour.
    """

    name = "hourly_model"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=None,
        resolution=HOUR,
        history=None,
        horizon=None,
        attribution=(
            "modelled by greenops from annual figures of Our World in Data "
            "(CC BY 4.0), US EPA and EIA, Canada Energy Regulator"
        ),
        offline=True,
    )

    def __init__(self, folder: Path | None = None) -> None:
        """Read from `folder`; None: the data files of the installed package."""
        self._folder = folder
        self._annual = AnnualSignal(folder)
        self._shapes: dict[tuple[str, int], tuple[float, ...]] = {}

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
        """Return one point per clock hour; a single one where the grid is flat.

        Raises:
            UnknownZoneError: no such zone; the message lists near matches.
            SignalError: the data files are missing or laid out otherwise.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        first, last = whole_hours(start, stop)
        try:
            found = resolve_zone(zone, self._folder) if zone is not None else None
            hours = self._hours(found) if found else None
            if found and hours and found.factor:
                return list(self._modelled(found, found.factor, hours, first, last))
        except ReferenceDataError as e:
            raise SignalError(f"no hourly model of {zone}: {e}") from e
        points = self._annual.intensity(zone, start, stop)
        if found is None or found.factor is None:  # the world's average
            return points
        said = "no hourly model: hours of this grid do not differ predictably"
        return [replace(p, source=f"{p.source}; {said}") for p in points]

    def shaped_as(self, zone: str) -> GridClass:
        """Return what shapes the hours of `zone`.

        Raises:
            UnknownZoneError: no such zone.
            ReferenceDataError: a data file is missing or laid out otherwise.
        """
        hours = self._hours(resolve_zone(zone, self._folder))
        return hours.shaped_as if hours else GridClass.FLAT

    def _modelled(
        self,
        zone: Zone,
        factor: GridFactor,
        hours: _Hours,
        first: datetime,
        last: datetime,
    ) -> Iterator[IntensityPoint]:
        source = self._source(zone, factor, hours)
        for i in range((last - first) // HOUR):
            at = first + i * HOUR
            relative = self._relative(zone.code, hours, at)
            bounds = _scaled(annual_bounds(factor, at, HOUR), relative)
            yield IntensityPoint(
                start=at,
                stop=at + HOUR,
                intensity_g_per_kwh=bounds.central,
                low_g_per_kwh=bounds.low,
                high_g_per_kwh=bounds.high,
                zone=zone.code,
                source=source,
                basis=factor.basis,
                provenance=Provenance.MODELLED,
            )

    def _relative(self, code: str, hours: _Hours, at: datetime) -> float:
        """Return the hour at `at` relative to the mean of its year."""
        key = code, at.year
        if key not in self._shapes:
            self._shapes[key] = year_shape(
                hours.mix, hours.place, at.year, hours.shaped_as
            )
        since = at - datetime(at.year, 1, 1, tzinfo=UTC)
        return self._shapes[key][since // HOUR]

    def _hours(self, zone: Zone) -> _Hours | None:
        """Return what shapes the zone's hours; None: nothing that could be told."""
        row = _row_of(zone.code)
        mix = zone_mix(row, self._folder) if row else None
        if row is None or mix is None:
            return None
        place = place_of(row)
        kind = grid_class(mix, isolated=place.isolated)
        if kind is GridClass.FLAT:
            return None
        return _Hours(shaped_as=kind, mix=mix, place=place)

    def _source(self, zone: Zone, factor: GridFactor, hours: _Hours) -> str:
        year = factor.year or "year not stated"
        parts = (
            f"{factor.source}, annual average, {year}, {factor.basis}",
            f"hours modelled ({hours.shaped_as} grid, mix of {hours.mix.year})",
            zone.note,
            f"codecarbon {data_version(self._folder or data_folder())} data",
        )
        return "; ".join(part for part in parts if part)


def zone_mix(zone: GridZone, folder: Path | None = None) -> Mix | None:
    """Return a zone's own mix, that of those who stand for it, or its country's.

    Raises:
        ReferenceDataError: a file is missing or laid out otherwise.
    """
    own = own_mixes()
    if zone.code in own:
        return own[zone.code]
    if zone.country == "CA" and zone.code != "CA":
        return province_mix(zone.name.casefold(), folder)
    if parts := [own[code] for code in zone.annual if code in own]:
        return mean_mix(parts)
    alpha_3 = alpha_3_of().get(zone.country)
    return country_mix(alpha_3, folder) if alpha_3 else None


def place_of(zone: GridZone) -> Place:
    """Return where a zone lies, and whether it stands alone."""
    alone = alpha_3_of().get(zone.country) in isolated()
    return Place(
        latitude_deg=zone.latitude_deg,
        longitude_deg=zone.longitude_deg,
        timezone=zone.timezone,
        isolated=alone or zone.code.startswith(_ISLANDS + _FAR_AWAY),
    )


def _row_of(code: str) -> GridZone | None:
    provider, _, region = code.rpartition(":")
    return grid_zones().get(GCP_PLACES.get(region, "") if provider else code)


def _scaled(bounds: Bounded, by: float) -> Bounded:
    return Bounded(
        central=by * bounds.central, low=by * bounds.low, high=by * bounds.high
    )
