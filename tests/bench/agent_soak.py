"""Thousands of short jobs through the real daemon and real processes.

    python -m tests.bench.agent_soak [--jobs 10000] [--at-once 16]

Each job appends its id to one file as it begins, and its attempt's; one in ten ends
with an exit status that is to make it fail. What the ledger says in the end is held
against what the jobs themselves wrote.
"""

import collections
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenops.model import JobSpec, JobState
from tests.bench.agent_home import (
    KIB_PER_MIB,
    USER,
    AgentHome,
    circumstances,
    cpu_s,
    rss_mib,
    stopped,
)
from tests.bench.page import options, publish, table

CPUS_EACH = 0.05
BURST = 500
"""Jobs that are submitted in one go; the next when half of them are left."""
LOOK_S = 0.5
STUCK_AFTER_S = 60.0
"""Without any end of a job for so long, those that are open are stuck."""
BAD_STATUS = 3
INTRODUCTION = """\
Each job is a process of its own, run by a runner of its own that measures it as
`greenops wrap` does; up to {at_once} at once. It appends its id to a file as it begins,
and one in ten ends with an exit status that is to make it fail.
"""
PLACES = """
[[place]]
name = "here"
zone = "SE"
options = {{ cpus = {cpus} }}
"""
JOB = 'echo "$GREENOPS_JOB_ID ${{GREENOPS_ATTEMPT##*/}}" >> {ran}; exit {status}'


@dataclass(slots=True)
class Course:
    """How it went.

    Attributes:
        rss_mib: Of the daemon, by share of the jobs that had ended.
    """

    wall_s: float = 0.0
    rss_mib: list[tuple[float, float]] = field(default_factory=list)
    states: Mapping[str, JobState] = field(default_factory=dict)
    ran: collections.Counter[str] = field(default_factory=collections.Counter)
    daemon_cpu_s: float = 0.0
    ledger_mib: float = 0.0
    sound: bool = False


def expected(number: int) -> JobState:
    """Return how a job is to end."""
    return JobState.FAILED if number % 10 == BAD_STATUS else JobState.DONE


def jobs(home: AgentHome, numbers: range) -> dict[str, JobSpec]:
    """Return jobs by their ids."""
    return {
        job_id(n): JobSpec(
            name=f"soak-{n % 20}",
            argv=("sh", "-c", JOB.format(ran=home.folder / "ran", status=status(n))),
            cwd=str(home.folder),
            user=USER,
            cpus=CPUS_EACH,
            max_delay_s=0.0,
        )
        for n in numbers
    }


def job_id(number: int) -> str:
    """Return the id of the n-th job."""
    return f"job-{number:06d}"


def status(number: int) -> int:
    """Return the exit status of the n-th job."""
    return BAD_STATUS if expected(number) is JobState.FAILED else 0


def soak(home: AgentHome, count: int) -> Course:
    """Submit jobs in bursts until all have ended, or none ends any more."""
    course, given, ended = Course(), 0, 0
    began_s = progress_s = time.monotonic()
    daemon = home.start()
    try:
        while ended < count and time.monotonic() - progress_s < STUCK_AFTER_S:
            left = len(home.store.open_jobs())
            if given < count and left < BURST / 2:
                burst = range(given, min(given + BURST, count))
                home.submit(jobs(home, burst))
                given, left = burst.stop, left + len(burst)
            if given - left > ended:
                ended, progress_s = given - left, time.monotonic()
            course.rss_mib.append((ended / count, rss_mib(daemon.pid)))
            if sys.stderr.isatty():
                print(f"\r{ended} of {count}", end="", file=sys.stderr)
            time.sleep(LOOK_S)
        course.wall_s = time.monotonic() - began_s
        course.daemon_cpu_s = cpu_s(daemon.pid)
        if ended < count:  # it writes to its log where it is
            daemon.send_signal(signal.SIGABRT)
    finally:
        stopped(daemon)
    course.states = {
        job_id(n): home.store.job(job_id(n))[2][-1].state for n in range(count)
    }
    ran = home.folder / "ran"
    lines = ran.read_text().splitlines() if ran.exists() else []
    course.ran = collections.Counter(line.split()[0] for line in lines)
    course.ledger_mib, course.sound = home.size_mib(), home.sound()
    return course


def faults(course: Course) -> dict[str, list[str]]:
    """Return the jobs that went wrong, by how."""
    ids = {job_id(n): expected(n) for n in range(len(course.states))}
    return {
        "lost (never ran)": [i for i in ids if not course.ran[i]],
        "doubled": [i for i in ids if course.ran[i] > 1],
        "stuck": [i for i in ids if not course.states[i].final],
        "wrong final state": [
            i
            for i, state in ids.items()
            if course.states[i].final and course.states[i] is not state
        ],
    }


def told(course: Course, wrong: Mapping[str, list[str]]) -> str:
    """Return the table."""
    count = len(course.states)
    rows = [("jobs", f"{count:,}"), *((k, f"{len(v):,}") for k, v in wrong.items())]
    rows += [
        ("wall time", f"{course.wall_s:,.0f} s"),
        ("jobs per second", f"{count / course.wall_s:.1f}"),
        (
            "processor time of the daemon",
            f"{1e3 * course.daemon_cpu_s / count:.0f} ms a job",
        ),
        ("ledger", "sound" if course.sound else "DAMAGED"),
        (
            "size of the ledger",
            f"{course.ledger_mib * KIB_PER_MIB / count:.1f} KiB a job",
        ),
    ]
    for share in (0.1, 0.5, 1.0):
        reached = [mib for done, mib in course.rss_mib if done >= share]
        if reached:
            name = f"memory of the daemon when {share:.0%} have ended"
            rows.append((name, f"{reached[0]:.0f} MiB"))
    return table(("", "measured"), rows)


def main() -> None:
    """Run the jobs, publish the table; exit status 1 where one went wrong."""
    parser = options(__doc__ or "")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--keep", type=Path, help="a folder to work in, and to leave")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = asked.keep or Path(folder) / "home"
        place.mkdir(mode=0o700)
        home = AgentHome(place, PLACES.format(cpus=asked.at_once * CPUS_EACH))
        home.hours({"SE": [100.0]})
        course = soak(home, asked.jobs)
        wrong = faults(course)
        home.store.close()
    said = INTRODUCTION.format(at_once=asked.at_once)
    said += circumstances(f"`--jobs {asked.jobs}`")
    publish(
        asked,
        name="bench-agent-soak",
        title="Short jobs through the daemon",
        body=f"{said}\n{told(course, wrong)}",
        figures={**{k: len(v) for k, v in wrong.items()}, "wall_s": course.wall_s},
    )
    if any(wrong.values()) or not course.sound:
        print({how: ids[:10] for how, ids in wrong.items() if ids}, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
