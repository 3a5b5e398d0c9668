"""Hours of grids that never were, each with a habit or a noise that is known."""

from datetime import UTC, datetime, timedelta

import numpy as np

from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, History
from greenops.model import IntensityPoint

FIRST = datetime(2024, 1, 15, tzinfo=UTC)


def history(values, *, first=FIRST, mix=None):
    return History(first=first, g_per_kwh=np.asarray(values, dtype=np.float64), mix=mix)


def habitual(days, *, level=300.0, seed=None, noise=0.05):
    """A daily and a weekly habit; with a seed also noise that lasts for hours."""
    hour = np.arange(days * DAY_H)
    log_g = 0.3 * np.sin(2 * np.pi * hour / DAY_H)
    log_g += 0.1 * np.where(hour % WEEK_H >= 5 * DAY_H, -1.0, 0.0)
    if seed is not None:
        log_g += autoregressive(len(hour), seed=seed, size=noise)
    return level * np.exp(log_g)


def autoregressive(hours, *, seed, size, rho=0.9):
    """Noise of standard deviation `size`, correlated by `rho` from hour to hour."""
    steps = np.random.default_rng(seed).normal(0.0, size * np.sqrt(1 - rho**2), hours)
    out = np.empty(hours)
    last = 0.0
    for i, step in enumerate(steps):
        last = rho * last + step
        out[i] = last
    return out


def point(start, g=100.0, *, length=HOUR, zone="DE", low=None, high=None, **fields):
    return IntensityPoint(
        start=start,
        stop=start + length,
        intensity_g_per_kwh=g,
        low_g_per_kwh=0.9 * g if low is None else low,
        high_g_per_kwh=1.1 * g if high is None else high,
        zone=zone,
        source="acme",
        **fields,
    )


def minutes(count):
    return timedelta(minutes=count)
