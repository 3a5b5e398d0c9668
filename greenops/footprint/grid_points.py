"""The intensities of one run, put in order: one signal, no overlap, short gaps filled.

Two kinds or two bases in one sum are an error, whatever the figures: a sum of average
and marginal grams, or of stacks and whole lives, is a number of nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from greenops.errors import MixedSignalsError, SignalError
from greenops.model import IntensityPoint, Provenance

BRIDGE_AT_MOST = timedelta(hours=2)
"""Longer gaps stay: what is beyond them is another weather."""
BRIDGE_FACTOR = 1.4
"""Added to the bounds of a filled gap.

Source: 59 grid zones, hours of 2022 (Electricity Maps, as published with EuroSys'24
"limitations"): 95 % of hours up to 2 h after the last known one lie within a factor of
1.18 of it in the median zone, and of 1.39 in nine zones of ten.
"""


SURENESS = {provenance: i for i, provenance in enumerate(Provenance)}
"""How sure a point of each provenance is; the least number is the surest."""


def one_signal(points: Sequence[IntensityPoint]) -> list[IntensityPoint]:
    """Return the points in UTC and time order, once they are sure to be of one signal.

    Raises:
        MixedSignalsError: they differ in kind or in basis.
        SignalError: two of them state a figure for the same moment.
    """
    for quality, found in (
        ("kinds", {str(p.kind) for p in points}),
        ("bases", {str(p.basis) for p in points}),
    ):
        if len(found) > 1:
            both = " and ".join(sorted(found))
            raise MixedSignalsError(
                f"intensities of two {quality} in one sum ({both}); compute a footprint"
                " of each by itself"
            )
    ordered = sorted((_in_utc(p) for p in points), key=lambda p: (p.start, p.stop))
    for a, b in pairwise(ordered):
        if a.stop > b.start:
            raise SignalError(
                f"{b.source} states two intensities of {b.zone} for {b.start}"
            )
    return ordered


def bridged(
    points: Iterable[IntensityPoint], start: datetime, stop: datetime
) -> list[IntensityPoint]:
    """Return the points that touch `[start, stop)`, its gaps of up to 2 h filled.

    A gap takes the mean of the points on both sides, at the edges that of the nearest
    one; its bounds hold both points' and a factor more.

    Args:
        points: In time order, without overlap; those just outside help at the edges.
        start: Aware.
        stop: Aware, after `start`.
    """
    filled: list[IntensityPoint] = []
    before: IntensityPoint | None = None
    for point in points:
        if before is None:
            filled += _gap(start, point.start, [point])
        else:
            filled += _gap(before.stop, point.start, [before, point])
        filled.append(point)
        before = point
    if before is not None:
        filled += _gap(before.stop, stop, [before])
    return [p for p in filled if p.start < stop and start < p.stop]


def laid(best_first: Iterable[IntensityPoint]) -> list[IntensityPoint]:
    """Return points in time order and without overlap: the best one of every moment.

    A longer point that a better one covers in part is cut to what is left of it.

    Args:
        best_first: Of one signal, zone and basis; UTC.
    """
    chosen: list[IntensityPoint] = []
    for point in best_first:
        _lay_under(chosen, point)
    return chosen


def _lay_under(chosen: list[IntensityPoint], point: IntensityPoint) -> None:
    """Add to `chosen`, in order and disjoint, what of `point` it does not cover."""
    first = bisect_right(chosen, point.start, key=lambda p: p.stop)
    last = bisect_left(chosen, point.stop, key=lambda p: p.start)
    over = chosen[first:last]
    edges = [point.start]
    for other in over:
        edges += [other.start, other.stop]
    edges.append(point.stop)
    left = [
        replace(point, start=start, stop=stop) if over else point
        for start, stop in list(pairwise(edges))[::2]
        if start < stop
    ]
    chosen[first:last] = sorted((*over, *left), key=lambda p: p.start)


def _in_utc(point: IntensityPoint) -> IntensityPoint:
    """Return the point in UTC: between two local times Python counts by the wall clock.

    On the day of a clock change that is an hour too few or too many.
    """
    if point.start.tzinfo is UTC and point.stop.tzinfo is UTC:
        return point
    return replace(
        point, start=point.start.astimezone(UTC), stop=point.stop.astimezone(UTC)
    )


def _gap(
    start: datetime, stop: datetime, known: Sequence[IntensityPoint]
) -> list[IntensityPoint]:
    """Return the point that fills `[start, stop)`; none where it is empty or long."""
    if not timedelta(0) < stop - start <= BRIDGE_AT_MOST:
        return []
    issued = [p.issued_at for p in known if p.issued_at is not None]
    return [
        replace(
            known[0],
            start=start,
            stop=stop,
            intensity_g_per_kwh=sum(p.intensity_g_per_kwh for p in known) / len(known),
            low_g_per_kwh=min(p.low_g_per_kwh for p in known) / BRIDGE_FACTOR,
            high_g_per_kwh=max(p.high_g_per_kwh for p in known) * BRIDGE_FACTOR,
            provenance=Provenance.BRIDGED,
            issued_at=min(issued, default=None),
        )
    ]
