"""A forecast that was not renewed for a day, carried on by its daily pattern."""

from dataclasses import replace
from datetime import UTC, datetime
from math import ceil, exp

from greenops.model import Forecast, ForecastHour
from greenops.planner.prospect import HOUR, Z80, Z95, prospect


def carried_on(
    forecast: Forecast | None, now: datetime, until: datetime
) -> Forecast | None:
    """Return a forecast that is too old, carried on by its pattern; None: it is not.

    Args:
        forecast: The latest there is; None: there is none.
        now: Aware; its hours begin with the one that holds this moment.
        until: How far they reach.
    """
    if forecast is None or not forecast.hours:
        return None
    ahead_h = ceil((until - now) / HOUR) + 1
    ahead = prospect(forecast, now, max(1, ahead_h))
    if not ahead.stale:
        return None
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = zip(ahead.g_per_kwh[0].tolist(), ahead.log_sd[0].tolist(), strict=True)
    hours = tuple(
        _hour_of(first + i * HOUR, g, sd) for i, (g, sd) in enumerate(rows) if g == g
    )
    return replace(
        forecast, hours=hours, method=f"{forecast.method}, its daily pattern carried on"
    )


def _hour_of(start: datetime, g_per_kwh: float, log_sd: float) -> ForecastHour:
    return ForecastHour(
        start=start,
        intensity_g_per_kwh=g_per_kwh,
        low80_g_per_kwh=g_per_kwh * exp(-Z80 * log_sd),
        high80_g_per_kwh=g_per_kwh * exp(Z80 * log_sd),
        low95_g_per_kwh=g_per_kwh * exp(-Z95 * log_sd),
        high95_g_per_kwh=g_per_kwh * exp(Z95 * log_sd),
    )
