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
    """Return the forecast to plan with: the place's own, unless it is too old.

    None: nothing is known at all.

    Args:
        place: With its latest forecast, if it has one.
        now: Aware; the hours begin with the one that holds this moment.
        until: How far they reach.
        past: What came there lately, of the forecast's kind.
    """
    own = place.forecast
    if own is not None and own.method.endswith(PATTERN):
        return own
    ahead = prospect(own, now, max(1, ceil((until - now) / HOUR) + 1), past=past)
    if not ahead.stale:
        return own
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = zip(ahead.g_per_kwh[0].tolist(), ahead.log_sd[0].tolist(), strict=True)
    hours = tuple(
        hour_of(first + i * HOUR, g, sd) for i, (g, sd) in enumerate(rows) if g == g
    )
    if not hours:
        return None
    if own is not None:
        return replace(own, hours=hours, method=f"{own.method}, {PATTERN}")
    return Forecast(
        zone=place.zone,
        kind=past[-1].kind,
        basis=past[-1].basis,
        issued_at=past[-1].stop,
        method=f"what came before, {PATTERN}",
        source=past[-1].source,
        hours=hours,
    )


def hour_of(start: datetime, g_per_kwh: float, log_sd: float) -> ForecastHour:
    """Return an hour with the bands of a log-normal spread.

    Args:
        start: Aware.
        g_per_kwh: Expected.
        log_sd: Standard deviation of its logarithm.
    """
    return ForecastHour(
        start=start,
        intensity_g_per_kwh=g_per_kwh,
        low80_g_per_kwh=g_per_kwh * exp(-Z80 * log_sd),
        high80_g_per_kwh=g_per_kwh * exp(Z80 * log_sd),
        low95_g_per_kwh=g_per_kwh * exp(-Z95 * log_sd),
        high95_g_per_kwh=g_per_kwh * exp(Z95 * log_sd),
    )
