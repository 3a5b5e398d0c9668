"""Carbon intensity from points handed over: replayed, recorded, or made for a test."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from greenops.errors import MixedSignalsError, SignalError, UnknownZoneError
from greenops.model import IntensityKind, IntensityPoint, SignalTraits


class SeriesSignal:
    """Serves the points it was given, by their zones.

    Raises:
        MixedSignalsError: some points are average, others marginal.
        ValueError: two points of a zone overlap.
    """

    name = "series"

    def __init__(
        self, points: Iterable[IntensityPoint], default_zone: str | None = None
    ) -> None:
        """Take `points` of any zones, in any order.

        Args:
            points: Those of one zone may not overlap; they may have gaps.
            default_zone: Serves those who give no zone, where there is one.
        """
        self._by_zone: dict[str, list[IntensityPoint]] = {}
        for point in sorted(points, key=lambda p: p.start):
            self._by_zone.setdefault(point.zone.casefold(), []).append(point)
        for zone, own in self._by_zone.items():
            if any(a.stop > b.start for a, b in pairwise(own)):
                raise ValueError(f"points of zone {zone} overlap")
        self._default_zone = default_zone
        self.traits = _traits([p for own in self._by_zone.values() for p in own])

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that touch `[start, stop)`, in time order, whole.

        Raises:
            UnknownZoneError: it has no point of this zone.
            SignalError: the points leave part of the span uncovered.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        if start.tzinfo is None or stop.tzinfo is None or start >= stop:
            raise ValueError(f"not a span of aware times: {start} to {stop}")
        asked = self._default_zone if zone is None else zone
        own = self._by_zone.get(asked.casefold()) if asked is not None else None
        if own is None:
            raise UnknownZoneError(
                f"this series has no zone {asked!r}; "
                f"it has {', '.join(sorted(self._by_zone)) or 'none'}"
            )
        touching = [p for p in own if p.start < stop and start < p.stop]
        covered_to = start
        for point in touching:
            if point.start > covered_to:
                break
            covered_to = point.stop
        if covered_to < stop:
            raise SignalError(f"no intensity of zone {asked} from {covered_to} on")
        return touching


def _traits(points: Sequence[IntensityPoint]) -> SignalTraits:
    kinds = {p.kind for p in points} or {IntensityKind.AVERAGE}
    if len(kinds) > 1:
        raise MixedSignalsError(
            "a series holds average and marginal intensities; give each its own"
        )
    bases = {p.basis for p in points}
    return SignalTraits(
        kind=kinds.pop(),
        basis=bases.pop() if len(bases) == 1 else None,
        resolution=min((p.stop - p.start for p in points), default=timedelta(hours=1)),
        history=None,
        horizon=None,
        attribution="; ".join(dict.fromkeys(p.source for p in points)),
        offline=True,
    )
