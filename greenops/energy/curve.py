"""A job's energy up to any moment, from the stretches its samples were summed to."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

from greenops.model import Stretch


class EnergyCurve:
    """The job's energy over time, all devices together, within a stretch linear.

    Args:
        stretches: Of any number of devices; those of one do not overlap.
    """

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        by_device: dict[str, list[Stretch]] = defaultdict(list)
        for stretch in stretches:
            by_device[stretch.device_id].append(stretch)
        self._devices = [_DeviceCurve(found) for found in by_device.values()]

    def between(self, start_epoch_s: float, stop_epoch_s: float) -> float:
        """Return the energy in J of `[start_epoch_s, stop_epoch_s)`; 0 of nothing."""
        if stop_epoch_s <= start_epoch_s:
            return 0.0
        return sum(
            device.until(stop_epoch_s) - device.until(start_epoch_s)
            for device in self._devices
        )


class _DeviceCurve:
    def __init__(self, stretches: list[Stretch]) -> None:
        self._stretches = sorted(stretches, key=lambda s: s.start_epoch_s)
        self._starts_s = [s.start_epoch_s for s in self._stretches]
        self._before_j = [0.0]
        for stretch in self._stretches:
            self._before_j.append(self._before_j[-1] + stretch.job_energy_j)

    def until(self, at_epoch_s: float) -> float:
        """Return the energy in J before `at_epoch_s`."""
        place = bisect_right(self._starts_s, at_epoch_s) - 1
        if place < 0:
            return 0.0
        stretch = self._stretches[place]
        gone_s = at_epoch_s - stretch.start_epoch_s
        part = min(1.0, gone_s / stretch.duration_s) if stretch.duration_s > 0 else 1.0
        return self._before_j[place] + part * stretch.job_energy_j
