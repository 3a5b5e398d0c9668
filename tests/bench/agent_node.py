"""What sampling a whole node costs: `python -m tests.bench.agent_node`.

Eight simulated GPUs with a job on each, the processor and memory, and many processes
besides; `tests/workloads/sample_node.py` samples them as the daemon does. All CPU time
of that process counts, its ledger's thread included, once every job is a run.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.ledger.query import Ledger
from tests.bench import page, peers
from tests.bench.steady import GPU_W, GPUS, KIB_PER_MIB, REPO, cpu_s, peak_kib
from tests.bench.wrap import WORKLOADS
from tests.nvml_sim import SimulatedNvml, constant

FOUND_AFTER_S = 3.0
SETTLE_S = 12.0
"""Two scans, and the time after which a job becomes a run."""
SM_PERCENT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One load: how often is sampled, what runs, what it may cost.

    `processes` are idle ones beside the eight jobs on the GPUs, each a group of its
    own; with `all_found` each of them is a run as well.
    """

    interval_s: float
    processes: int
    all_found: bool = False
    reach_percent: float | None = None


CASES = (
    Case(interval_s=1.0, processes=100, reach_percent=1.0),
    Case(interval_s=1.0, processes=100, all_found=True),
    Case(interval_s=1.0, processes=1000),
    Case(interval_s=0.1, processes=100),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU of the sampler in percent of one core, its peak memory, and its runs."""

    case: Case
    core_percent: float
    peak_mib: float
    runs: int


def main() -> None:
    """Measure all cases; print and write the page."""
    options = page.options(__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=30.0, help="per case")
    args = options.parse_args()
    costs = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            costs.append(cost(case, args.seconds, folder=Path(name)))
    page.publish(
        args,
        name="bench-agent-node",
        title="Sampling a whole node",
        body=body(costs, args),
        figures=[asdict(one) for one in costs],
    )


def cost(case: Case, seconds: float, *, folder: Path) -> Cost:
    """Return what sampling costs in `case` over `seconds`, once settled."""
    nvml = SimulatedNvml(folder / "nvml", gpus=GPUS)
    env = {
        **peers.environment(folder),
        "LD_LIBRARY_PATH": str(folder / "nvml"),
        "PYTHONPATH": str(REPO),
        "GREENOPS_INTERVAL_S": str(case.interval_s),
        "GREENOPS_LEDGER_PATH": str(folder / "ledger.db"),
        "GREENOPS_NODE_FOUND_AFTER_S": str(FOUND_AFTER_S),
        "GREENOPS_NODE_FOUND_MIN_CPUS": "0" if case.all_found else "0.1",
    }
    with ExitStack() as stack:
        for gpu in nvml.gpus:
            gpu.power(constant(GPU_W))
            gpu.run({stack.enter_context(idle()).pid: SM_PERCENT})
        for _ in range(case.processes):
            stack.enter_context(idle())
        pid = stack.enter_context(sampled(env, cwd=folder))
        time.sleep(SETTLE_S)
        began_s, before_s = time.monotonic(), cpu_s([pid])
        time.sleep(seconds)
        used_s, lasted_s = cpu_s([pid]) - before_s, time.monotonic() - began_s
        peak_mib = peak_kib(pid) / KIB_PER_MIB
    return Cost(
        case=case,
        core_percent=100 * used_s / lasted_s,
        peak_mib=peak_mib,
        runs=runs_of(folder / "ledger.db", case),
    )


@contextmanager
def idle() -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process that does nothing, in a process group of its own."""
    process = subprocess.Popen(["sleep", "3600"], process_group=0)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def sampled(env: Mapping[str, str], *, cwd: Path) -> Iterator[int]:
    """Sample this node in a process of its own; yield its pid, once it has begun."""
    process = subprocess.Popen(
        [sys.executable, str(WORKLOADS / "sample_node.py")], env=dict(env), cwd=cwd,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.communicate(b"", timeout=60)


def runs_of(path: Path, case: Case) -> int:
    """Return how many runs were found; stop where what was claimed was not done."""
    ledger = Ledger(path)
    now = datetime.now(UTC)
    devices = {
        e.device.device_id
        for e in ledger.node_energy(now - timedelta(hours=2), now)
        if e.device.kind == "gpu" and e.found_j > 0
    }
    found = ledger.count_runs()
    ledger.close()
    expected = GPUS + (case.processes if case.all_found else 0)
    if len(devices) != GPUS or found < expected:
        raise SystemExit(f"{found} runs on {len(devices)} GPUs: too few were found")
    return found


def load(case: Case) -> str:
    """Return a case in words."""
    found = ", each of them a run" if case.all_found else ""
    return f"{1 / case.interval_s:g} Hz, {case.processes} idle processes{found}"


def body(costs: Iterable[Cost], args: argparse.Namespace) -> str:
    """Return the section's text."""
    rows = [
        [
            load(one.case),
            str(one.runs),
            f"{one.core_percent:.2f} %",
            "" if one.case.reach_percent is None else f"< {one.case.reach_percent:g} %",
            f"{one.peak_mib:.1f} MiB",
        ]
        for one in costs
    ]
    head = ["sampling, beside a job on each GPU", "runs found", "of one core", "reach"]
    return (
        f"{GPUS} simulated GPUs, processor and memory; {args.seconds:g} s each after "
        f"{SETTLE_S:g} s to settle. The runs of other jobs on the machine count as "
        f"well.\n\n{page.table([*head, 'peak memory'], rows)}"
    )


if __name__ == "__main__":
    main()
