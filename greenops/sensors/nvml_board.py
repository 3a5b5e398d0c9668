"""One NVIDIA board, read again and again."""

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from greenops.errors import SensorReadError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.nvml_library import (
    AVERAGE_POWER,
    INSTANT_POWER,
    DeviceGoneError,
    DriverGoneError,
    Handle,
    NotOfferedError,
    NvmlLibrary,
)
from greenops.sensors.nvml_processes import PidView, Shares, shares

_log = logging.getLogger(__name__)

REL_UNCERTAINTY = 0.05
"""Source: NVML API Reference, nvmlDeviceGetPowerUsage: "accurate to within +/- 5 %"
(said of Fermi and Kepler, and of nothing newer since). Yang, Adamek, Armour,
"Part-time Power Measurements" (arXiv 2312.02741) find the same order on newer boards.
"""

COUNTER_PERIOD_S = 0.1
"""The counter stands still for up to this long. Source: observed renewals every 20 to
100 ms on Volta to Hopper boards; Yang et al., arXiv 2312.02741, table of periods."""

AVERAGE_WINDOW_S = 1.0
"""Source: NVML API Reference, nvmlDeviceGetPowerUsage and field 185."""

SLOW_PERIOD_S = 0.9
"""Utilisation, memory, temperature and processes are asked at most once a second; a
little less, so that a tick of 1 Hz that comes early is not one without them."""

PROBES = 3
"""A single failed call at the start does not cost the counter for a whole run."""

T = TypeVar("T")


class _Feature(Generic[T]):
    """Something a board may or may not be able to say. Asked no more once it is not."""

    __slots__ = ("_ask", "missing")

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self.missing = ""

    def get(self) -> T | None:
        if self.missing:
            return None
        try:
            return self._ask()
        except NotOfferedError as e:
            self.missing = str(e)
        except SensorReadError as e:
            _log.debug("not told this time: %s", e)
        return None


