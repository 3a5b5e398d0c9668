"""Runs this machine through a range of loads under a meter."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from greenops.energy.cpu_fit import LoadPoint
from greenops.errors import SensorReadError
from greenops.model import DeviceKind
from greenops.ports import Sensor
from greenops.sensors.cpu_clock import CpuClock
from greenops.sensors.node_cpu import NodeCpu

SETTLE_SHARE = 0.2
"""Of each step, not measured: clocks and sleep states follow within a second."""
CLOCK_PERIOD_S = 0.2
DUTY_PERIOD_S = 0.05
"""Shorter than a governor's averaging, as the bursts of a data loader are."""

# hashing keeps the arithmetic units and caches busier than a bare loop of bytecode
_SPIN = """
import hashlib, sys, time
duty, period = float(sys.argv[1]), float(sys.argv[2])
block = bytes(range(256)) * 256
while True:
    stop = time.perf_counter() + duty * period
    while time.perf_counter() < stop:
        hashlib.sha256(block).digest()
    if duty < 1:
        time.sleep((1 - duty) * period)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many busy processes, each busy this share of the time."""

    processes: int
    duty: float

    def __str__(self) -> str:
        if not self.processes:
            return "idle"
        return f"{self.processes} x {self.duty:.0%}"


def plan(threads: int) -> list[Step]:
    """Return idle, all CPUs part of the time, and some CPUs all of the time.

    Both kinds, because one load costs differently: clocks stay low under short bursts.
    """
    some = sorted({1, threads // 4, threads // 2, 3 * threads // 4} - {0, threads})
    return [
        Step(processes=0, duty=0.0),
        *(Step(processes=threads, duty=d) for d in (0.1, 0.25, 0.5, 0.75)),
        *(Step(processes=n, duty=1.0) for n in some),
        Step(processes=threads, duty=1.0),
    ]


class LoadSweep:
    """One pass through a plan.

    Args:
        meter: A sensor with counters for the CPU.
        node: Tells the load there really was.
        clock: Tells the clock.
        step_s: Length of a step.
    """

    def __init__(
        self, meter: Sensor, node: NodeCpu, clock: CpuClock, *, step_s: float
    ) -> None:
        self._meter, self._node, self._clock = meter, node, clock
        self._step_s = step_s
        self._cpu_ids = {
            d.device_id for d in meter.devices() if d.kind is DeviceKind.CPU
        }

    def run(
        self, steps: Sequence[Step], tell: Callable[[Step, LoadPoint], None]
    ) -> list[LoadPoint]:
        """Return one point per step; `tell` is called after each.

        Raises:
            SensorReadError: the meter or the CPU time failed.
        """
        points = []
        for step in steps:
            with _spinning(step):
                time.sleep(SETTLE_SHARE * self._step_s)
                point = self._measure((1 - SETTLE_SHARE) * self._step_s)
            points.append(point)
            tell(step, point)
        return points

    def _measure(self, span_s: float) -> LoadPoint:
        start_s, busy_s, before_j = time.monotonic(), self._node.busy_s(), self._read()
        clocks = []
        while (left_s := start_s + span_s - time.monotonic()) > 0:
            time.sleep(min(CLOCK_PERIOD_S, left_s))
            clocks.append(self._clock.ghz())
        stop_s, busy_s, after_j = (
            time.monotonic(),
            self._node.busy_s() - busy_s,
            self._read(),
        )
        seen = [ghz for ghz in clocks if ghz is not None]
        span_s = stop_s - start_s
        return LoadPoint(
            load=min(1.0, busy_s / (span_s * self._node.capacity)),
            power_w=_used_j(before_j, after_j) / span_s,
            mean_ghz=sum(seen) / len(seen) if seen else None,
        )

    def _read(self) -> dict[str, tuple[float, float | None]]:
        return {
            r.device_id: (r.counter_j, r.wraps_at_j)
            for r in self._meter.read(time.monotonic())
            if r.counter_j is not None and r.device_id in self._cpu_ids
        }


def _used_j(
    before: Mapping[str, tuple[float, float | None]],
    after: Mapping[str, tuple[float, float | None]],
) -> float:
    if before.keys() != after.keys() or not before:
        raise SensorReadError("the meter did not show every package at each read")
    used_j = 0.0
    for device_id, (first_j, _) in before.items():
        last_j, wraps_at_j = after[device_id]
        step_j = last_j - first_j
        if step_j < 0:  # a step is far shorter than a counter takes to wrap twice
            step_j += wraps_at_j or 0.0
        if step_j < 0:
            raise SensorReadError(f"the counter of {device_id} ran backwards")
        used_j += step_j
    return used_j


@contextlib.contextmanager
def _spinning(step: Step) -> Iterator[None]:
    argv = [sys.executable, "-S", "-c", _SPIN, str(step.duty), str(DUTY_PERIOD_S)]
    children: list[subprocess.Popen[bytes]] = []
    try:
        while len(children) < step.processes:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
            children.append(child)
        yield
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()
