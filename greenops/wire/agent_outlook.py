"""The latest forecast of every zone, renewed beside the daemon's loop."""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from greenops.config import Config
from greenops.errors import SignalError, UnknownZoneError
from greenops.model import Forecast
from greenops.signals.zones import WORLD

log = logging.getLogger(__name__)

WAIT_S = 10.0


class Outlook:
    """What is known of the hours ahead.

    `latest` answers at once, from any thread. `refresh` asks the configured signals, in
    a thread of its own: a provider that hangs costs nothing but age.

    Args:
        config: The settings in force.
        zones: Returns the zones that are asked for.
        keep: Called with all forecasts after each refresh; an OSError of its is told.
    """

    def __init__(
        self,
        config: Config,
        zones: Callable[[], Collection[str]],
        keep: Callable[[Mapping[str, Forecast]], object] = lambda _: None,
    ) -> None:
        self.config = config
        self._zones = zones
        self._keep = keep
        self._latest: dict[str, Forecast] = {}
        self._refused: dict[str, str] = {}

    def latest(self, zone: str) -> Forecast | None:
        """Return the forecast of a zone that was made last; None: there is none."""
        return self._latest.get(zone)

    def refresh(self, now: datetime) -> None:
        """Make a forecast of every zone; what fails keeps the one before.

        Args:
            now: Aware.
        """
        # A forecast loads what takes a quarter of a second.
        from greenops.wire.forecast import MOST_HOURS, forecast_zone
        from greenops.wire.signals import open_signal

        config = self.config
        signal = open_signal(config, wait_s=max(WAIT_S, config.signals_wait_s))
        for zone in self._zones():
            asked = None if zone == WORLD else zone
            try:
                self._latest[zone] = forecast_zone(
                    signal, asked, config, hours=MOST_HOURS, now=now
                )
            except (SignalError, UnknownZoneError) as e:
                self._tell(zone, str(e))
            else:
                self._tell(zone, "")
        try:
            self._keep(dict(self._latest))
        except OSError as e:
            log.warning("the forecasts could not be kept for others: %s", e)

    def _tell(self, zone: str, refused: str) -> None:
        if refused == self._refused.get(zone, ""):
            return
        self._refused[zone] = refused
        if refused:
            log.warning("no new forecast of %s: %s", zone, refused)
        else:
            log.info("%s is forecast again", zone)
