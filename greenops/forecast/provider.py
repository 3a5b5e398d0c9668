"""What a provider said would come, laid out beside one's own forecasts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from greenops.forecast.features import FLOOR_G_PER_KWH
from greenops.forecast.hours import HOUR, Floats, History, hourly, whole_hour
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
    laid = _issues(points)
    out = np.full((len(origins), ahead), np.nan)
    for row, origin in zip(out, origins, strict=True):
        for issued, first, said in laid:
            if origin - OLDEST_ISSUE <= issued < origin + HOUR:
                _lay(row, said, (first - origin) // HOUR)
    return np.asarray(np.log(np.maximum(out, FLOOR_G_PER_KWH)))


def provider_missed(points: Sequence[IntensityPoint], history: History) -> Floats:
    """Return what came over what was said last, shape (hours of the history,).

    Logarithms; NaN where nothing was said, or what came is not known. Of each hour
    counts the latest issue before it was over, none that was older than two days.

    Args:
        points: As for `provider_hours`.
        history: What came.
    """
    stood = np.full(len(history.g_per_kwh), np.nan)
    for issued, first, said in _issues(points):
        start = max(first, whole_hour(issued))
        stop = whole_hour(issued + OLDEST_ISSUE) + HOUR
        part = said[(start - first) // HOUR : max(0, (stop - first) // HOUR)]
        _lay(stood, part, (start - history.first) // HOUR)
    both = np.stack((history.g_per_kwh, stood))
    came, said_last = np.log(np.maximum(both, FLOOR_G_PER_KWH))
    return np.asarray(came - said_last)


def _issues(
    points: Sequence[IntensityPoint],
) -> list[tuple[datetime, datetime, Floats]]:
    """Return each issue with its first hour and what it says, the oldest first."""
    issues: dict[datetime, list[IntensityPoint]] = {}
    for point in points:
        if point.issued_at is not None:
            issues.setdefault(point.issued_at, []).append(point)
    return [(issued, *_laid(issues[issued])) for issued in sorted(issues)]


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
