"""How good a forecast was: its mean relative error, and whether its bands held."""

import numpy as np

from greenops.forecast.hours import Floats


def mape_pct(said: Floats, came: Floats) -> float:
    """Return the mean of |said - came| / came in percent; hours not known are left out.

    Args:
        said: In g/kWh.
        came: The same shape; NaN or 0 where there is nothing to compare with.
    """
    counted = np.isfinite(said) & np.isfinite(came) & (came > 0)
    error = np.abs(said[counted] - came[counted]) / came[counted]
    return float(100 * error.mean()) if error.size else float("nan")


def cover_pct(low: Floats, high: Floats, came: Floats) -> float:
    """Return how many of the known hours lie within `[low, high]`, in percent."""
    counted = np.isfinite(came) & np.isfinite(low) & np.isfinite(high)
    inside = (low[counted] <= came[counted]) & (came[counted] <= high[counted])
    return float(100 * inside.mean()) if inside.size else float("nan")
