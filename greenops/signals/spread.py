"""How much less sure an intensity gets the further it is carried in time."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import exp, hypot, inf, log, sqrt

from greenops.model import IntensityKind, IntensityPoint, Provenance

DRIFT_PER_ROOT_HOUR = 0.30
DRIFT_AT_MOST = 1.0
"""95 % of hours lie within exp(0.3 sqrt(h)) of the one h hours before, at most e.

Source: measured on 67 hourly series, 8 regions of CarbonCast (2020-2021) and 59 zones
of 2022 (Electricity Maps data, EuroSys'24). In nine of ten, 95 % of the logarithms of
the ratio lie within 0.26 at 1 h, 0.44 at 2 h, 0.62 at 4 h, 0.77 at 8 h, 0.93 at 36 h,
0.96 at a week.
"""
MARGINAL_TIMES = 2.0
"""Marginal intensity jumps from plant to plant, so it drifts faster. Assumed."""
FLOOR_G_PER_KWH = 1.0
"""A carried zero may have become something; its upper bound is this much times."""
BRIDGE_AT_MOST = timedelta(hours=2)
"""Longer gaps are not bridged: another source knows better."""


def drift(span: timedelta, kind: IntensityKind) -> float:
    """Return the 95 % logarithmic change of an intensity within `span`, from 0 up."""
    hours = max(0.0, span / timedelta(hours=1))
    times = MARGINAL_TIMES if kind is IntensityKind.MARGINAL else 1.0
    return times * min(DRIFT_PER_ROOT_HOUR * sqrt(hours), DRIFT_AT_MOST)


def widened(point: IntensityPoint, by: float, *, source: str = "") -> IntensityPoint:
    """Return `point` with bounds wider by the logarithm `by`, independent of theirs.

    Args:
        point: As the source stated it.
        by: 95 % logarithmic spread that comes on top.
        source: In place of the point's own, where given.
    """
    central = point.intensity_g_per_kwh
    high_from = max(central, FLOOR_G_PER_KWH)
    up = hypot(_log_ratio(point.high_g_per_kwh, high_from), by)
    down = hypot(_log_ratio(central, point.low_g_per_kwh), by)
    return replace(
        point,
        low_g_per_kwh=min(point.low_g_per_kwh, central * exp(-down)),
        high_g_per_kwh=max(point.high_g_per_kwh, high_from * exp(up)),
        source=source or point.source,
    )


def carried(point: IntensityPoint, start: datetime, stop: datetime) -> IntensityPoint:
    """Return `point` as it stands for `[start, stop)`, which it does not cover.

    The bounds widen by the drift to the far end of that span.
    """
    away = max(stop - point.stop, point.start - start)
    return replace(
        widened(point, drift(away, point.kind)),
        start=start,
        stop=stop,
        provenance=Provenance.BRIDGED,
    )


def gaps_in(
    points: Sequence[IntensityPoint], start: datetime, stop: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the parts of `[start, stop)` no point covers; `points` are in order."""
    gaps = []
    reached = start
    for point in points:
        if point.start > reached:
            gaps.append((reached, min(point.start, stop)))
        reached = max(reached, point.stop)
    if reached < stop:
        gaps.append((reached, stop))
    return gaps


def bridged(
    points: Sequence[IntensityPoint], start: datetime, stop: datetime
) -> list[IntensityPoint]:
    """Return `points` with short gaps in `[start, stop)` filled, each said to be.

    Between two points it is their mean, within the wider of their bounds; at an end it
    is the nearest point. Either way the bounds widen with the length of the gap. Gaps
    over `BRIDGE_AT_MOST` stay.
    """
    filled = list(points)
    for gap_start, gap_stop in gaps_in(points, start, stop):
        if gap_stop - gap_start > BRIDGE_AT_MOST:
            continue
        behind = bisect_left(points, gap_stop, key=_start)
        before = points[behind - 1] if behind > 0 else None
        after = points[behind] if behind < len(points) else None
        nearest = before or after
        if nearest is not None:
            whole = _between(before, after) if before and after else nearest
            filled.append(carried(whole, gap_start, gap_stop))
    return sorted(filled, key=_start)


def _between(before: IntensityPoint, after: IntensityPoint) -> IntensityPoint:
    """Return the mean of two points, placed where the first is."""
    return replace(
        before,
        intensity_g_per_kwh=(before.intensity_g_per_kwh + after.intensity_g_per_kwh)
        / 2,
        low_g_per_kwh=min(before.low_g_per_kwh, after.low_g_per_kwh),
        high_g_per_kwh=max(before.high_g_per_kwh, after.high_g_per_kwh),
    )


def clipped(
    points: Sequence[IntensityPoint], gaps: Sequence[tuple[datetime, datetime]]
) -> list[IntensityPoint]:
    """Return the parts of `points`, which are in order, that lie in `gaps`."""
    return [
        replace(p, start=max(p.start, start), stop=min(p.stop, stop))
        for start, stop in gaps
        for p in points[
            bisect_right(points, start, key=_stop) : bisect_left(
                points, stop, key=_start
            )
        ]
    ]


def _log_ratio(above: float, below: float) -> float:
    if below <= 0:
        return inf if above > 0 else 0.0
    return max(0.0, log(above / below)) if above > 0 else 0.0


def _start(point: IntensityPoint) -> datetime:
    return point.start


def _stop(point: IntensityPoint) -> datetime:
    return point.stop
