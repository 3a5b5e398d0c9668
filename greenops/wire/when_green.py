"""Waits in the foreground for the hour of a command, by forecasts that are renewed."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from greenops import __version__
from greenops.agent.estimates import estimated
from greenops.agent.when_green import Foreground, Look, wait
from greenops.config import Config
from greenops.errors import LedgerError
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Forecast, Past
from greenops.wire.agent_outlook import Outlook
from greenops.wire.agent_sites import here, jobs_folder, ledger_file, state_folder
from greenops.wire.at_hand import forecasts_at_hand
from greenops.wire.wanted import Wanted, spec_of


def utc_now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def wait_when_green(
    config: Config,
    wanted: Wanted,
    argv: Sequence[str],
    say: Callable[[Look], object],
    *,
    wall: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], object] = time.sleep,
) -> Look:
    """Return when it is time to start a command here, with the reason.

    What is at hand is planned by at once; the configured signals are asked beside it,
    in a thread of their own, and again as often as the daemon asks.

    Args:
        config: The settings in force.
        wanted: What is known of the command.
        argv: The command.
        say: Told every plan that is another one.
        wall: Returns the time, aware.
        sleep: Sleeps for so many s.

    Raises:
        ConfigError: something wanted contradicts itself.
        JobRefusedError: its deadline cannot be met.
    """
    since = wall()
    site = here(config, [])
    spec = spec_of(wanted, argv, config, (site,), cwd=str(Path.cwd()), now=since)
    known = spec.duration_s is not None and spec.power_w is not None
    waiting = Foreground(
        spec=spec,
        estimate=estimated(spec, None if known else _past(config, spec.name)),
        place=site.place,
        since=since,
        version=__version__,
    )
    zone = site.place.zone
    at_hand = forecasts_at_hand(config, [zone], state_folder(config), since, keep=False)
    forecasts = _Renewed(config, zone, at_hand.get(zone), wall)
    with forecasts:
        return wait(waiting, forecasts.latest, wall=wall, sleep=sleep, say=say)


def _past(config: Config, name: str) -> Past | None:
    path = ledger_file(config)
    if not path.exists():
        return None
    store = LedgerJobs(path, jobs_folder(config))
    try:
        return store.past(name)
    except LedgerError:  # what is known of the past is worth no failure
        return None
    finally:
        store.close()


class _Renewed:
    """The latest forecast of a zone, renewed in a thread of its own."""

    def __init__(
        self,
        config: Config,
        zone: str,
        first: Forecast | None,
        wall: Callable[[], datetime],
    ) -> None:
        self._outlook = Outlook(config, lambda: (zone,))
        self._zone = zone
        self._first = first
        self._every_s = config.daemon_forecast_every_s
        self._wall = wall
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def latest(self) -> Forecast | None:
        return self._outlook.latest(self._zone) or self._first

    def _renew(self) -> None:
        while not self._stop.is_set():
            self._outlook.refresh(self._wall())
            self._stop.wait(self._every_s)
