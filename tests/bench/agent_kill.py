"""Kill the daemon all over the life of jobs; see that none is lost or runs twice.

    python -m tests.bench.agent_kill [--kills 1000] [--seed 1]

Jobs of all kinds come and go while the daemon is killed (SIGKILL) again and again, as
soon as one of them has reached a state that was picked for this kill, or at any moment
from its start on; some kills take runners of attempts along. In the end all is let
come to rest, and what the jobs wrote is held against what the ledger says.
"""

import collections
import contextlib
import os
import random
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from greenops.executors.attempt_folder import AttemptFolder
from greenops.model import JobState, RequestKind
from tests.bench.agent_crowd import CPUS_EACH, ENDS, Crowd
from tests.bench.agent_home import CLEAN_G, DIRTY_G, AgentHome, circumstances, stopped
from tests.bench.page import options, publish, table

OPEN = 14
"""Jobs that are kept open; more than find room, so that some wait."""
ROOM = 8
CLEAN, DIRTY = (CLEAN_G,), (DIRTY_G, CLEAN_G)
LATEST_KILL_S = 2.5
STAGES: Mapping[str, str] = {
    **{s: f"just after a job was seen {s}" for s in JobState if s is not JobState.HELD},
    "any": "at any moment",
    "birth": "before it had looked at anything",
    "plan": "just after it had planned",
}
PROVOKED: Mapping[str, RequestKind] = {
    JobState.PAUSING: RequestKind.HOLD,
    JobState.PAUSED: RequestKind.RELEASE,
    JobState.CANCELLING: RequestKind.CANCEL,
    JobState.CANCELLED: RequestKind.CANCEL,
}
"""What a person asks of jobs to bring them to a state."""
STUCK_AFTER_S = 90.0
INTRODUCTION = """\
Jobs of seven kinds (short, failing, asking to be run again, checkpointing, frozen,
endless until cancelled, deaf to SIGTERM), held, released and cancelled by a person and
paused by the plan as the signal turns dirty and clean. Recovery is from the start of
the process to its first act in the ledger.
"""
PLACES = f"""
[[place]]
name = "here"
zone = "SE"
options = {{ cpus = {ROOM * CPUS_EACH} }}
"""


@dataclass(slots=True)
class Toll:
    """What was killed when, and how it came back."""

    stages: collections.Counter[str] = field(default_factory=collections.Counter)
    runners: int = 0
    damaged: int = 0
    recoveries_s: list[float] = field(default_factory=list)


