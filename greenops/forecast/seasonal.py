"""Forecasts that need no fitting: habit of the last days. For references, short pasts.

Source: seasonal naive forecasts, Hyndman and Athanasopoulos, Forecasting: Principles
and Practice, 3rd ed., section 5.2.
"""

import numpy as np

from greenops.errors import SignalError
from greenops.forecast.ahead import Ahead, Past, outcomes
from greenops.forecast.features import FLOOR_G_PER_KWH, Indices, prepared
from greenops.forecast.hours import DAY_H, WEEK_H, Floats, History

LEAST_KNOWN_H = 24
TESTED_DAYS = 60


def persistence(values: Floats, ahead: int) -> Floats:
    """Return the last day over and over, shape (ahead,), in the unit of `values`."""
    return _tiled(values[-DAY_H:], ahead)


def week_mean(values: Floats, ahead: int) -> Floats:
    """Return the mean of the last seven days, shape (ahead,), unit as `values`."""
    return _tiled(values[-WEEK_H:].reshape(7, DAY_H).mean(axis=0), ahead)


def seasonal(history: History, *, ahead: int = WEEK_H) -> Ahead:
    """Return the mean day of the last days, as far as seven are known.

    Raises:
        SignalError: fewer than 24 hours are known.
    """
    known = int(np.isfinite(history.g_per_kwh).sum())
    if known < LEAST_KNOWN_H or len(history.g_per_kwh) < DAY_H:
        raise SignalError(
            f"a forecast needs {LEAST_KNOWN_H} known hours, there are {known}"
        )
    ready = prepared(history)
    days = min(7, len(ready) // DAY_H)
    first = len(ready) - TESTED_DAYS * DAY_H
    while first < days * DAY_H:
        first += DAY_H
    origins: Indices = np.arange(first, len(ready), DAY_H, dtype=np.intp)
    said = [_habit(ready.log_g[:i], days, ahead) for i in origins]
    return Ahead(
        log_g=_habit(ready.log_g, days, ahead),
        past=Past(
            origins=origins,
            said=np.array(said).reshape(-1, ahead),
            came=outcomes(ready, origins, ahead),
        ),
        method=f"mean of the last {days} days" if days > 1 else "the day before",
    )


def _habit(log_g: Floats, days: int, ahead: int) -> Floats:
    recent = np.exp(log_g[-days * DAY_H :]).reshape(days, DAY_H).mean(axis=0)
    return np.log(np.maximum(_tiled(recent, ahead), FLOOR_G_PER_KWH))


def _tiled(day: Floats, ahead: int) -> Floats:
    return np.tile(day, -(-ahead // DAY_H))[:ahead]
