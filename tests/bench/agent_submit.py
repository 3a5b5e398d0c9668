"""What submitting a job takes: `python -m tests.bench.agent_submit`.

As a process, beside a Python that does nothing and one that loads numpy, in turn; and
as a call. Once with nothing in the ledger, once with 10,000 jobs that wait there. Wall
time depends on who else is on the machine, so the time on a processor stands beside it.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from greenops.agent.lifecycle import submitted
from greenops.ledger.jobs import LedgerJobs
from greenops.wire.outlook_file import keep_outlook
from tests.bench import page
from tests.bench.agent_queue import forecast, spec

QUEUE = 10_000
MS_PER_S = 1000.0
SUBMIT = ("submit", "--deadline", "24h", "--duration", "1h", "train.py")


def main() -> None:
    """Measure, print and put on the page."""
    parser = page.options(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="processes of each kind")
    parser.add_argument("--calls", type=int, default=300, help="calls of the interface")
    args = parser.parse_args()
    rows = []
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        for queued in (0, QUEUE):
            home = _home(Path(folder) / str(queued), queued)
            about = f", {queued:,} jobs waiting" if queued else ""
            rows += _processes(home, args.rounds, about, bare=not queued)
            rows.append(_calls(home, args.calls, f"`greenops.submit`{about}"))
    body = (
        "Kept forecasts of a daemon at hand; each job is planned, written and on the"
        " disk. Milliseconds; processes in turn. At its start"
        f" {busy:.1f} processes wanted the {os.cpu_count()} cores.\n\n"
    ) + page.table(
        ("", "n", "least", "median", "p99 (of 20: the worst)", "median on a processor"),
        [
            (row["what"], str(row["n"]), *(f"{row[k]:.1f}" for k in _KEYS))
            for row in rows
        ],
    )
    page.publish(
        args,
        name="bench-agent-submit",
        title="Submitting a job",
        body=body,
        figures=rows,
    )


_KEYS = ("least_ms", "median_ms", "p99_ms", "cpu_median_ms")


def _home(home: Path, queued: int) -> Path:
    """Return a home with a daemon's forecast, and so many jobs that wait."""
    state = home / "state" / "greenops"
    state.mkdir(parents=True, mode=0o700)
    (home / "train.py").write_text("pass\n")
    now = datetime.now(UTC)
    keep_outlook(state, {"DE": forecast("DE", 1, now)})
    if queued:
        dice = random.Random(1)
        store = LedgerJobs(home / "data" / "greenops" / "ledger.db", state / "jobs")
        store.add_all(
            (f"job-{i}", spec(i, dice), submitted(f"job-{i}", now, "ada", held=False))
            for i in range(queued)
        )
        store.close()
    return home


def _environ(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENOPS")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed: compiled once
    folders = {
        f"XDG_{name}_HOME": str(home / name.lower())
        for name in ("DATA", "CONFIG", "STATE", "CACHE")
    }
    return kept | folders | {"HOME": str(home), "GREENOPS_ZONE": "DE"}


def _processes(
    home: Path, rounds: int, about: str, *, bare: bool
) -> list[dict[str, Any]]:
    greenops = (sys.executable, "-m", "greenops")
    kinds: dict[str, Sequence[str]] = {
        f"`greenops submit`{about}": (*greenops, *SUBMIT)
    }
    if bare:
        kinds = {
            "`python -c pass`": (sys.executable, "-c", "pass"),
            "`python -c 'import numpy'`": (sys.executable, "-c", "import numpy"),
            "`greenops --version`": (*greenops, "--version"),
            **kinds,
        }
    environ = _environ(home)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for argv in kinds.values():  # compiled, and read from the disk once
        _ran(argv, home, environ)
    for _ in range(rounds):
        for name, argv in kinds.items():
            found[name].append(_ran(argv, home, environ))
    return [_row(name, times) for name, times in found.items()]


def _ran(
    argv: Sequence[str], cwd: Path, environ: Mapping[str, str]
) -> tuple[float, float]:
    """Return the wall time of a process, and its time on a processor, in s."""
    began_s = time.perf_counter()
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        env=dict(environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began_s
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{argv} ended with {process.returncode}")
    return took_s, used.ru_utime + used.ru_stime


_CALLS = """
import json, sys, time
from datetime import timedelta
import greenops
took = []
for _ in range(int(sys.argv[1])):
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    greenops.submit(
        "train.py", deadline=timedelta(hours=24), duration_s=3600.0, power_w=300.0
    )
    took.append((time.perf_counter() - wall_s, time.process_time() - cpu_s))
print(json.dumps(took[1:]))
"""


def _calls(home: Path, calls: int, what: str) -> dict[str, Any]:
    """Return what calls take in a process that has made one before."""
    done = subprocess.run(
        [sys.executable, "-c", _CALLS, str(calls + 1)],
        cwd=home,
        env=_environ(home),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return _row(what, [(a, b) for a, b in json.loads(done.stdout)])


def _row(what: str, times: Sequence[tuple[float, float]]) -> dict[str, Any]:
    wall_ms = sorted(wall_s * MS_PER_S for wall_s, _ in times)
    return {
        "what": what,
        "n": len(times),
        "least_ms": wall_ms[0],
        "median_ms": median(wall_ms),
        "p99_ms": wall_ms[min(len(wall_ms) - 1, int(0.99 * len(wall_ms)))],
        "cpu_median_ms": median(cpu_s * MS_PER_S for _, cpu_s in times),
    }


if __name__ == "__main__":
    main()
