"""What a provider said would come, laid out beside one's own forecasts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from greenops.forecast.features import FLOOR_G_PER_KWH
from greenops.forecast.hours import HOUR, Floats, hourly, whole_hour
from greenops.model import IntensityPoint

OLDEST_ISSUE = timedelta(days=2)
"""An issue older than this says nothing any more."""


def provider_hours(
    points: Sequence[IntensityPoint], origins: Sequence[datetime], ahead: int
) -> Floats:
    """Return what was said by each origin, shape (origins, ahead), NaN where nothing.

    Of each hour counts the latest issue before the hour of the origin was over (which
    is when a forecast from that origin is made), none that was older than two days at
    the origin. Logarithms of g/kWh.

    Args:
        points: Forecasts of one zone, kind and basis, each with its time of issue.
        origins: Starts of the first hours ahead, UTC.
        ahead: How many hours.
    """
    issues: dict[datetime, list[IntensityPoint]] = {}
    for point in points:
        if point.issued_at is not None:
            issues.setdefault(point.issued_at, []).append(point)
    laid = [(issued, *_laid(issues[issued])) for issued in sorted(issues)]
    out = np.full((len(origins), ahead), np.nan)
    for row, origin in zip(out, origins, strict=True):
        for issued, first, said in laid:
            if origin - OLDEST_ISSUE <= issued < origin + HOUR:
                _lay(row, said, (first - origin) // HOUR)
    return np.asarray(np.log(np.maximum(out, FLOOR_G_PER_KWH)))


def _laid(points: Sequence[IntensityPoint]) -> tuple[datetime, Floats]:
    """Return the first hour of an issue, and what it says from there on."""
    first = whole_hour(min(p.start for p in points))
    hours = -(-(max(p.stop for p in points) - first) // HOUR)
    return first, hourly(points, first, hours)


def _lay(row: Floats, said: Floats, at: int) -> None:
    """Write what is known of `said` over `row`, from index `at` on, maybe negative."""
    start, stop = max(0, at), min(len(row), at + len(said))
    if start < stop:
        part = said[start - at : stop - at]
        np.copyto(row[start:stop], part, where=~np.isnan(part))
