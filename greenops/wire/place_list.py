"""The places where jobs may run, as they are now and as clean as they will be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from greenops.agent.planning import Site
from greenops.config import Config
from greenops.model import Forecast, ForecastHour, PlaceHealth
from greenops.wire.agent_sites import sites_of, state_folder
from greenops.wire.at_hand import forecasts_at_hand
from greenops.wire.executors import open_executors
from greenops.wire.place_health import healths_of

ASKED_WITHIN_S = 5.0
AHEAD = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """A place and what was found of it.

    Attributes:
        site: As configured.
        health: As its executor says; None: it did not say in time.
        forecast: Of its zone; None: nothing is known of the hours ahead.
        at: When this was.
    """

    site: Site
    health: PlaceHealth | None
    forecast: Forecast | None
    at: datetime

    @property
    def now(self) -> ForecastHour | None:
        """The hour that runs; None: not known."""
        return self._hour(self.at)

    @property
    def next(self) -> ForecastHour | None:
        """The hour after it."""
        return self._hour(self.at + timedelta(hours=1))

    @property
    def cleanest(self) -> ForecastHour | None:
        """The cleanest hour of those that begin within a day; None: none is known."""
        hours = self.forecast.hours if self.forecast else ()
        ahead = [h for h in hours if self.at <= h.start < self.at + AHEAD]
        ahead += [now] if (now := self.now) is not None else []
        return min(ahead, key=lambda h: (h.intensity_g_per_kwh, h.start), default=None)

    def _hour(self, at: datetime) -> ForecastHour | None:
        for hour in self.forecast.hours if self.forecast else ():
            if hour.start <= at < hour.start + timedelta(hours=1):
                return hour
        return None


def found_places(
    config: Config, problems: list[str], *, now: datetime | None = None
) -> list[FoundPlace]:
    """Return the places in the order of their configuration.

    Executors are asked; of the hours ahead what is at hand is taken.

    Args:
        config: The settings in force.
        problems: Gets a sentence for whatever is missing.
        now: Aware; None: now.

    Raises:
        ConfigError: the file of places is wrong.
    """
    at = datetime.now(UTC) if now is None else now
    sites = sites_of(config, problems)
    state = state_folder(config)
    missing: list[str] = []  # each place says it of itself
    executors = open_executors({site.executor for site in sites}, state, missing)
    healths = healths_of(sites, executors, at, within_s=ASKED_WITHIN_S)
    zones = dict.fromkeys(site.place.zone for site in sites)
    forecasts = forecasts_at_hand(config, zones, state, at, keep=False)
    return [
        FoundPlace(
            site=site,
            health=healths.get(site.place.name),
            forecast=forecasts.get(site.place.zone),
            at=at,
        )
        for site in sites
    ]
