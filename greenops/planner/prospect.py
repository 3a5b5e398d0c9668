"""What the hours ahead are expected to emit, and how unsure that is, slot by slot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite, log

import numpy as np
from numpy.typing import NDArray

from greenops.model import Basis, Forecast, ForecastHour, IntensityPoint

Floats = NDArray[np.float64]

HOUR = timedelta(hours=1)
DAY_H = 24
STALE_AFTER = timedelta(hours=24)
"""A forecast that was not renewed for this long is no longer followed to its end.

Sources renew theirs at least once a day; see `docs/decisions/0143-*`.
"""
Z80, Z95 = 1.2816, 1.9600
"""Standard deviations from a normal's middle to an end of its 80 and 95 % intervals."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prospect:
    """Expected intensity of the hours from now on, one row per job or place.

    Attributes:
        g_per_kwh: Shape (rows, hours); NaN: not known.
        log_sd: Standard deviation of its logarithm, the same shape; NaN where the hour
            is not known.
        stale: It rests on a forecast that was not renewed in time, or on none.
    """

    g_per_kwh: Floats
    log_sd: Floats
    stale: bool = False

    def __post_init__(self) -> None:
        if self.g_per_kwh.ndim != 2 or self.g_per_kwh.shape != self.log_sd.shape:
            raise ValueError(
                "a prospect needs intensities and their spread in one shape (rows, "
                f"hours), not {self.g_per_kwh.shape} and {self.log_sd.shape}"
            )
        known = ~np.isnan(self.g_per_kwh)
        for name, values in (("g/kWh", self.g_per_kwh), ("log_sd", self.log_sd)):
            if not (np.isfinite(values[known]) & (values[known] >= 0.0)).all():
                raise ValueError(f"{name} of a known hour must be finite and 0 or more")


def prospect(
    forecast: Forecast | None,
    now: datetime,
    hours: int,
    *,
    past: Sequence[IntensityPoint] = (),
) -> Prospect:
    """Return one row of `hours`, from the hour that holds `now`.

    Hours that the forecast says nothing of are not known. Where it was not renewed for
    a day, those beyond its end are expected to be as that hour of the day is on average
    in the forecast and in what came before, the mean of the two: a habit lasts longer
    than weather. Those have no spread: a habit errs in the level of a day, which does
    not tell its hours apart (`docs/decisions/0143-*`).

    Args:
        forecast: The latest there is; None: there is none.
        now: Aware.
        hours: How many, from 1.
        past: What came lately, about four weeks, of the forecast's kind; all that is
            left where there is no forecast.

    Raises:
        ValueError: `now` is not aware.
    """
    if now.tzinfo is None:
        raise ValueError("a prospect needs an aware time")
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    g_per_kwh, log_sd = np.full((2, 1, hours), np.nan)
    stated = (
        [] if forecast is None else [h for h in forecast.hours if _usable(h, forecast)]
    )
    for hour in stated:
        at = (hour.start - first) // HOUR
        if 0 <= at < hours:
            g_per_kwh[0, at], log_sd[0, at] = hour.intensity_g_per_kwh, _log_sd(hour)
    stale = forecast is None or now - forecast.issued_at > STALE_AFTER
    if stale:
        habit = _habit(stated, past)
        empty = np.isnan(g_per_kwh[0])
        g_per_kwh[0, empty] = habit[(first.hour + np.flatnonzero(empty)) % DAY_H]
        log_sd[0, empty & ~np.isnan(g_per_kwh[0])] = 0.0
    return Prospect(g_per_kwh=g_per_kwh, log_sd=log_sd, stale=stale)


def _habit(stated: Sequence[ForecastHour], past: Sequence[IntensityPoint]) -> Floats:
    """Return the mean of each hour of the day (UTC), shape (24,); NaN: not known."""
    said = _of_day((h.start, h.intensity_g_per_kwh) for h in stated)
    came = _of_day((p.start, p.intensity_g_per_kwh) for p in past)
    both = (said + came) / 2
    return np.where(np.isnan(said), came, np.where(np.isnan(came), said, both))


def _of_day(figures: Iterable[tuple[datetime, float]]) -> Floats:
    sums, counts = np.zeros((2, DAY_H))
    for start, g_per_kwh in figures:
        at = start.astimezone(UTC).hour
        sums[at] += g_per_kwh
        counts[at] += 1
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _usable(hour: ForecastHour, forecast: Forecast) -> bool:
    """Tell a figure from a hole: no plant has a life cycle of 0 g/kWh."""
    if not isfinite(hour.intensity_g_per_kwh):
        return False
    return hour.intensity_g_per_kwh > 0.0 or forecast.basis is Basis.DIRECT


def _log_sd(hour: ForecastHour) -> float:
    """Return the spread that the 80 % band states, in logarithms."""
    if hour.low80_g_per_kwh > 0.0:
        return log(hour.high80_g_per_kwh / hour.low80_g_per_kwh) / (2 * Z80)
    if hour.intensity_g_per_kwh > 0.0:
        return log(hour.high80_g_per_kwh / hour.intensity_g_per_kwh) / Z80
    return 0.0
