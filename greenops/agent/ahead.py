"""Forecasts as they can be followed: an old one is read as a habit of the day."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, isnan

from greenops.model import Forecast, ForecastHour, Place
from greenops.planner.prospect import STALE_AFTER, Z80, prospect

HOURS = 168
Z95 = 1.96


def followed(forecast: Forecast | None, now: datetime) -> Forecast | None:
    """Return a forecast that can be planned with now; None: nothing is known.

    One that was not renewed for a day is carried on by what it says of each hour of the
    day (`docs/decisions/0143-*`), however long its source has been silent.
    """
    if forecast is None or now - forecast.issued_at <= STALE_AFTER:
        return forecast
    ahead = prospect(forecast, now, HOURS)
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = tuple(
        _hour(first + timedelta(hours=i), float(g), float(sd))
        for i, (g, sd) in enumerate(
            zip(ahead.g_per_kwh[0], ahead.log_sd[0], strict=True)
        )
        if not isnan(g)
    )
    if not hours:
        return None
    return replace(forecast, hours=hours, method=f"{forecast.method}, carried on")


def of_one_kind(places: Iterable[Place]) -> tuple[Place, ...]:
    """Return places whose forecasts may be compared; the others have none.

    Average and marginal intensities, or two bases, are never weighed against each
    other: what most places have counts.
    """
    listed = tuple(places)
    kinds = [(p.forecast.kind, p.forecast.basis) for p in listed if p.forecast]
    if len(set(kinds)) < 2:
        return listed
    most = Counter(kinds).most_common(1)[0][0]
    return tuple(
        replace(p, forecast=None)
        if p.forecast and (p.forecast.kind, p.forecast.basis) != most
        else p
        for p in listed
    )


def _hour(start: datetime, g_per_kwh: float, log_sd: float) -> ForecastHour:
    near, far = exp(Z80 * log_sd), exp(Z95 * log_sd)
    return ForecastHour(
        start=start,
        intensity_g_per_kwh=g_per_kwh,
        low80_g_per_kwh=g_per_kwh / near,
        high80_g_per_kwh=g_per_kwh * near,
        low95_g_per_kwh=g_per_kwh / far,
        high95_g_per_kwh=g_per_kwh * far,
    )
