"""Meters a trial can be handed: CPU time, a sensor's counter, a sensor's power."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import torch

from greenops.energy.counters import CounterPoint, Verdict, step
from greenops.energy.cpu_tdp import watts_per_thread
from greenops.errors import SensorError, SensorReadError
from greenops.model import DeviceKind, Reading
from greenops.ports import EnergyMeter, Sensor

UNKNOWN_LIMIT_W = 1500.0
"""Ceiling of a board that states none. Source: the largest boards sold in 2026 are
rated at 1,400 W."""

POWER_EVERY_S = 0.05
"""Between two power readings: half of a period of renewal (arXiv 2312.02741)."""

POWER_WINDOW_S = 1.0
"""What a power reading may be the mean of. Source: NVML API Reference,
nvmlDeviceGetPowerUsage."""


class CpuTimeMeter:
    """CPU seconds of this process times a modelled power: all a CPU training can tell.

    A neighbour's load does not enter, but for what it does to caches and shared cores.

    Args:
        watts_per_cpu: Power in W of one busy hardware thread; None: by rule, from the
            processor's name. A ratio of two trainings does not depend on it.
        clock: Returns CPU seconds.
    """

    resolves_s = 0.0

    def __init__(
        self,
        watts_per_cpu: float | None = None,
        *,
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        stated = watts_per_cpu is not None
        self._watts = watts_per_cpu if watts_per_cpu is not None else _watts_by_rule()
        self._clock = clock
        how = "stated" if stated else "by rule"
        self.basis = f"CPU time x {self._watts:.1f} W a thread, {how}: a model"

    def energy_j(self) -> float:
        """Return CPU seconds times power, in J."""
        return self._clock() * self._watts


class CounterMeter:
    """The cumulative counters of a sensor's boards, read at their renewals.

    Args:
        sensor: With counters on every board; closed by its owner.
        now: Monotonic clock in s.
    """

    def __init__(
        self, sensor: Sensor, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._sensor, self._now = sensor, now
        self._limits = {d.device_id: d.limit_w for d in sensor.devices()}
        periods = [d.counter_period_s or 0.0 for d in sensor.devices()]
        self.resolves_s = max(periods, default=0.0)
        self.basis = f"{sensor.name} energy counter"
        self._last: Mapping[str, CounterPoint] = {}
        self._total_j = 0.0

    def energy_j(self) -> float:
        """Return the energy in J of all boards since the first call.

        Raises:
            SensorReadError: a board did not answer, or its counter was reset.
        """
        settle = getattr(self._sensor, "settle", None)
        readings = settle(self._now) if settle else self._sensor.read(self._now())
        points = {r.device_id: _point(r, self._now()) for r in readings}
        if points.keys() != self._limits.keys():
            raise SensorReadError("not every GPU answered; its energy is unknown")
        last, self._last = self._last or points, points
        for board, point in points.items():
            limit_w = self._limits[board] or UNKNOWN_LIMIT_W
            if point is last[board]:
                continue
            taken = step(last[board], point, ceiling_w=limit_w)
            if taken.verdict in (Verdict.BROKEN, Verdict.AMBIGUOUS):
                raise SensorReadError(f"the energy counter of {board} was reset")
            self._total_j += taken.energy_j
        return self._total_j


class PowerMeter:
    """A sensor's power integrated by a thread, where no counter resolves a block.

    Args:
        sensor: With power; asked from the thread only.
        now: Monotonic clock in s.
    """

    resolves_s = POWER_WINDOW_S

    def __init__(
        self, sensor: Sensor, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._sensor, self._now = sensor, now
        self.basis = f"{sensor.name} power x time"
        self._lock = threading.Lock()
        self._total_j, self._fault = 0.0, ""
        self._power_w, self._at_s = self._read()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def energy_j(self) -> float:
        """Return the energy in J since the meter was made.

        Raises:
            SensorReadError: the sensor failed since the last call.
        """
        with self._lock:
            fault, self._fault = self._fault, ""
            if fault:
                raise SensorReadError(fault)
            return self._total_j

    def close(self) -> None:
        """Stop reading. May be called twice."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(POWER_EVERY_S):
            try:
                power_w, at_s = self._read()
            except SensorError as e:
                with self._lock:
                    self._fault = str(e)
                continue
            with self._lock:
                mean_w = (self._power_w + power_w) / 2
                self._total_j += mean_w * (at_s - self._at_s)
                self._power_w, self._at_s = power_w, at_s

    def _read(self) -> tuple[float, float]:
        at_s = self._now()
        powers = [r.power_w for r in self._sensor.read(at_s)]
        if not powers or None in powers:
            raise SensorReadError(f"{self._sensor.name} states no power")
        return sum(p for p in powers if p is not None), at_s


def find_meter(device: torch.device) -> EnergyMeter:
    """Return the best meter there is for a training on `device`.

    The GPUs' own counters through the installed sensor `nvml`, their power where they
    count nothing; CPU time otherwise, which for a training on a GPU counts its host's
    part alone, and says so.
    """
    if device.type != "cuda":
        return CpuTimeMeter()
    try:
        (point,) = entry_points(group="greenops.sensors", name="nvml")
        sensor = point.load()(visible=os.environ.get("CUDA_VISIBLE_DEVICES"))
        boards = [d for d in sensor.devices() if d.kind is DeviceKind.GPU]
        if boards and all(d.counter_period_s for d in boards):
            return CounterMeter(sensor)
        return PowerMeter(sensor)
    except (SensorError, ValueError, ImportError) as e:
        meter = CpuTimeMeter()
        meter.basis = f"{meter.basis} of the host alone; no GPU can be measured: {e}"
        return meter


def _point(reading: Reading, at_s: float) -> CounterPoint:
    if reading.counter_j is None:
        raise SensorReadError(f"{reading.device_id} has no energy counter")
    return CounterPoint(
        at_s=reading.counter_at_s or at_s,
        counter_j=reading.counter_j,
        wraps_at_j=reading.wraps_at_j,
        slack_s=0.0 if reading.counter_at_s else POWER_WINDOW_S,
    )


def _watts_by_rule() -> float:
    """Return the TDP per hardware thread in W, from the processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    name = ""
    if cpuinfo.exists():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        name = next((li for li in lines if li.startswith("model name")), "")
    return watts_per_thread(name)
