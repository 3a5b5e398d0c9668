"""A sensor that plays readings back."""

from collections.abc import Callable, Iterable, Sequence

from greenops.errors import (
    SensorReadError,
    SensorUnavailableError,
)
from greenops.model import (
    Device,
    Reading,
)


class ReplaySensor:
    """A sensor that says what it was told to, one step per read.

    Args:
        devices: What it reads.
        steps: One entry per read: the readings, or the error to raise. After the last
            one every read fails.
        name: Its name.

    Raises:
        SensorUnavailableError: there is nothing to replay.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        steps: Iterable[Sequence[Reading] | SensorReadError],
        *,
        name: str = "replay",
    ) -> None:
        self.name = name
        self._devices = tuple(devices)
        self._steps = list(steps)
        self._next = 0
        self.read_at_s: list[float] = []
        self.closed = False
        if not self._steps:
            raise SensorUnavailableError("nothing to replay")

    def devices(self) -> Sequence[Device]:
        """Return the devices it reads."""
        return self._devices

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return the next readings; note the time it was asked at.

        Raises:
            SensorReadError: the next step is one, or there is none left.
        """
        self.read_at_s.append(at_s)
        if self._next >= len(self._steps):
            raise SensorReadError(f"{self.name}: nothing left to replay")
        step = self._steps[self._next]
        self._next += 1
        if isinstance(step, SensorReadError):
            raise step
        return step

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


def power_steps(
    device_id: str, power_w: Callable[[float], float], times_s: Iterable[float]
) -> list[list[Reading]]:
    """Return steps for a ReplaySensor that reads `power_w(t)` at each of `times_s`."""
    return [[Reading(device_id=device_id, power_w=power_w(t))] for t in times_s]
