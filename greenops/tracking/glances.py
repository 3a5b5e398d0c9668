"""Reads devices that show mere moments of their power more often than they are noted.

A moment a second says little about a load that changes ten times a second, and there
is neither a counter nor a mean that would make up for it. Sensors that can read such
devices cheaply offer `glance(at_s)`; what it returns is integrated between two ticks.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from greenops.energy.integrate import wants_jitter
from greenops.errors import SensorReadError
from greenops.model import Reading
from greenops.ports import Sensor

log = logging.getLogger(__name__)

PACE_S = 0.05
"""Mean time between two glances. Source: boards renew the power they state every 20 to
100 ms (arXiv 2312.02741, table of periods); oftener would read the same value again."""

MOST_PART = 0.01
"""Part of one core's time that glances may take: a slow driver is asked less often."""

_RECENT = 16


class Glances:
    """Which sensors to read between the ticks, and how often.

    Args:
        interval_s: Time between two ticks, in s.
        clock: A clock in s that runs while a driver keeps us waiting.
    """

    def __init__(
        self, interval_s: float, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._took_s: deque[float] = deque(maxlen=_RECENT)
        self._sensors: list[Sensor] = []
        self.jitter = False
        """Whether the ticks themselves should come at random times."""

    def plan(self, read: Sequence[tuple[Sensor, Sequence[Reading]]]) -> None:
        """Choose by what each sensor said at a tick; one that said nothing is out."""
        self._sensors = []
        blind: list[Sensor] = []
        for sensor, readings in read:
            if not wants_jitter(readings, interval_s=self._interval_s):
                continue
            moments = any(_is_moment(reading) for reading in readings)
            offered = moments and getattr(sensor, "glance", None) is not None
            (self._sensors if offered else blind).append(sensor)
        self.jitter = bool(blind) or (bool(self._sensors) and self.pace_s is None)

    @property
    def pace_s(self) -> float | None:
        """Mean time in s from one glance to the next; None: there is nothing to see."""
        # The quickest of the last ones: that a busy machine let us wait is no cost.
        pace_s = max(PACE_S, min(self._took_s, default=0.0) / MOST_PART)
        return pace_s if self._sensors and pace_s <= self._interval_s / 2 else None

    def take(self, at_s: float) -> Iterator[Reading]:
        """Yield what the chosen sensors say now; a failure is left to the next tick."""
        began_s = self._clock()
        for sensor in self._sensors:
            try:
                yield from sensor.glance(at_s)  # type: ignore[attr-defined]
            except SensorReadError as e:
                log.debug("%s: %s", sensor.name, e)
        self._took_s.append(self._clock() - began_s)


def _is_moment(reading: Reading) -> bool:
    return reading.counter_j is None and not reading.averaged_over_s
