"""One statement per moment: what to believe where rows of an answer overlap."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from greenops.checked.rows import Problems
from greenops.model import IntensityPoint

_NEVER = datetime.min.replace(tzinfo=UTC)


def settled(
    points: Iterable[IntensityPoint], problems: Problems
) -> tuple[IntensityPoint, ...]:
    """Return points that do not overlap, in time order.

    Repeats count once. Of rows that contradict each other the one issued last holds;
    where that does not decide, nobody knows, and all of them are left out. A row that
    lost part of its span holds nowhere, nor does an older one in its place.
    """
    newest_first = sorted(_distinct(points), key=_issued, reverse=True)
    spoken_for: list[tuple[datetime, datetime]] = []
    kept: list[IntensityPoint] = []
    for _, same_issue in groupby(newest_first, key=_issued):
        for cluster in _clusters(sorted(same_issue, key=lambda p: p.start)):
            start, stop = cluster[0].start, max(p.stop for p in cluster)
            if not _claim(spoken_for, start, stop):
                continue
            if len(cluster) == 1:
                kept.append(cluster[0])
            else:
                problems.add("rows that contradict each other", start)
    return tuple(sorted(kept, key=lambda p: p.start))


def _issued(point: IntensityPoint) -> datetime:
    return point.issued_at or _NEVER


def _distinct(points: Iterable[IntensityPoint]) -> Iterable[IntensityPoint]:
    latest: dict[tuple[datetime, datetime, float], IntensityPoint] = {}
    for point in sorted(points, key=_issued):
        latest[point.start, point.stop, point.intensity_g_per_kwh] = point
    return latest.values()


def _clusters(ordered: Sequence[IntensityPoint]) -> Iterator[list[IntensityPoint]]:
    """Yield runs of points of which each overlaps one before it."""
    cluster: list[IntensityPoint] = []
    reaches_to = _NEVER
    for point in ordered:
        if cluster and point.start >= reaches_to:
            yield cluster
            cluster = []
        cluster.append(point)
        reaches_to = max(reaches_to, point.stop)
    if cluster:
        yield cluster


def _claim(
    spoken_for: list[tuple[datetime, datetime]], start: datetime, stop: datetime
) -> bool:
    """Add a span to those spoken for; return whether all of it was still free.

    Args:
        spoken_for: Sorted spans of which no two overlap; kept so.
        start: Of the span.
        stop: Of the span.
    """
    first = bisect_right(spoken_for, start, key=lambda span: span[1])
    last = bisect_left(spoken_for, stop, key=lambda span: span[0])
    met = spoken_for[first:last]
    spoken_for[first:last] = [
        (min(start, *(s for s, _ in met)), max(stop, *(s for _, s in met)))
        if met
        else (start, stop)
    ]
    return not met
