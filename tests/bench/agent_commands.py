"""What the commands that look at jobs and steer them take beside many finished ones.

    python -m tests.bench.agent_commands [--jobs 100000] [--times 15]

Each is run as its users run it: a process of its own, in a home of its own. Wall time
is that of the machine as it is; processor time does not depend on who else uses it.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from greenops.agent.lifecycle import submitted
from greenops.executors.job_folder import LOG
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Decision, JobSpec
from tests.bench.make_jobs import make_jobs
from tests.bench.page import options, publish, table

LOG_BYTES = 1 << 30
MS_PER_S = 1000.0
WAITS, LOGGED = "open-waits", "open-logged"


@dataclass(frozen=True, slots=True)
class Took:
    """What one command took, in ms."""

    command: str
    least_ms: float
    median_ms: float
    most_ms: float
    cpu_ms: float


def make_home(home: Path, jobs: int, times: int) -> None:
    """Fill a home with a ledger of finished jobs, and some that wait."""
    ledger = home / "data" / "greenops" / "ledger.db"
    ledger.parent.mkdir(parents=True)
    make_jobs(ledger, jobs=jobs)
    folder = home / "state" / "greenops" / "jobs"
    store = LedgerJobs(ledger, folder)
    now = datetime.now(UTC)
    for name in (WAITS, LOGGED, *(f"open-{i}" for i in range(times + 1))):
        spec = JobSpec(name="bench", argv=("true",), cwd="/", user="ada")
        store.add(name, spec, submitted(name, now, "ada", held=False))
        store.append(decisions=[_decision(name, now)])
    store.close()
    (folder / LOGGED).mkdir(parents=True)
    with (folder / LOGGED / LOG).open("wb") as log:
        log.truncate(LOG_BYTES)
        log.seek(0, os.SEEK_END)
        log.write(b"".join(b"epoch %d\n" % i for i in range(100)))


def _decision(job_id: str, now: datetime) -> Decision:
    start = now + timedelta(hours=3)
    spans = [[start.isoformat(), (start + timedelta(hours=1)).isoformat()]]
    chosen = {"place": "here", "segments": spans, "emissions_g": 800.0}
    return Decision(
        job_id=job_id,
        at=now,
        cause="forecast",
        inputs_sha256="0" * 64,
        inputs={},
        candidates=(chosen,),
        chosen=chosen,
        reason="made up",
        predicted_saved_g=200.0,
        greenops_version="bench",
    )


def commands(times: int) -> Iterator[tuple[str, list[str], int]]:
    """Yield what is run: its name, a command line per time, its exit status."""
    for words, status in (
        ("--help", 0),
        ("jobs", 0),
        ("jobs --open", 0),
        ("jobs --state failed", 0),
        ("jobs --name rare", 0),
        ("jobs --json -n 1000", 0),
        ("job job-050000", 0),
        ("job job-05000", 2),  # the beginning of several
        ("job unknown", 2),
        (f"plan {WAITS}", 0),
        (f"logs -n 10 {LOGGED}", 0),
        (f"hold {WAITS}", 0),
        (f"release {WAITS}", 0),
        (f"run-now {WAITS}", 0),
    ):
        yield words, [words] * (times + 1), status
    yield "cancel open-N", [f"cancel open-{i}" for i in range(times + 1)], 0


def timed(lines: list[str], environ: dict[str, str], status: int) -> Took:
    """Run each command line once, the first without counting it."""
    walls_ms, cpus_ms = [], []
    for line in lines:
        cpu_s, began_s = _children_s(), time.perf_counter()
        ran = subprocess.run(
            [sys.executable, "-m", "greenops", *line.split()],
            env=environ,
            capture_output=True,
            check=False,
        )
        walls_ms.append(MS_PER_S * (time.perf_counter() - began_s))
        cpus_ms.append(MS_PER_S * (_children_s() - cpu_s))
        if ran.returncode != status:
            raise SystemExit(f"greenops {line}: {ran.stderr.decode()}")
    walls_ms, cpus_ms = walls_ms[1:], cpus_ms[1:]
    return Took(
        lines[0], min(walls_ms), median(walls_ms), max(walls_ms), median(cpus_ms)
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and put the table on the page."""
    parser = options(__doc__ or "")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_home(home, args.jobs, args.times)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GREENOPS")}
        environ |= {
            "HOME": folder,
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
        }
        found = {
            name: timed(lines, environ, status)
            for name, lines, status in commands(args.times)
        }
    rows = [
        (f"`greenops {name}`", *(f"{ms:.0f}" for ms in list(asdict(t).values())[1:]))
        for name, t in found.items()
    ]
    body = (
        f"Beside {args.jobs:,} finished jobs, {args.times} processes each; the log is of"
        f" {LOG_BYTES >> 30} GiB. In ms.\n\n"
    ) + table(("command", "least", "median", "most", "processor time"), rows)
    publish(
        args,
        name="bench-agent-commands",
        title="The commands for jobs beside many finished ones",
        body=body,
        figures={name: asdict(t) for name, t in found.items()},
    )


if __name__ == "__main__":
    main()
