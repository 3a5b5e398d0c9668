"""How long a row holds, where the source states only when it starts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

REGULAR_MINUTES = (5, 10, 15, 20, 30, 60)
"""Steps that grid operators publish in. A longer step is a gap, not a length."""
_REGULAR = frozenset(timedelta(minutes=m) for m in REGULAR_MINUTES)


def inferred_stops(
    starts: Sequence[datetime], *, longest: timedelta | None = None
) -> Mapping[datetime, datetime]:
    """Return the stop of each start; a start whose length nothing tells is absent.

    A step between two starts is a length where the same step lies beside it, so an
    answer may turn from hours to quarters of an hour. A step that stands alone is
    the edge of a gap: there the row is as long as its shorter neighbour, so nothing
    is stretched across what is missing.

    Args:
        starts: In any order; repeats are harmless.
        longest: What the source says its rows last at most; the length of a lone row.
    """
    ordered = sorted(set(starts))
    steps = [b - a for a, b in pairwise(ordered)]
    usual = min((s for s in steps if s in _REGULAR), default=longest)
    stops: dict[datetime, datetime] = {}
    for i, start in enumerate(ordered):
        length = _length(steps, i) or usual
        if length is not None:
            room = steps[i] if i < len(steps) else length
            stops[start] = start + min(length, room, longest or length)
    return stops


def _length(steps: Sequence[timedelta], i: int) -> timedelta | None:
    """Return how long row `i` holds by the steps around it; None: they do not tell."""
    own = steps[i] if i < len(steps) else None
    beside = [steps[j] for j in (i - 1, i + 1) if 0 <= j < len(steps)]
    if own in _REGULAR and own in beside:
        return own
    near = beside if own is None else [own, *beside]
    return min((step for step in near if step in _REGULAR), default=None)
