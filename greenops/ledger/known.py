"""What was known of the grid at a moment: a pure choice among what was ever stated."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from greenops.errors import MixedSignalsError
from greenops.model import IntensityPoint, Provenance

_SEEN_AFTERWARDS = (Provenance.MEASURED, Provenance.ESTIMATED)
_RANK = {provenance: i for i, provenance in enumerate(Provenance)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stated intensity, and when this ledger took it down."""

    point: IntensityPoint
    recorded_at: datetime

    @property
    def since(self) -> datetime:
        """From when on it could be known.

        From its time of issue; without one from the moment it was recorded. What was
        metered cannot be known before its hour is over, whatever a clock says.
        """
        stated = self.point.issued_at or self.recorded_at
        if self.point.provenance in _SEEN_AFTERWARDS:
            return max(stated, self.point.stop)
        return stated


def as_known(
    said: Iterable[Known], known_at: datetime | None = None
) -> list[IntensityPoint]:
    """Return the points that stood at `known_at`, in time order, without overlap.

    For every moment the surest provenance counts, then what was stated last. A longer
    point that a better one covers in part is cut to what is left of it.

    Args:
        said: Of one zone and one kind, in the order recorded.
        known_at: Nothing that became known later is used; None: all is.

    Raises:
        MixedSignalsError: they differ in basis, or in kind.
    """
    left = [k for k in said if known_at is None or k.since <= known_at]
    if len({(k.point.kind, k.point.basis) for k in left}) > 1:
        raise MixedSignalsError(
            "the history of this zone holds intensities of more than one kind or basis;"
            " name one"
        )
    best_last = sorted(
        left, key=lambda k: (-_RANK[k.point.provenance], k.since, k.recorded_at)
    )
    chosen: list[IntensityPoint] = []
    for known in reversed(best_last):
        _lay_under(chosen, known.point)
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
