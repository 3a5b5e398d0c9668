"""A forecast as people read it: hours drawn together, and the cleanest stretch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import fmean

from greenops.model import Forecast, ForecastHour

HOUR = timedelta(hours=1)
MOST_ROWS = 30
JOB_H = 4
"""The stretch that is looked for: a job of a few hours."""
WORTH = 0.01
"""A saving below this is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Hours drawn together: `hour` holds their means, `start` is in local time."""

    start: datetime
    length: timedelta
    hour: ForecastHour


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Hours on end; `saved` is the share of emissions against starting at once."""

    start: datetime
    hours: int
    mean_g_per_kwh: float
    saved: float


def steps(forecast: Forecast, zone: tzinfo | None) -> list[Step]:
    """Return the hours in at most thirty rows, each of 1, 3, 6 or 12 hours."""
    hours = forecast.hours
    size = next((n for n in (1, 3, 6, 12) if len(hours) <= n * MOST_ROWS), 24)
    groups = [hours[i : i + size] for i in range(0, len(hours), size)]
    return [
        Step(
            start=group[0].start.astimezone(zone),
            length=len(group) * HOUR,
            hour=_mean(group),
        )
        for group in groups
    ]


def cleanest(forecast: Forecast) -> Stretch | None:
    """Return the cleanest stretch of four hours; None: starting now is as good."""
    means = [h.intensity_g_per_kwh for h in forecast.hours]
    if len(means) < 2 * JOB_H:
        return None
    sums = [fmean(means[i : i + JOB_H]) for i in range(len(means) - JOB_H + 1)]
    best = min(range(len(sums)), key=sums.__getitem__)
    saved = 1 - sums[best] / sums[0] if sums[0] > 0 else 0.0
    if saved < WORTH:
        return None
    return Stretch(
        start=forecast.hours[best].start,
        hours=JOB_H,
        mean_g_per_kwh=sums[best],
        saved=saved,
    )


def _mean(hours: Sequence[ForecastHour]) -> ForecastHour:
    return ForecastHour(
        start=hours[0].start,
        intensity_g_per_kwh=fmean(h.intensity_g_per_kwh for h in hours),
        low80_g_per_kwh=fmean(h.low80_g_per_kwh for h in hours),
        high80_g_per_kwh=fmean(h.high80_g_per_kwh for h in hours),
        low95_g_per_kwh=fmean(h.low95_g_per_kwh for h in hours),
        high95_g_per_kwh=fmean(h.high95_g_per_kwh for h in hours),
    )
