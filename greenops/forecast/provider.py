"""What a provider said would come, laid out beside one's own forecasts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from greenops.forecast.features import FLOOR_G_PER_KWH
from greenops.forecast.hours import HOUR, Floats, hourly
from greenops.model import IntensityPoint

OLDEST_ISSUE = timedelta(days=2)
"""An issue older than this says nothing any more."""


def provider_hours(
    points: Sequence[IntensityPoint], origins: Sequence[datetime], ahead: int
) -> Floats:
    """Return what was said by each origin, shape (origins, ahead), NaN where nothing.

    Of each hour counts the latest issue at or before the origin, and no older than two
    days. Logarithms of g/kWh.

    Args:
        points: Forecasts of one zone, kind and basis, each with its time of issue.
        origins: Starts of the first hours ahead, UTC.
        ahead: How many hours.
    """
    issues: dict[datetime, list[IntensityPoint]] = {}
    for point in points:
        if point.issued_at is not None:
            issues.setdefault(point.issued_at, []).append(point)
    out = np.full((len(origins), ahead), np.nan)
    for row, origin in zip(out, origins, strict=True):
        for issued in sorted(issues):
            if origin - OLDEST_ISSUE <= issued <= origin + HOUR:
                said = hourly(issues[issued], origin, ahead)
                np.copyto(row, said, where=~np.isnan(said))
    return np.asarray(np.log(np.maximum(out, FLOOR_G_PER_KWH)))
