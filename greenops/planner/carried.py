"""A forecast that was not renewed for a day, carried on by its daily pattern."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil, exp

from greenops.model import Forecast, ForecastHour, IntensityPoint, Place
from greenops.planner.prospect import HOUR, Z80, Z95, prospect

PATTERN = "its daily pattern carried on"


def carried_on(
    place: Place, now: datetime, until: datetime, past: Sequence[IntensityPoint] = ()
) -> Forecast | None:
    """Return what stands in for a forecast that is too old, or that there is not.

    None: the place's own still serves, or nothing is known at all.

    Args:
        place: With its latest forecast, if it has one.
        now: Aware; the hours begin with the one that holds this moment.
        until: How far they reach.
        past: What came there lately, of the forecast's kind.
    """
    ahead = prospect(
        place.forecast, now, max(1, ceil((until - now) / HOUR) + 1), past=past
    )
    if not ahead.stale:
        return None
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = zip(ahead.g_per_kwh[0].tolist(), ahead.log_sd[0].tolist(), strict=True)
    hours = tuple(
        _hour(first + i * HOUR, g, sd) for i, (g, sd) in enumerate(rows) if g == g
    )
    if not hours:
        return None
    if place.forecast is not None:
        method = f"{place.forecast.method}, {PATTERN}"
        return replace(place.forecast, hours=hours, method=method)
    return Forecast(
        zone=place.zone,
        kind=past[-1].kind,
        basis=past[-1].basis,
        issued_at=past[-1].stop,
        method=f"what came before, {PATTERN}",
        source=past[-1].source,
        hours=hours,
    )


def _hour(start: datetime, g_per_kwh: float, log_sd: float) -> ForecastHour:
    return ForecastHour(
        start=start,
        intensity_g_per_kwh=g_per_kwh,
        low80_g_per_kwh=g_per_kwh * exp(-Z80 * log_sd),
        high80_g_per_kwh=g_per_kwh * exp(Z80 * log_sd),
        low95_g_per_kwh=g_per_kwh * exp(-Z95 * log_sd),
        high95_g_per_kwh=g_per_kwh * exp(Z95 * log_sd),
    )
