"""Memory of a measurement over a simulated week, in a process of its own.

Drives the very meter `greenops wrap` uses, tick by tick, over eight replayed GPUs with
a clock that jumps one second per tick. Prints JSON: resident MiB early and at the end.
"""

import argparse
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    Footprint,
    JobUse,
    Mark,
    Reading,
    Run,
    RunEnd,
    Sample,
    Training,
)
from greenops.tracking.clock import RunClock
from greenops.tracking.meter import Parts, RunMeter

GPUS = 8
EARLY_SHARE = 0.02
BYTES_PER_MIB = 1024.0**2
STARTED_S = 1_750_000_000.0


class ReplayedGpus:
    """Eight GPUs whose counters follow a slow wave between 100 and 700 W."""

    name = "replayed"

    def __init__(self) -> None:
        self._devices = [
            Device(
                device_id=f"gpu:{index}",
                kind=DeviceKind.GPU,
                name="replayed",
                source="nvml_counter",
                rel_uncertainty=0.05,
                limit_w=1000.0,
            )
            for index in range(GPUS)
        ]

    def devices(self) -> Sequence[Device]:
        """Return the eight."""
        return self._devices

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return the integral of 400 + 300 sin(t / 600) W as each one's counter."""
        counter_j = 400.0 * at_s + 180_000.0 * (1 - math.cos(at_s / 600))
        power_w = 400.0 + 300.0 * math.sin(at_s / 600)
        return [
            Reading(
                device_id=device.device_id,
                counter_j=counter_j,
                power_w=power_w,
                utilization=0.5,
                processes={1: 1.0},
            )
            for device in self._devices
        ]

    def close(self) -> None:
        """Hold nothing."""


class Job:
    """A job on one of two busy cores: probe and node account in one."""

    method = "replayed"
    now_s = 0.0

    def cpu_s(self) -> float:
        """Return the job's CPU seconds."""
        return self.now_s

    def busy_s(self) -> float:
        """Return the machine's CPU seconds."""
        return 2 * self.now_s

    def contains(self, pid: int) -> bool:
        """Own process 1."""
        return pid == 1

    def gpu_fraction(self) -> float:
        """Return the whole."""
        return 1.0

    def close(self) -> None:
        """Hold nothing."""


class Discard:
    """A recorder that keeps nothing: what grows is then the measurement itself."""

    def begin(self, run: Run) -> None:
        """Drop it."""

    def add_devices(self, run_id: str, devices: Sequence[Device]) -> None:
        """Drop them."""

    def add(self, run_id: str, samples: Sequence[Sample], use: JobUse | None) -> None:
        """Drop them."""

    def add_training(self, run_id: str, training: Training) -> None:
        """Drop it."""

    def mark(self, run_id: str, mark: Mark) -> None:
        """Drop it."""

    def finish(
        self, end: RunEnd, totals: Sequence[DeviceTotal], footprint: Footprint | None
    ) -> None:
        """Drop it."""

    def flush(self, timeout_s: float) -> bool:
        """Have nothing to write."""
        return timeout_s >= 0

    def complaints(self) -> Sequence[str]:
        """Have none."""
        return ()

    def place(self) -> str:
        """Return where: nowhere."""
        return "nowhere"

    def close(self) -> None:
        """Hold nothing."""


def measured_mib(ticks: int) -> dict[str, float]:
    """Run `ticks` one-second ticks; return resident MiB early on and at the end."""
    job = Job()
    clock = RunClock(
        monotonic=lambda: job.now_s,
        wall=lambda: STARTED_S + job.now_s,
        boottime=lambda: job.now_s,
    )
    parts = Parts(
        sensors=[ReplayedGpus()],
        probe=job,
        node_cpu=job,
        recorder=Discard(),
        clock=clock,
    )
    meter = RunMeter(_run(), parts, start_s=0.0, node_cpu_s=0.0)
    early_mib = math.nan
    for tick in range(1, ticks + 1):
        job.now_s = float(tick)
        meter.tick()
        if tick == int(ticks * EARLY_SHARE):
            early_mib = resident_mib()
    return {"ticks": ticks, "early_mib": early_mib, "end_mib": resident_mib()}


def _run() -> Run:
    return Run(
        run_id="week",
        name="week",
        kind="wrap",
        command=("true",),
        cwd="/",
        host="bench",
        user="bench",
        started_at=datetime.fromtimestamp(STARTED_S, UTC),
        pid=1,
        recorder_pid=1,
        recorder_started_s=0.0,
        boot_id="bench",
        interval_s=1.0,
    )


def resident_mib() -> float:
    """Return the resident memory of this process, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / BYTES_PER_MIB
    raise SystemExit("this kernel does not state VmRSS")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Memory over a simulated week.")
    options.add_argument("--ticks", type=int, default=604_800)
    print(json.dumps(measured_mib(options.parse_args().ticks)))
