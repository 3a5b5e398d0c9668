"""The clocks of a run: elapsed time, wall time, and time the machine slept."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

STEP_S = 2.0
"""A wall clock that is further off than this was set by somebody, not by drift."""
ASLEEP_S = 1.0


def boottime_s() -> float:
    """Return seconds since boot including sleep, where the system tells."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):
        return time.monotonic()


@dataclass(slots=True)
class RunClock:
    """Maps monotonic seconds to UTC epoch seconds; notices steps and suspends.

    Durations are monotonic, so a wall clock that is set forwards or backwards during
    a run moves no energy. Only the time stamps follow it, from then on.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    boottime: Callable[[], float] = boottime_s
    steps: int = 0
    asleep_s: float = 0.0
    _offset_s: float = field(init=False)
    _slept_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._offset_s = self.wall() - self.monotonic()
        self._slept_s = self.boottime() - self.monotonic()

    def epoch_s(self, at_s: float) -> float:
        """Return the UTC epoch seconds of the monotonic time `at_s`."""
        return at_s + self._offset_s

    def check(self) -> bool:
        """Look at the clocks again. Return whether the machine slept since then."""
        now_s = self.monotonic()
        slept_s = self.boottime() - now_s
        slept = slept_s - self._slept_s > ASLEEP_S
        if slept:
            self.asleep_s += slept_s - self._slept_s
        self._slept_s = slept_s
        offset_s = self.wall() - now_s
        if abs(offset_s - self._offset_s) > STEP_S:
            if not slept:
                self.steps += 1
            self._offset_s = offset_s
        return slept
