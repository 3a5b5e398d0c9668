"""What a forecast looks at: recent hours, habits, calendar and mix, at given origins.

All of intensity is in logarithms, relative to the mean of the last week: grids differ
in level by a factor of fifty, and their errors are relative.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, Floats, History, filled

LOOK_BACK_H = 28 * DAY_H
"""Hours before an origin that its features need."""
LAGS_H = 48
FLOOR_G_PER_KWH = 1.0
"""Below this, hours count as equal: a relative error of a hydro grid at 0 is none."""
DAYS_A_YEAR = 365.25

# How strongly each group of features is held back by the ridge (a larger weight is
# penalised less). Chosen by hand on the CarbonCast regions of 2021, the same for all;
# halving or doubling any one moved the mean error by less than 0.1 points.
W_PROFILE, W_LEVEL, W_WEEKDAY, W_YEAR, W_MIX, W_MIX_HOURS = 1.0, 2.0, 0.5, 0.3, 2.0, 0.5

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A history made ready: without gaps, in logarithms.

    Attributes:
        first: Start of the first hour, UTC.
        log_g: Shape (hours,).
        known: Shape (hours,): which hours were truly known.
        mix: Shape (hours, columns), those with any known hour; or None.
    """

    first: datetime
    log_g: Floats
    known: NDArray[np.bool_]
    mix: Floats | None

    def __len__(self) -> int:
        return len(self.log_g)


def prepared(history: History) -> Prepared:
    """Return the history as features are taken from it.

    Raises:
        SignalError: not one hour is known.
    """
    hours = np.maximum(filled(history.g_per_kwh), FLOOR_G_PER_KWH)
    mix = None
    if history.mix is not None and mix_columns(history).size:
        columns = [filled(history.mix[:, j]) for j in mix_columns(history)]
        mix = np.column_stack(columns)
    return Prepared(
        first=history.first,
        log_g=np.log(hours),
        known=~np.isnan(history.g_per_kwh),
        mix=mix,
    )


def mix_columns(history: History) -> Indices:
    """Return which columns of the mix have any known hour."""
    if history.mix is None:
        return np.array([], dtype=np.intp)
    return np.flatnonzero(~np.isnan(history.mix).all(axis=0))


def weekly_profile(prepared: Prepared, origins: Indices, hours: int) -> Floats:
    """Return the mean of the last seven days, hour by hour, carried on for `hours`.

    Shape (origins, hours), logarithms of g/kWh: what a forecast deviates from.
    """
    week = _before(prepared.log_g, origins, WEEK_H).reshape(-1, 7, DAY_H).mean(axis=1)
    return np.tile(week, (1, -(-hours // DAY_H)))[:, :hours]


def features(prepared: Prepared, origins: Indices) -> Floats:
    """Return one row of features per origin, shape (origins, columns).

    Args:
        prepared: The history.
        origins: Indices of the first hour that is not known yet, from `LOOK_BACK_H` on.
            All at the same hour of the day: features are relative to it.
    """
    days = _before(prepared.log_g, origins, LOOK_BACK_H).reshape(-1, 28, DAY_H)
    recent = _before(prepared.log_g, origins, LAGS_H)
    week = days[:, -7:].mean(axis=1)
    level = week.mean(axis=1, keepdims=True)
    columns = [
        recent - level,
        W_PROFILE * (days.mean(axis=1) - week),
        W_PROFILE * (week - level),
        W_LEVEL * _levels(days, recent, week, level),
        *_calendar(prepared.first, origins),
    ]
    if prepared.mix is not None:
        columns += _mix(prepared.mix, origins)
    return np.hstack(columns)


def _before(values: Floats, origins: Indices, hours: int) -> Floats:
    """Return the `hours` before each origin, shape (origins, hours)."""
    return np.asarray(sliding_window_view(values, hours)[origins - hours])


def _levels(days: Floats, recent: Floats, week: Floats, level: Floats) -> Floats:
    means = days.mean(axis=2) - level
    return np.column_stack(
        (
            means[:, -1],
            means[:, -2],
            means[:, -3],
            means[:, -7],
            means.mean(axis=1),
            means[:, -14:].mean(axis=1),
            recent[:, -6:].mean(axis=1) - week[:, -6:].mean(axis=1),
            recent[:, -1] - week[:, -1],
        )
    )


def _calendar(first: datetime, origins: Indices) -> list[Floats]:
    moments = [first + int(i) * HOUR for i in origins]
    weekday = np.eye(7)[np.array([m.weekday() for m in moments], dtype=np.intp)]
    days = np.array([m.timetuple().tm_yday for m in moments], dtype=np.float64)
    angle = 2 * np.pi / DAYS_A_YEAR * days
    year = (np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle))
    return [W_WEEKDAY * weekday, W_YEAR * np.column_stack(year)]


def _mix(mix: Floats, origins: Indices) -> list[Floats]:
    """Return the last day's mix in four parts, its week, and how its hours differ."""
    windows = sliding_window_view(mix, WEEK_H, axis=0)[origins - WEEK_H]
    week = np.moveaxis(windows, 1, 2)  # (origins, hours, columns)
    n, k = len(origins), mix.shape[1]
    last_day = week[:, -DAY_H:]
    usual_day = week.reshape(n, 7, DAY_H, k).mean(axis=1)
    return [
        W_MIX * last_day.reshape(n, 4, 6, k).mean(axis=2).reshape(n, 4 * k),
        W_MIX * week.mean(axis=1),
        W_MIX * week[:, -3:].mean(axis=1),
        W_MIX_HOURS * (last_day - usual_day).reshape(n, DAY_H * k),
    ]