class Board:
    """Reads one board through a handle.

    Raises:
        NotOfferedError: it states neither energy nor power.
        DeviceGoneError, DriverGoneError: as the library says.
    """

    def __init__(
        self, library: NvmlLibrary, handle: Handle, *, uuid: str, pids: PidView
    ) -> None:
        self.uuid = uuid
        self._library = library
        self._handle = handle
        self._pids = pids
        self._seen_us = 0
        self._slow_at_s: float | None = None
        self._failing = ""
        self._features()
        self._forget_slow()
        self._choose_power(counter=self._probe(self._counter))
        if not self._has_counter and self._power.get() is None:
            raise NotOfferedError(self._power.missing or "no power reading")
        self.device = self._describe()

    def _features(self) -> None:
        nvml, handle = self._library, self._handle
        self._counter = _Feature(lambda: nvml.counter_j(handle))
        self._plain = _Feature(lambda: nvml.plain_power_w(handle))
        self._instant = _Feature(lambda: nvml.field_power_w(handle, INSTANT_POWER))
        self._average = _Feature(lambda: nvml.field_power_w(handle, AVERAGE_POWER))
        self._load = _Feature(lambda: nvml.utilization(handle))
        self._memory = _Feature(lambda: nvml.memory_used_bytes(handle))
        self._heat = _Feature(lambda: nvml.temperature_c(handle))
        self._listed = _Feature(lambda: nvml.processes(handle))
        self._busy = _Feature(self._new_samples)

    @staticmethod
    def _probe(feature: _Feature[float]) -> bool:
        return any(feature.get() is not None for _ in range(PROBES))

    def _choose_power(self, *, counter: bool) -> None:
        """Pick the instant power beside a counter, and an averaged one without.

        Beside a counter, power only serves for the ends of a run and for the peak.
        Without one it is integrated, and the mean of the last second misses nothing.
        """
        self._has_counter = counter
        first, second = self._instant, self._average
        if not counter:
            first, second = second, first
        self._power = next(
            (p for p in (first, self._plain, second) if self._probe(p)), first
        )
        averaged = self._power is self._average or (
            self._power is self._plain
            and self._library.plain_power_is_averaged(self._handle)
        )
        self._averaged_over_s = AVERAGE_WINDOW_S if averaged else None

    def _describe(self) -> Device:
        name = _Feature(lambda: self._library.name(self._handle)).get()
        return Device(
            device_id=f"gpu:{self.uuid}",
            kind=DeviceKind.GPU,
            name=name or "NVIDIA GPU",
            source="nvml_counter" if self._has_counter else "nvml_power",
            rel_uncertainty=REL_UNCERTAINTY,
            limit_w=self._library.limit_w(self._handle),
            counter_period_s=COUNTER_PERIOD_S if self._has_counter else None,
        )

    @property
    def counts(self) -> bool:
        """Whether it has an energy counter."""
        return self._has_counter

    def counter_j(self) -> float:
        """Return the counter in J.

        Raises:
            SensorReadError: not this time, or not any more.
        """
        try:
            return self._library.counter_j(self._handle)
        except NotOfferedError as e:
            self._lose_counter(str(e))
            raise SensorReadError(f"{self.device.name}: {e}") from e

    def _lose_counter(self, reason: str) -> None:
        """Go on by power: another source, so another device record."""
        self._counter.missing = reason
        self._choose_power(counter=False)
        self.device = self._describe()
        _log.warning("%s: energy by power from now on: %s", self.device.name, reason)

    def read(self, at_s: float) -> Reading:
        """Return what the board says now.

        Raises:
            SensorReadError: neither counter nor power, this time.
            DeviceGoneError, DriverGoneError: as the library says.
        """
        counter_j = self.counter_j() if self._has_counter else None
        return self.reading(at_s, counter_j=counter_j)

    def glance(self) -> Reading | None:
        """Return the power alone, where nothing but moments of it can be had.

        None for a board with a counter or an averaged power, and where a read fails.
        """
        if self._has_counter or self._averaged_over_s is not None:
            return None
        try:
            power_w = self._power.get()
        except (DeviceGoneError, DriverGoneError) as e:
            _log.debug("%s: %s", self.device.name, e)
            return None
        if power_w is None:
            return None
        return Reading(
            device_id=self.device.device_id,
            power_w=power_w,
            utilization=self._last_load,
        )

    def reading(
        self, at_s: float, *, counter_j: float | None, counter_at_s: float | None = None
    ) -> Reading:
        """Return a reading around a counter that was read already."""
        power_w = self._power.get()
        if counter_j is None and power_w is None:
            raise SensorReadError(f"{self.device.name} states no power this time")
        if self._slow_at_s is None or at_s - self._slow_at_s >= SLOW_PERIOD_S:
            self._read_slow(at_s)
        return Reading(
            device_id=self.device.device_id,
            counter_j=counter_j,
            counter_at_s=counter_at_s,
            power_w=power_w,
            averaged_over_s=self._averaged_over_s,
            utilization=self._last_load,
            memory_used_bytes=self._last_memory_bytes,
            temperature_c=self._last_heat_c,
            processes=self._last_processes,
        )

    def _forget_slow(self) -> None:
        self._last_load: float | None = None
        self._last_memory_bytes: int | None = None
        self._last_heat_c: float | None = None
        self._last_processes: Shares | None = None

    def _read_slow(self, at_s: float) -> None:
        self._slow_at_s = at_s
        self._last_load = self._load.get()
        self._last_memory_bytes = self._memory.get()
        self._last_heat_c = self._heat.get()
        self._last_processes = self._who()

    def _who(self) -> Shares | None:
        first = self._seen_us == 0
        listed, busy = self._listed.get(), self._busy.get()
        if listed is None and busy is None:
            return None
        if first and busy:
            # Sampled before we came: of those, only who is still there concerns us.
            busy = [(pid, sm) for pid, sm in busy if pid in (listed or ())]
        found = shares(listed or (), busy, utilization=self._last_load)
        return self._pids.own(found, utilization=self._last_load)

    def _new_samples(self) -> Sequence[tuple[int, float]]:
        samples = self._library.busy(self._handle, self._seen_us)
        self._seen_us = max([self._seen_us, *(at_us for _, at_us, _ in samples)])
        return [(pid, sm) for pid, _, sm in samples]

    def report(self, error: str) -> None:
        """Take note of how the last read went (empty: well); log when that changes."""
        if error and not self._failing:
            _log.warning("%s cannot be read: %s", self.device.name, error)
        elif self._failing and not error:
            _log.info("%s can be read again", self.device.name)
        self._failing = error

    def problems(self) -> Sequence[str]:
        """Return what a reader of its figures should know, in sentences."""
        name, found = self.device.name, []
        if self._failing:
            found.append(f"{name} cannot be read at present: {self._failing}")
        if not self._has_counter:
            found.append(
                f"{name} has no energy counter ({self._counter.missing}):"
                " its energy is integrated from power readings"
            )
        if self._listed.missing:
            found.append(f"{name} does not list its processes: {self._listed.missing}")
        elif self._busy.missing:
            found.append(
                f"{name} does not tell how much each process uses: {self._busy.missing}"
            )
        if self._pids.nested and self._slow_at_s and self._last_processes is None:
            found.append(
                f"{name} lists processes of another pid namespace: inside a container,"
                " its energy cannot be split by process"
            )
        return found
