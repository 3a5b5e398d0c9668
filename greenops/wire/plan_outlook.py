"""What is known of the hours ahead at each place, or was known in a replay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from greenops.config import Config
from greenops.errors import ConfigError, SignalError, UnknownZoneError
from greenops.forecast.hours import HOUR
from greenops.model import Forecast, IntensityKind, Place, Seen
from greenops.wire.forecast import MOST_HOURS, forecast_zone
from greenops.wire.signals import open_signal
from greenops.wire.traces import Traces

WAIT_S = 10.0
"""A person at a terminal waits longer than the end of a job may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Places with their forecasts.

    Attributes:
        places: All of them; one without a forecast is left out by the planner.
        actual: What came, by the name of the place; empty: no replay.
        notes: Why a place has none.
        sources: Who must be named beside the figures.
    """

    places: tuple[Place, ...]
    actual: Mapping[str, Forecast] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def forecast_places(
    places: Sequence[Place], config: Config, *, now: datetime, kind: IntensityKind
) -> Outlook:
    """Return places with what the configured signals say of their hours ahead.

    Each zone is asked for once. What is asked of anyone is what is configured.

    Raises:
        ConfigError: no signal of this kind is configured.
        SignalError: there is no forecast of a single zone.
    """
    signal = open_signal(config, kind=kind, wait_s=max(WAIT_S, config.signals_wait_s))
    forecasts: dict[str, Forecast] = {}
    refused: dict[str, str] = {}
    for zone in dict.fromkeys(place.zone for place in places):
        try:
            forecasts[zone] = forecast_zone(
                signal, zone, config, hours=MOST_HOURS, now=now
            )
        except (SignalError, UnknownZoneError) as e:
            refused[zone] = f"no forecast of {zone}: {e}"
    if not forecasts:
        raise SignalError("\n".join(refused.values()))
    return Outlook(
        places=tuple(
            replace(p, forecast=forecasts.get(p.zone), seen=_seen(p, now))
            for p in places
        ),
        notes=tuple(refused.values()),
        sources=tuple(signal.attributions()),
    )


def replay_places(
    places: Sequence[Place],
    traces: Traces,
    *,
    now: datetime,
    called: Mapping[str, str],
) -> Outlook:
    """Return places with what was known of them at a past moment, and what came.

    Args:
        places: Without forecasts.
        traces: The recorded hours.
        now: The moment of planning.
        called: What their files call a place's zone, by the name of the place.

    Raises:
        ConfigError: they have no place's hours around `now`.
    """
    forecasts: dict[str, Forecast] = {}
    actual: dict[str, Forecast] = {}
    refused = []
    for place in places:
        zone = called.get(place.name, place.zone)
        try:
            actual[place.name] = traces.that_came(zone, now, now + MOST_HOURS * HOUR)
            forecasts[place.name] = traces.known_at(zone, now)
        except (SignalError, UnknownZoneError) as e:
            refused.append(f"no hours for {place.name}: {e}")
    if not forecasts:
        raise ConfigError(
            "\n".join((*refused, f"nothing to replay at {now:%Y-%m-%d %H:%M} UTC"))
        )
    return Outlook(
        places=tuple(
            replace(p, forecast=forecasts.get(p.name), seen=_seen(p, now))
            for p in places
        ),
        actual={name: actual[name] for name in forecasts},
        notes=tuple(refused),
        sources=traces.attributions(),
    )


def _seen(place: Place, now: datetime) -> Seen | None:
    """Return what the file of places says is free now: its author has looked."""
    if place.free is None:
        return None
    free = [f.gpus for f in place.free if f.start <= now < f.stop]
    return Seen(free_gpus=max(free, default=0), at=now)
