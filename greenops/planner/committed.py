"""What is left of a place once plans have taken their share."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from greenops.model import Free, Place, Segment


def without(place: Place, segments: Sequence[Segment]) -> Place:
    """Return a place with what a plan holds taken off its free GPUs.

    Where no limit is stated, it is taken off what monitoring saw, so that a place is
    not promised to more jobs than were seen to fit.

    Args:
        place: As it was when the plan was made.
        segments: Of the plan, there.

    Raises:
        ValueError: they hold more than is free.
    """
    if place.free is None:
        if place.seen is None:
            return place
        most = max((s.gpus for s in segments), default=0)
        left = max(0, place.seen.free_gpus - most)
        return replace(place, seen=replace(place.seen, free_gpus=left))
    parts = []
    for start, stop, free, held in _swept(place.free, segments):
        if held > free:
            raise ValueError(
                f"a plan holds {held} GPUs from {start:%F %H:%M} on, "
                f"where {free} are free"
            )
        parts.append(Free(start=start, stop=stop, gpus=free - held))
    return replace(place, free=tuple(parts))


def beside(place: Place, segments: Sequence[Segment]) -> Place:
    """Return a place with what is kept for others taken off its free GPUs.

    Where more is kept than is free, nothing is free. A place that states no limit is
    the same to everybody.

    Args:
        place: With what is free beside all that is committed.
        segments: That any number of others mean to hold there.
    """
    if place.free is None or not segments:
        return place
    parts = (
        Free(start=start, stop=stop, gpus=max(0, free - held))
        for start, stop, free, held in _swept(place.free, segments)
    )
    return replace(place, free=tuple(parts))


def has_room(place: Place, segments: Sequence[Segment], now: datetime) -> bool:
    """Say whether segments, from now on, find their GPUs free at a place.

    Args:
        place: With what is free beside all that is committed.
        segments: Of one plan, there.
        now: What is before does not count.
    """
    if place.free is None:
        return True
    wide = [s for s in segments if s.gpus]
    lacking = sum((s.stop - max(s.start, now) for s in wide), timedelta())
    for start, stop, free, held in _swept(place.free, wide):
        if held and held <= free:
            lacking -= max(timedelta(), stop - max(start, now))
    return lacking <= timedelta()


def _swept(
    spans: Sequence[Free], segments: Sequence[Segment]
) -> Iterable[tuple[datetime, datetime, int, int]]:
    """Yield spans cut where a segment starts or stops, with what is free and held."""
    changes: Counter[datetime] = Counter()
    for segment in segments:
        changes[segment.start] += segment.gpus
        changes[segment.stop] -= segment.gpus
    moments = sorted(changes)
    held = [0, *accumulate(changes[m] for m in moments)]
    for span in spans:
        first = bisect_right(moments, span.start)
        inner = moments[first : bisect_left(moments, span.stop)]
        bounds = pairwise((span.start, *inner, span.stop))
        for at, (start, stop) in enumerate(bounds, first):
            yield start, stop, span.gpus, held[at]
