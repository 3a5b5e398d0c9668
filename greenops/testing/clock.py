"""A clock that stands until it is moved."""

from datetime import datetime


class FixedClock:
    """A clock that moves only when told to, as `time` offers it.

    Args:
        now: What the wall clock shows at first; aware.
        monotonic_s: What the monotonic clock shows at first, in s.
    """

    def __init__(self, now: datetime, *, monotonic_s: float = 1000.0) -> None:
        if now.tzinfo is None:
            raise ValueError("FixedClock needs a time zone")
        self._epoch_s = now.timestamp()
        self._monotonic_s = monotonic_s

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return self._monotonic_s

    def time(self) -> float:
        """Return UTC epoch seconds."""
        return self._epoch_s

    def sleep(self, duration_s: float) -> None:
        """Let `duration_s` pass on both clocks."""
        if duration_s < 0:
            raise ValueError("time does not run backwards; see set_wall")
        self._monotonic_s += duration_s
        self._epoch_s += duration_s

    def set_wall(self, now: datetime) -> None:
        """Set the wall clock, as a person or NTP would; no time passes."""
        self._epoch_s = now.timestamp()