class Watch:
    """Looks at the ledger from outside, as often as one likes.

    Args:
        path: The ledger.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._seen = self._events()
        self._plans = self._count("decisions")

    def news(self) -> set[str]:
        """Return the states that jobs have got into since the last look, and `plan`."""
        before, self._seen = self._seen, self._events()
        plans, self._plans = self._plans, self._count("decisions")
        states = {s for (s, n) in self._seen.items() if n > before.get(s, 0)}
        return states | ({"plan"} if self._plans > plans else set())

    def close(self) -> None:
        """Let go of the ledger."""
        self._connection.close()

    def _events(self) -> dict[str, int]:
        found = "SELECT state, COUNT(*) FROM job_events WHERE seq > 0 GROUP BY state"
        return dict(self._connection.execute(found).fetchall())

    def _count(self, name: str) -> int:
        (row,) = self._connection.execute(f"SELECT COUNT(*) FROM {name}").fetchall()
        return int(row[0])


def kill_again_and_again(
    home: AgentHome,
    crowd: Crowd,
    kills: int,
    dice: random.Random,
    *,
    latest_s: float = LATEST_KILL_S,
) -> Toll:
    """Kill as often as asked, at all stages in turn, none later than twice `latest_s`."""
    toll = Toll()
    stages = list(STAGES)
    home.hours({"SE": CLEAN})
    crowd.submit(crowd.some(OPEN), urgent=False)
    for number in range(kills):
        open_ids = list(home.store.open_jobs())
        crowd.submit(crowd.some(OPEN - len(open_ids)), urgent=dice.random() < 0.5)
        crowd.submit(["short"], urgent=True)  # so that there is something to act on
        if stages[number % len(stages)] in PROVOKED:
            crowd.ask_all(PROVOKED[stages[number % len(stages)]], open_ids)
        else:
            crowd.ask_something(open_ids)
        if number % 4 == 0:
            home.hours({"SE": dice.choice([CLEAN, DIRTY])})
        kill_once(home, stages[number % len(stages)], toll, dice, latest_s)
        if number % 4 == 0:
            kill_runners(home, crowd, toll, dice)
        toll.damaged += not home.sound()
        if sys.stderr.isatty():
            print(f"\r{number + 1} of {kills}", end="", file=sys.stderr)
    return toll


def kill_once(
    home: AgentHome, stage: str, toll: Toll, dice: random.Random, latest_s: float
) -> None:
    """Start a daemon, and kill it at a stage; somewhere, if that is not reached."""
    longest_s = {"birth": min(1.0, latest_s), "any": latest_s}.get(stage)
    limit_s = dice.uniform(0.05, longest_s) if longest_s else 2 * latest_s
    watch, seen = Watch(home.ledger), set[str]()
    began_s = time.monotonic()
    daemon = home.start()
    while (lived_s := time.monotonic() - began_s) < limit_s:
        if (news := watch.news()) and not seen:
            toll.recoveries_s.append(lived_s)
        seen |= news
        if stage in news:
            time.sleep(dice.uniform(0.0, 0.02))
            break
        time.sleep(0.002)
    toll.stages[stage if stage in seen else "any" if seen else "birth"] += 1
    daemon.kill()
    daemon.wait()
    watch.close()


def kill_runners(
    home: AgentHome, crowd: Crowd, toll: Toll, dice: random.Random
) -> None:
    """Kill the runner of an attempt or two."""
    attempts = sorted((home.folder / "state/greenops/local/attempts").glob("[!.]*"))
    for path in dice.sample(attempts, min(2, len(attempts))):
        folder = AttemptFolder(path)
        runner, order = folder.runner(), folder.order()
        if runner and order and folder.ended() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(runner.pid, signal.SIGKILL)
                toll.runners += 1
                crowd.orphaned.add(order.job_id)


def come_to_rest(home: AgentHome, crowd: Crowd) -> None:
    """Let a daemon live until all jobs have ended, or none ends any more."""
    home.hours({"SE": CLEAN})
    daemon = home.start()
    left, progress_s = len(crowd.kinds) + 1, time.monotonic()
    try:
        while left and time.monotonic() - progress_s < STUCK_AFTER_S:
            found = home.store.open_jobs()
            if len(found) < left:
                left, progress_s = len(found), time.monotonic()
            if not home.store.requests():
                bid_farewell(crowd, {i: last.state for i, (_, last) in found.items()})
            time.sleep(0.5)
        if left:  # it writes to its log where it is
            daemon.send_signal(signal.SIGABRT)
    finally:
        stopped(daemon)


def bid_farewell(crowd: Crowd, states: Mapping[str, JobState]) -> None:
    """Ask of each job what it needs to come to its end."""
    for job_id, state in states.items():
        if ENDS[crowd.kinds[job_id]] is JobState.CANCELLED:
            if state is not JobState.CANCELLING:
                crowd.ask(job_id, RequestKind.CANCEL)
        elif state is JobState.HELD:
            crowd.ask(job_id, RequestKind.RELEASE)


def told(toll: Toll, crowd: Crowd, wrong: Mapping[str, Sequence[str]]) -> str:
    """Return the tables."""
    recoveries_s = sorted(toll.recoveries_s)
    rows = [
        ("kills of the daemon", f"{toll.stages.total():,}"),
        ("kills of runners", f"{toll.runners}"),
        ("jobs", f"{len(crowd.kinds):,}"),
        *((how, f"{len(ids)}") for how, ids in wrong.items()),
        ("ledger found damaged", f"{toll.damaged}"),
        ("recovery, median", f"{statistics.median(recoveries_s):.2f} s"),
        ("recovery, 99 of 100", f"{recoveries_s[int(0.99 * len(recoveries_s))]:.2f} s"),
        ("recovery, longest", f"{recoveries_s[-1]:.2f} s"),
    ]
    stages = ((STAGES[s], f"{n}") for s, n in toll.stages.most_common())
    return f"{table(('', 'measured'), rows)}\n{table(('killed', 'times'), stages)}"


def main() -> None:
    """Kill, publish the tables; exit status 1 where something went wrong."""
    parser = options(__doc__ or "")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder to work in, and to leave")
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        place = asked.keep or Path(folder) / "home"
        place.mkdir(mode=0o700)
        home = AgentHome(place, PLACES)
        crowd = Crowd(home, dice, steps=12)
        toll = kill_again_and_again(home, crowd, asked.kills, dice)
        come_to_rest(home, crowd)
        toll.damaged += not home.sound()
        wrong = crowd.faults()
        home.store.close()
    publish(
        asked,
        name="bench-agent-kill",
        title="The daemon killed again and again",
        body=f"{INTRODUCTION}{circumstances(f'`--kills {asked.kills}`')}\n{told(toll, crowd, wrong)}",
        figures={
            **{how: len(ids) for how, ids in wrong.items()},
            "kills": toll.stages.total(),
            "damaged": toll.damaged,
            "recovery_max_s": max(toll.recoveries_s),
        },
    )
    if any(wrong.values()) or toll.damaged:
        print({how: ids for how, ids in wrong.items() if ids}, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
