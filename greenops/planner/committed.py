"""What is left of a place once a plan has taken its share."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

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
    parts = [part for free in place.free for part in _left(free, segments)]
    return replace(place, free=tuple(parts))


def _left(free: Free, segments: Sequence[Segment]) -> Iterable[Free]:
    """Return one span cut where a plan starts or stops, each part with what is left."""
    within = [s for s in segments if s.start < free.stop and free.start < s.stop]
    for start, stop in pairwise(_bounds(free, within)):
        held = sum(s.gpus for s in within if s.start < stop and start < s.stop)
        if held > free.gpus:
            raise ValueError(
                f"a plan holds {held} GPUs from {start:%F %H:%M} on, "
                f"where {free.gpus} are free"
            )
        yield Free(start=start, stop=stop, gpus=free.gpus - held)


def _bounds(free: Free, segments: Sequence[Segment]) -> list[datetime]:
    inner = {m for s in segments for m in (s.start, s.stop)}
    return sorted(
        {free.start, free.stop} | {m for m in inner if free.start < m < free.stop}
    )
