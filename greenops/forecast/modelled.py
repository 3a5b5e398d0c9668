"""Hours ahead that somebody else stated, with the bands their bounds imply."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from greenops.errors import SignalError
from greenops.forecast.ahead import Ahead, Past
from greenops.forecast.bands import WITHIN_80
from greenops.forecast.hours import Floats, hourly
from greenops.model import IntensityPoint

LEAST_G_PER_KWH = 1e-3
"""What 0 is stated as: logarithms have no 0."""


def modelled(
    points: Sequence[IntensityPoint], first: datetime, ahead: int
) -> tuple[Ahead, Floats]:
    """Return the hours as stated, and bands shaped (4, hours ahead), in logarithms.

    The stated bounds are taken as the 95 % band. What is stated for fewer hours than
    `ahead` is cut there.

    Raises:
        SignalError: nothing is stated for the first hour.
    """
    central = hourly(points, first, ahead)
    low = hourly(points, first, ahead, lambda p: p.low_g_per_kwh)
    high = hourly(points, first, ahead, lambda p: p.high_g_per_kwh)
    known = int(np.argmax(np.isnan(central))) if np.isnan(central).any() else ahead
    if not known:
        raise SignalError(f"no signal says anything of the hours from {first:%F %H:%M}")
    log_g, below, above = (
        np.log(np.maximum(x[:known], LEAST_G_PER_KWH)) for x in (central, low, high)
    )
    below, above = np.minimum(below - log_g, 0.0), np.maximum(above - log_g, 0.0)
    nothing = np.empty((0, known))
    return (
        Ahead(
            log_g=log_g,
            past=Past(origins=np.empty(0, dtype=np.intp), said=nothing, came=nothing),
            method=f"{' and '.join(dict.fromkeys(p.provenance for p in points))}, "
            "as stated",
        ),
        np.stack((below, WITHIN_80 * below, WITHIN_80 * above, above)),
    )
