"""Make a ledger of many runs, the same for the same seed.

    python -m tests.bench.make_ledger PATH --runs 100000 [--samples 0] [--seed 1]

Rows are written by the statements of the ledger itself, so that a change of its layout
changes this file's output with it.
"""

import argparse
import contextlib
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from greenops.ledger.append import Appender
from greenops.ledger.rows import Entry, devices_entry, end_entry, run_entry, tick_entry
from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    JobUse,
    Method,
    Quality,
    Run,
    RunEnd,
    RunStatus,
    Sample,
)

NEWEST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
APART_S = 300.0
TICK_S = 1.0003
PER_TRANSACTION = 5000
DEVICES = (
    Device(
        device_id="cpu:package-0",
        kind=DeviceKind.CPU,
        name="a processor",
        source="model",
        rel_uncertainty=0.3,
    ),
    Device(
        device_id="gpu:GPU-0",
        kind=DeviceKind.GPU,
        name="a GPU",
        source="nvml_counter",
        rel_uncertainty=0.05,
    ),
)


def make_ledger(path: Path, *, runs: int, samples: int = 0, seed: int = 1) -> None:
    """Write a ledger of `runs` ended runs with `samples` ticks each to `path`."""
    dice = random.Random(seed)
    with contextlib.closing(Appender(path)) as appender:
        for first in range(0, runs, PER_TRANSACTION):
            numbers = range(first, min(first + PER_TRANSACTION, runs))
            entries = (
                entry
                for number in numbers
                for entry in _run(number, runs, samples, dice)
            )
            appender.transact(
                lambda _, entries=entries: appender.apply(entries),  # type: ignore[misc]
                until_s=time.monotonic,
            )


def _run(number: int, runs: int, samples: int, dice: random.Random) -> Iterator[Entry]:
    start_s = NEWEST - (runs - number) * APART_S
    run = Run(
        run_id=f"20250101-{number:08d}-{dice.randrange(16**6):06x}",
        name=dice.choice(["train.py", "finetune", "sweep", "eval", "tokenise"]),
        kind="wrap",
        command=("python", "train.py", "--seed", str(number)),
        cwd="/home/someone/project",
        host=f"node{dice.randrange(8)}",
        user=dice.choice(["ada", "grace", "edsger"]),
        started_at=datetime.fromtimestamp(start_s, UTC),
        pid=number + 1,
        recorder_pid=number + 1,
        recorder_started_s=1.0,
        boot_id="0",
        interval_s=1.0,
        project=dice.choice(["vision", "speech", None]),
        team=dice.choice(["research", "platform", None]),
        tags={"seed": str(number), "kind": "rare" if number % 5000 == 0 else "common"},
    )
    yield run_entry(run, namespace="", version="0")
    yield devices_entry(run.run_id, DEVICES)
    for tick in range(samples):
        yield _tick(run.run_id, start_s + tick * TICK_S, dice)
    duration_s = samples * TICK_S or dice.expovariate(1 / 600)
    failed = dice.random() < 0.02
    end = RunEnd(
        run_id=run.run_id,
        status=RunStatus.FAILED if failed else RunStatus.FINISHED,
        stopped_at=datetime.fromtimestamp(start_s + duration_s, UTC),
        duration_s=duration_s,
        exit_code=int(failed),
    )
    totals = [_total(device, duration_s * dice.uniform(20, 400)) for device in DEVICES]
    energy_j = sum(t.job_energy_j for t in totals)
    yield end_entry(end, totals, footprint={"footprints": [_footprint(energy_j)]})


def _tick(run_id: str, start_s: float, dice: random.Random) -> Entry:
    samples = [
        Sample(
            device_id=device.device_id,
            start_epoch_s=start_s,
            duration_s=TICK_S,
            node_energy_j=dice.uniform(50, 400),
            job_energy_j=dice.uniform(10, 50),
            error_j=dice.random(),
            method=Method.COUNTER,
            utilization=dice.random(),
        )
        for device in DEVICES
    ]
    use = JobUse(
        start_epoch_s=start_s,
        duration_s=TICK_S,
        cpu_s=dice.random(),
        node_cpu_s=dice.uniform(1, 2),
        rss_bytes=dice.randrange(1 << 32),
        processes=3,
    )
    return tick_entry(run_id, samples, use)


def _total(device: Device, energy_j: float) -> DeviceTotal:
    return DeviceTotal(
        device=device,
        node_energy_j=energy_j * 1.5,
        job_energy_j=energy_j,
        job_low_j=energy_j * 0.7,
        job_high_j=energy_j * 1.3,
        peak_w=400.0,
        mean_utilization=0.5,
        method=Method.COUNTER,
        quality=Quality(),
    )


def _footprint(energy_j: float) -> tuple[float | str | None, ...]:
    def three(central: float) -> tuple[float, float, float]:
        return central, central * 0.8, central * 1.2

    g = energy_j / 3.6e6 * 400
    figures = (energy_j, energy_j * 1.5, g, g / 10, g * 1.1, 400.0, 1.5)
    bounds = (x for figure in figures for x in three(figure))
    return (NEWEST, "0", "world", "made up", *bounds, None, None, None, "{}")


def main() -> None:
    """Make the ledger that the command line asks for, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began_s = time.monotonic()
    make_ledger(asked.path, runs=asked.runs, samples=asked.samples, seed=asked.seed)
    size = asked.path.stat().st_size
    took_s = time.monotonic() - began_s
    sys.stdout.write(f"{asked.runs} runs, {size} bytes, {took_s:.1f} s\n")


if __name__ == "__main__":
    main()
