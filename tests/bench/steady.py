"""What the wrapper costs while a long job runs: `make bench-steady`.

The job is an idle tree of processes beside eight simulated GPUs, so all that is left
to see is the wrapper: CPU time of its own process and of any helper it started, the
job's tree left out, after it has settled.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import page, peers
from tests.bench.wrap import WORKLOADS, greenops
from tests.nvml_sim import SimulatedNvml, constant

REPO = Path(__file__).parents[2]
SETTLE_S = 4.0
NS_PER_S = 1e9
KIB_PER_MIB = 1024
GPUS = 8
GPU_W = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One load: how often is sampled, the size of the job, what it may cost.

    With `cgroup` the job gets a control group of its own where that is allowed;
    without, its processes are walked at every sample. With `moments` the boards have
    neither a counter nor an averaged power, and are looked at between the samples.
    """

    interval_s: float
    processes: int
    cgroup: bool
    reach_percent: float | None
    moments: bool = False


CASES = (
    *(
        Case(interval_s=every_s, processes=size, cgroup=cgroup, reach_percent=reach)
        for every_s, size, reach in ((1.0, 50, 0.4), (0.1, 50, 3.0), (1.0, 1000, 3.0))
        for cgroup in (True, False)
    ),
    Case(interval_s=1.0, processes=50, cgroup=True, reach_percent=None, moments=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU of the wrapper in percent of one core, and its peak memory."""

    case: Case
    core_percent: float
    peak_mib: float


def main() -> None:
    """Measure all cases and the simulated week; print and write the page."""
    options = page.options(__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=30.0, help="per case")
    options.add_argument("--ticks", type=int, default=604_800, help="of the week")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        costs = []
        for moments in (False, True):
            env = {
                **peers.environment(folder),
                **simulated_gpus(folder / f"nvml-{moments}", moments=moments),
            }
            costs += [
                cost(case, args.seconds, env=env, cwd=folder)
                for case in CASES
                if case.moments is moments
            ]
    week = json.loads(
        subprocess.check_output(
            [sys.executable, "-m", "tests.bench.week", f"--ticks={args.ticks}"],
            cwd=REPO,
        )
    )
    page.publish(
        args,
        name="bench-steady",
        title="`greenops wrap` in steady state",
        body=body(costs, week, args),
        figures={"costs": [asdict(one) for one in costs], "week": week},
    )


def simulated_gpus(folder: Path, *, moments: bool) -> dict[str, str]:
    """Return the environment in which NVML shows eight simulated GPUs at work."""
    nvml = SimulatedNvml(folder, gpus=GPUS)
    for gpu in nvml.gpus:
        gpu.power(constant(GPU_W))
    if moments:
        nvml.show_moments_only()
    return {"LD_LIBRARY_PATH": str(folder)}


def cost(case: Case, seconds: float, *, env: Mapping[str, str], cwd: Path) -> Cost:
    """Return what the wrapper of `case` costs over `seconds`, once settled."""
    with wrapped(case, SETTLE_S + seconds + 5, env=env, cwd=cwd) as wrapper:
        time.sleep(SETTLE_S)
        ours = list(own_processes(wrapper))
        began_s, before_s = time.monotonic(), cpu_s(ours)
        time.sleep(seconds)
        used_s, lasted_s = cpu_s(ours) - before_s, time.monotonic() - began_s
        peak_mib = sum(peak_kib(pid) for pid in ours) / KIB_PER_MIB
    return Cost(case=case, core_percent=100 * used_s / lasted_s, peak_mib=peak_mib)


@contextmanager
def wrapped(
    case: Case, stay_s: float, *, env: Mapping[str, str], cwd: Path
) -> Iterator[int]:
    """Run an idle tree under `greenops wrap`; yield the wrapper, once it stands."""
    tree = [str(WORKLOADS / "tree.py"), str(case.processes), str(stay_s)]
    result = cwd / "result.json"
    options = ["--quiet", f"--interval={case.interval_s}", f"--json={result}"]
    process = subprocess.Popen(
        [greenops(), "wrap", *options, *tree],
        env={**env, "GREENOPS_ATTRIBUTION_CGROUP": str(case.cgroup).lower()},
        cwd=cwd,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()  # "ready": all processes of the tree exist
        yield process.pid
    finally:
        process.terminate()
        process.wait()
    devices = json.loads(result.read_text())["devices"]
    if sum(device["kind"] == "gpu" for device in devices) != GPUS:
        raise SystemExit(f"{GPUS} GPUs were simulated, but not all were measured")


def own_processes(wrapper: int) -> Iterator[int]:
    """Yield the wrapper and the helpers it started, but not the job."""
    yield wrapper
    for pid in children(wrapper):
        if b"tree.py" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            yield from own_processes(pid)


def children(pid: int) -> list[int]:
    """Return the pids of the children of `pid`."""
    tasks = Path(f"/proc/{pid}/task")
    listed = " ".join((task / "children").read_text() for task in tasks.iterdir())
    return [int(child) for child in listed.split()]


def cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU seconds of all threads of `pids`, to the nanosecond."""
    on_cpu_ns = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            on_cpu_ns += int((task / "schedstat").read_text().split()[0])
    return on_cpu_ns / NS_PER_S


def peak_kib(pid: int) -> int:
    """Return the peak resident memory of `pid`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise SystemExit(f"process {pid} has no VmHWM")


def load(case: Case) -> str:
    """Return a case in words."""
    counted = "own cgroup" if case.cgroup else "process tree"
    looks = ", power looked at between" if case.moments else ""
    return f"{1 / case.interval_s:g} Hz, {case.processes} processes, {counted}{looks}"


def body(
    costs: Iterable[Cost], week: Mapping[str, float], args: argparse.Namespace
) -> str:
    """Return the section's text."""
    rows = [
        [
            load(one.case),
            f"{one.core_percent:.2f} %",
            "" if one.case.reach_percent is None else f"< {one.case.reach_percent:g} %",
            f"{one.peak_mib:.1f} MiB",
        ]
        for one in costs
    ]
    table = page.table(["sampling, job", "of one core", "reach", "peak memory"], rows)
    return (
        f"{GPUS} simulated GPUs, an idle job, {args.seconds:g} s each after "
        f"{SETTLE_S:g} s to settle.\n\n{table}\n"
        f"A simulated run of {week['ticks']:,} ticks on {GPUS} GPUs: resident memory "
        f"{week['early_mib']:.1f} MiB early on, {week['end_mib']:.1f} MiB at its end.\n"
    )


if __name__ == "__main__":
    main()
