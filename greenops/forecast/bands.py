"""Bands that hold what they promise: from how the same forecast failed before.

The quantiles of past errors at each lead time, taken a little further out for the
number of days they come from, and scaled by how the last fortnight compares.

Source: split conformal prediction, Lei et al. 2018 (doi:10.1080/01621459.2017.1307116);
the scaling follows the idea of Gibbs and Candes 2021 (arXiv:2106.00170), that a band
must follow when errors grow.
"""

import numpy as np

from greenops.forecast.hours import Floats

OUTSIDE_80, OUTSIDE_95 = 0.20, 0.05
POOLED_H = 2
"""Errors of lead times up to this many hours away count for a lead time too."""
RECENT_DAYS = 14
LEAST_DAYS = 14
"""With fewer days tested, the bands are those of a grid nobody has tested on."""
UNTESTED_FACTOR_95 = 2.0
"""95 % factor of an hour around its mean, as for annual averages.

Source: Wiesner et al. 2021 (doi:10.1145/3464298.3493399), see `signals.annual`.
"""
WITHIN_80 = 1.28 / 1.96
"""How far an 80 % end lies towards a 95 % end, for errors normal in logarithms."""

LEAST_WIDTH = 0.005
"""Nearest that an end comes to the forecast, in logarithms: sources round."""


def bands(errors: Floats) -> Floats:
    """Return low 95, low 80, high 80, high 95 % ends, shape (4, hours ahead).

    They are added to a forecast in logarithms. Each is at least `LEAST_WIDTH` from it.

    Args:
        errors: Shape (days, hours ahead), outcome over forecast in logarithms, days
            in order; NaN where one is not known.
    """
    ahead = errors.shape[1]
    found = np.stack([_at(errors, h) for h in range(ahead)], axis=1)
    found *= _recent_scale(errors)
    low, high = np.minimum(found[:2], -LEAST_WIDTH), np.maximum(found[2:], LEAST_WIDTH)
    return np.vstack((low, high))


def enough(errors: Floats) -> bool:
    """Return whether enough days were tested for bands of their own."""
    return bool(np.isfinite(errors).any(axis=1).sum() >= LEAST_DAYS)


def _at(errors: Floats, hour: int) -> Floats:
    near = errors[:, max(0, hour - POOLED_H) : hour + POOLED_H + 1]
    days = int(np.isfinite(near).any(axis=1).sum())
    if days < LEAST_DAYS:
        far = np.log(UNTESTED_FACTOR_95)
        return np.array([-far, -far * WITHIN_80, far * WITHIN_80, far])
    ends = [1 - _level(OUTSIDE_95, days), 1 - _level(OUTSIDE_80, days)]
    ends += [_level(OUTSIDE_80, days), _level(OUTSIDE_95, days)]
    return np.asarray(np.quantile(near[np.isfinite(near)], ends))


def _level(outside: float, days: int) -> float:
    """Return the quantile that is exceeded by half of `outside` for a day to come."""
    return min(1.0, (1 - outside / 2) * (days + 1) / days)


def _recent_scale(errors: Floats) -> float:
    """Return how the last days' errors compare to all, drawn halfway to 1.

    Days are compared at the hours ahead that are over: of the last ones these are the
    first hours, which are the easy ones.
    """
    known = np.isfinite(errors)
    tested = known.any(axis=1)
    known = known[tested]
    if len(known) < 2 * RECENT_DAYS:
        return 1.0
    sizes = np.where(known, np.abs(errors[tested]), 0.0)
    usual = sizes.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    expected = float((known * usual)[-RECENT_DAYS:].sum())
    if expected <= 0.0:
        return 1.0
    return 0.5 + 0.5 * float(sizes[-RECENT_DAYS:].sum()) / expected
