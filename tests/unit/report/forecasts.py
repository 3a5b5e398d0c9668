"""Forecasts drawn up by hand, for what shows them."""

from datetime import UTC, datetime, timedelta

from greenops.model import Basis, Forecast, ForecastHour, IntensityKind

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hour(at, g, *, start=MONDAY):
    return ForecastHour(
        start=start + at * HOUR,
        intensity_g_per_kwh=g,
        low80_g_per_kwh=0.8 * g,
        high80_g_per_kwh=1.2 * g,
        low95_g_per_kwh=0.6 * g,
        high95_g_per_kwh=1.5 * g,
    )


def forecast(values, *, start=MONDAY, zone="DE", source="acme", method="own"):
    return Forecast(
        zone=zone,
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        issued_at=start,
        method=method,
        source=source,
        hours=tuple(hour(i, float(g), start=start) for i, g in enumerate(values)),
    )
