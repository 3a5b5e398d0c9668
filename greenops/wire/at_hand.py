"""Forecasts for those who cannot wait: what is at hand on this machine, at once.

The daemon's, where it made one lately. Else the hours as the signals state them, by the
last answers that are kept of those that need the network: nobody is asked. Else one's
own, from recorded hours. What was found is left for the next one.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from greenops.config import Config
from greenops.errors import GreenopsError, SignalError, UnknownZoneError
from greenops.model import Forecast
from greenops.ports import CarbonSignal
from greenops.signals.zones import WORLD
from greenops.wire.outlook_file import FRESH_FOR, KEPT_FOR, keep_outlook, kept_outlook

log = logging.getLogger(__name__)

ENOUGH_HOURS = 24
"""With a day of hours stated there is something to choose from."""


def forecasts_at_hand(
    config: Config, zones: Collection[str], state: Path, now: datetime, *, keep: bool
) -> dict[str, Forecast]:
    """Return the forecasts of zones that can be had at once, by zone.

    One that nothing is known of is left out.

    Args:
        config: The settings in force.
        zones: Canonical codes.
        state: The state folder, which need not be there.
        now: Aware.
        keep: Whether what is made here may be written down.
    """
    kept = kept_outlook(state, now, at_most=KEPT_FOR)
    found = {z: kept[z] for z in zones if z in kept and _is_fresh(kept[z], now)}
    missing = [zone for zone in zones if zone not in found]
    if not missing:
        return found
    made = _made(config, missing, now)
    if made and keep:
        try:
            keep_outlook(state, {**kept, **found, **made})
        except OSError as e:
            log.info("the forecasts could not be kept: %s", e)
    # An old forecast is read as a habit of the hours of the day.
    old = {zone: kept[zone] for zone in missing if zone in kept}
    return found | old | made


def _is_fresh(forecast: Forecast, now: datetime) -> bool:
    return now - forecast.issued_at <= FRESH_FOR


def _made(config: Config, zones: Collection[str], now: datetime) -> dict[str, Forecast]:
    # These load what takes a tenth of a second.
    from greenops.wire.signals import open_signal

    try:
        signal = open_signal(config, asks=False)
    except GreenopsError as e:
        log.info("no signal is at hand: %s", e)
        return {}
    found = {zone: _one(signal, zone, config, now) for zone in zones}
    return {zone: forecast for zone, forecast in found.items() if forecast is not None}


def _one(
    signal: CarbonSignal, zone: str, config: Config, now: datetime
) -> Forecast | None:
    """Return the hours as they are stated; of few, what is learnt from those before."""
    from greenops.wire.forecast import forecast_zone, stated_zone

    asked = None if zone == WORLD else zone
    stated = None
    try:
        stated = stated_zone(signal, asked, now=now)
    except (SignalError, UnknownZoneError) as e:
        log.info("nothing is stated of the hours of %s: %s", zone, e)
    if stated is not None and len(stated.hours) >= ENOUGH_HOURS:
        return stated
    try:
        return forecast_zone(signal, asked, config, now=now)
    except (SignalError, UnknownZoneError) as e:
        log.info("no forecast of %s is at hand: %s", zone, e)
        return stated
