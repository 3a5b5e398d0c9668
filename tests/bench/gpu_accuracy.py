"""How far the energy of a GPU job is off, by counter and by power.

`python -m tests.bench.gpu_accuracy [--repeat N] [--json FILE]`

Jobs run on simulated boards whose true energy is known exactly. A board is idle before
and after its job. As under `greenops wrap`, measuring begins a moment after the job,
reads once a second, and looks for the counter's renewals at both ends.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from greenops.energy.cut import cut_off
from greenops.energy.meter import DeviceMeter
from greenops.model import Reading
from greenops.sensors.nvml import NvmlSensor
from tests.nvml_sim import Profile, SimulatedGpu, SimulatedNvml, bound, steps
from tests.nvml_sim.driver import NOT_SUPPORTED

IDLE_W, LOW_W, HIGH_W = 75.0, 120.0, 620.0
INTERVAL_S = 1.0
OPEN_S = 0.12
"""From the start of the job to the first reading: sensors open while it runs."""


@dataclass(frozen=True, slots=True)
class Case:
    """One job: how long it runs, and its power as (s, W)."""

    name: str
    duration_s: float
    levels: tuple[tuple[float, float], ...]
    reach_pct: float

    def profile(self) -> Profile:
        """Return the job's power, idle before and after it."""
        return steps(self.levels, before_w=IDLE_W, after_w=IDLE_W)


def _waves(duration_s: float, half_s: float) -> tuple[tuple[float, float], ...]:
    parts: list[tuple[float, float]] = []
    left_s, high = duration_s, True
    while left_s > 1e-9:
        parts.append((min(half_s, left_s), HIGH_W if high else LOW_W))
        left_s, high = left_s - half_s, not high
    return tuple(parts)


CASES = (
    Case("20 s constant", 20.0, ((20.0, HIGH_W),), 0.5),
    Case("47 s of a 10 s square wave", 47.0, _waves(47.0, 5.0), 0.5),
    Case("3 s job", 3.0, ((3.0, HIGH_W),), 1.0),
)
METHODS = ("counter", "counter, edges not sharpened", "average power", "instant power")


@dataclass(frozen=True, slots=True)
class Row:
    """The error of one method on one case in %, positive for too much."""

    case: str
    method: str
    error_pct: float


def _limit(nvml: SimulatedNvml, gpu: SimulatedGpu, method: str) -> None:
    """Leave the board only what the method may use."""
    if not method.startswith("counter"):
        nvml.fail("nvmlDeviceGetTotalEnergyConsumption", NOT_SUPPORTED, gpu=gpu.index)
    if method == "instant power":
        gpu.state.average_window_s = gpu.state.plain_window_s = 0.0
        gpu.state.architecture = 5


def measure(
    nvml: SimulatedNvml, gpu: SimulatedGpu, case: Case, *, sharp: bool
) -> float:
    """Return the error of one job on one board in %."""
    sensor = NvmlSensor(visible=gpu.uuid, library=str(nvml.library))
    device = sensor.devices()[0]
    start_s = gpu.power(case.profile(), epoch_s=nvml.now_s())
    stop_s = start_s + case.duration_s
    meter = DeviceMeter(device, start_s=start_s, interval_s=INTERVAL_S)
    energy_j = 0.0

    def take(ask: Callable[[], Sequence[Reading]]) -> float:
        reading = ask()[0]
        interval = meter.advance(reading, nvml.now_s())
        if interval is not None and interval.stop_s > stop_s:
            interval = cut_off(interval, stop_s, power_w=reading.power_w)
        return interval.energy_j if interval else 0.0

    def read() -> Sequence[Reading]:
        return sensor.read(nvml.now_s())

    edge = (lambda: sensor.settle(nvml.now_s)) if sharp else read
    time.sleep(OPEN_S)
    energy_j += take(edge)
    tick_s = nvml.now_s() + INTERVAL_S
    while tick_s < stop_s:
        time.sleep(max(tick_s - nvml.now_s(), 0))
        energy_j += take(read)
        tick_s += INTERVAL_S
    time.sleep(max(stop_s - nvml.now_s(), 0))
    energy_j += take(edge)
    last = meter.finish(stop_s)
    energy_j += last.energy_j if last else 0.0
    sensor.close()
    return (energy_j / gpu.energy_j(start_s, stop_s) - 1) * 100


def run(folder: Path, *, seed: int, cases: Iterable[Case] = CASES) -> list[Row]:
    """Run every case by every method once, all at the same time."""
    jobs = [(case, method) for case in cases for method in METHODS]
    nvml = SimulatedNvml(folder, gpus=len(jobs))
    shift = random.Random(seed)
    rows: list[Row] = []

    def work(gpu: SimulatedGpu, case: Case, method: str) -> None:
        error_pct = measure(nvml, gpu, case, sharp=method == "counter")
        rows.append(Row(case.name, method, error_pct))

    for gpu, (_, method) in zip(nvml.gpus, jobs, strict=True):
        gpu.state.update_phase_s = shift.uniform(0, gpu.state.counter_update_s)
        _limit(nvml, gpu, method)
    with bound(nvml):
        threads = [
            threading.Thread(target=work, args=(gpu, *job))
            for gpu, job in zip(nvml.gpus, jobs, strict=True)
        ]
        for thread in threads:
            time.sleep(0.01 * shift.random())
            thread.start()
        for thread in threads:
            thread.join()
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the worst and the median error by case and method, as Markdown."""
    lines = ["| job | method | worst error | median | reach |", "|---|---|---|---|---|"]
    for case in CASES:
        for method in METHODS:
            errors = [
                abs(r.error_pct)
                for r in rows
                if (r.case, r.method) == (case.name, method)
            ]
            if not errors:
                continue
            reach = f"{case.reach_pct} %" if method == "counter" else ""
            lines.append(
                f"| {case.name} | {method} | {max(errors):.2f} % |"
                f" {statistics.median(errors):.2f} % | {reach} |"
            )
    return "\n".join(lines)


def main() -> int:
    """Print the table; return 1 if the counter misses what it should reach."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gpu_accuracy")
    parser.add_argument("--repeat", type=int, default=1, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(asked.repeat):
            rows += run(Path(folder) / str(turn), seed=turn)
    print(table(rows))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(r) for r in rows], indent=2))
    reach = {c.name: c.reach_pct for c in CASES}
    missed = [
        r for r in rows if r.method == "counter" and abs(r.error_pct) > reach[r.case]
    ]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
