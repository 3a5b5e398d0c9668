"""What counting a training costs: `make bench-torch-watch`.

CPU time, bare and watched runs interleaved in random order, beside an A/A control: bare
runs against bare runs, drawn the same way.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from greenops.torch.watch_folder import SHIM
from tests.bench import page

LOOP = Path(__file__).with_name("torch_loops.py")
WORKLOADS = ("mlp", "cnn", "transformer", "hf_trainer")
US_PER_S = 1e6
MS_PER_S = 1e3
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """CPU time of one kind of runs over that of another, with a 95 % interval."""

    workload: str
    kind: str
    ratio: float
    low: float
    high: float


def main() -> None:
    """Measure hooks, start-up and workloads; print and write the page."""
    options = page.options(__doc__.splitlines()[0])
    options.add_argument("--starts", type=int, default=60, help="of an empty program")
    options.add_argument("--runs", type=int, default=12, help="of each workload")
    args = options.parse_args()
    each_us = hooks_us()
    start_ms = starts_ms(args.starts)
    ratios = [r for name in WORKLOADS for r in compared(name, args.runs)]
    page.publish(
        args,
        name="bench-torch-watch",
        title="Counting a PyTorch training",
        body=body(each_us, start_ms, ratios, args),
        figures={
            "hooks_us": each_us,
            "starts_ms": start_ms,
            "ratios": [asdict(r) for r in ratios],
        },
    )


def run(code: Sequence[str], *, watched: bool) -> dict[str, float]:
    """Return what a program measured of itself, with its CPU time as we saw it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        if watched:
            env |= {"PYTHONPATH": SHIM, "GREENOPS_WATCH": folder}
        process = subprocess.Popen(
            [sys.executable, *code],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        said = process.stdout.read().strip().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{code} failed")
    found: dict[str, float] = json.loads(said[-1]) if said else {}
    return {"all_s": usage.ru_utime + usage.ru_stime, **found}


def hooks_us() -> dict[str, float]:
    """Return CPU time in us of a step and of a batch, watched less bare (medians)."""
    per: dict[tuple[str, bool], list[float]] = {}
    for _ in range(7):
        for watched in random.sample((False, True), 2):
            for name, cpu_s in run([str(LOOP), "hooks"], watched=watched).items():
                per.setdefault((name, watched), []).append(cpu_s)
    return {
        name: US_PER_S
        * (statistics.median(per[name, True]) - statistics.median(per[name, False]))
        for name in ("step_s", "batch_s")
    }


def starts_ms(times: int) -> dict[str, float]:
    """Return CPU ms of starting a Python that imports no torch: bare, again, watched."""
    kinds = {"bare": False, "again": False, "watched": True}
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(times):
        for kind in random.sample(list(kinds), len(kinds)):
            found[kind].append(run(["-c", "pass"], watched=kinds[kind])["all_s"])
    return {kind: MS_PER_S * statistics.mean(all_s) for kind, all_s in found.items()}


def compared(workload: str, runs: int) -> list[Ratio]:
    """Return the CPU time of the loop, watched over bare and bare over bare."""
    kinds = {"bare": False, "A/A": False, "watched": True}
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(runs):
        for kind in random.sample(list(kinds), len(kinds)):
            cpu_s = run([str(LOOP), workload], watched=kinds[kind])["loop_s"]
            found[kind].append(cpu_s)
    return [ratio(workload, kind, found) for kind in ("A/A", "watched")]


def ratio(workload: str, kind: str, found: dict[str, list[float]]) -> Ratio:
    """Return the ratio of means of `kind` to bare; its interval by the bootstrap."""
    pairs = list(zip(found[kind], found["bare"], strict=True))
    drawn = sorted(
        sum(a for a, _ in some) / sum(b for _, b in some)
        for some in (random.choices(pairs, k=len(pairs)) for _ in range(RESAMPLES))
    )
    return Ratio(
        workload=workload,
        kind=kind,
        ratio=sum(a for a, _ in pairs) / sum(b for _, b in pairs),
        low=drawn[int(0.025 * RESAMPLES)],
        high=drawn[int(0.975 * RESAMPLES)],
    )


def body(
    each_us: dict[str, float],
    start_ms: dict[str, float],
    ratios: Sequence[Ratio],
    args: argparse.Namespace,
) -> str:
    """Return the section's text."""
    costs = page.table(
        ["CPU time", "measured", "reach"],
        [
            ["hooks, a step", f"{each_us['step_s']:.2f} us", "< 3 us"],
            ["hooks, a batch", f"{each_us['batch_s']:.2f} us", "< 0.5 us"],
            [
                "both, of a step of 500 us",
                f"{(each_us['step_s'] + each_us['batch_s']) / 5:.2f} %",
                "< 0.5 %",
            ],
            [
                "start of a Python without torch, watched less bare",
                f"{start_ms['watched'] - start_ms['bare']:.2f} ms",
                "< 5 ms",
            ],
            [
                "the same, bare less bare (A/A)",
                f"{start_ms['again'] - start_ms['bare']:.2f} ms",
                "",
            ],
        ],
    )
    rows = [
        [r.workload, r.kind, f"{r.ratio:.4f}", f"{r.low:.4f} to {r.high:.4f}"]
        for r in ratios
    ]
    head = ["workload", "over bare", "CPU time", "95 % interval"]
    return (
        f"{costs}\nCPU time of the training loop alone, {args.runs} runs of each kind in"
        f" random order:\n\n{page.table(head, rows)}"
    )


if __name__ == "__main__":
    main()
