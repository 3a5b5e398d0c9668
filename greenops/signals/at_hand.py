"""A networked signal of which nothing is asked: its last good answers, as they lie."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from greenops.errors import SignalError
from greenops.model import IntensityPoint
from greenops.signals.cache import CachedSignal


class AtHand:
    """What is kept of a signal, for those who cannot wait for the network.

    Args:
        signal: Whose answers are kept.
    """

    def __init__(self, signal: CachedSignal) -> None:
        self.name = signal.name
        # Nothing is asked of anybody: it needs no more time than a signal of one's own.
        self.traits = replace(signal.traits, offline=True)
        self._signal = signal

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that are kept, older ones with wider bounds.

        Raises:
            SignalError: nothing is, or it is too old.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        points = self._signal.kept(zone, start, stop)
        if not points:
            raise SignalError(f"no answer of {self.name} about {zone} is at hand")
        return points
