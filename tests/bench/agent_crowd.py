"""Jobs of all kinds that prove themselves how often they ran, and what is wrong.

They write their proofs (`tests/workloads/proof_job.py`); the ledger says what became
of them; `Crowd.faults` holds one against the other.
"""

import collections
import os
import random
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.executors.processes import MARK, everybody
from greenops.model import Bounded, JobSpec, JobState, PauseBy, RequestKind
from tests.bench.agent_home import ROOT, USER, AgentHome

PROOF = ROOT / "tests" / "workloads" / "proof_job.py"
DONE, FAILED, CANCELLED = JobState.DONE, JobState.FAILED, JobState.CANCELLED
ENDS: Mapping[str, JobState] = {
    "short": DONE,
    "failing": FAILED,
    "asking": DONE,
    "steps": DONE,
    "frozen": DONE,
    "endless": CANCELLED,
    "stubborn": CANCELLED,
}
"""How each kind of job ends where nobody does anything to it but what it waits for."""
WEIGHTS = (30, 8, 4, 25, 20, 12, 1)
STEPS: Mapping[str, int] = {"short": 2, "failing": 1, "asking": 2}
PAUSABLE = ("steps", "frozen")
CPUS_EACH = 0.05
EXACT = {"short", "failing", "asking", "steps", "frozen"}
"""Each of whose steps is to be done exactly once."""


class Crowd:
    """The jobs of one home.

    Args:
        home: Where the daemon lives.
        dice: Decides what is submitted and asked.
        steps: Of a job that may be paused.
    """

    def __init__(self, home: AgentHome, dice: random.Random, *, steps: int) -> None:
        self._home = home
        self._dice = dice
        self._steps = steps
        self.proofs = home.folder / "proofs"
        self.proofs.mkdir(exist_ok=True)
        self.kinds: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.orphaned: set[str] = set()

    def submit(self, kinds: Iterable[str], *, urgent: bool) -> None:
        """Submit jobs; those that are urgent wait for no hour."""
        jobs = {}
        for kind in kinds:
            job_id = f"{kind}-{len(self.kinds):05d}"
            self.kinds[job_id] = kind
            jobs[job_id] = self._spec(kind, urgent=urgent)
        self._home.submit(jobs)

    def some(self, count: int) -> list[str]:
        """Return kinds of jobs, as they come."""
        return self._dice.choices(list(ENDS), WEIGHTS, k=count)

    def ask(self, job_id: str, kind: RequestKind) -> None:
        """Ask something of a job."""
        if kind is RequestKind.CANCEL:
            self.cancelled.add(job_id)
        self._home.store.ask(job_id, kind, USER, datetime.now(UTC))

    def ask_something(self, open_ids: Iterable[str]) -> None:
        """Ask this and that of some jobs, as people do."""
        for job_id in open_ids:
            kind, roll = self.kinds[job_id], self._dice.random()
            if ENDS[kind] is CANCELLED and roll < 0.25:
                self.ask(job_id, RequestKind.CANCEL)
            elif kind in PAUSABLE and roll < 0.3:
                self.ask(job_id, RequestKind.HOLD)
            elif kind in PAUSABLE and roll < 0.75:
                self.ask(job_id, RequestKind.RELEASE)
            elif roll > 0.98:
                self.ask(job_id, RequestKind.RUN_NOW)
            elif roll > 0.97:
                self.ask(job_id, RequestKind.CANCEL)

    def ask_all(self, kind: RequestKind, job_ids: Iterable[str]) -> None:
        """Ask the same of all jobs that it makes sense for."""
        for job_id in job_ids:
            ends = ENDS[self.kinds[job_id]]
            if (kind is RequestKind.CANCEL and ends is CANCELLED) or (
                kind is not RequestKind.CANCEL and self.kinds[job_id] in PAUSABLE
            ):
                self.ask(job_id, kind)

    def faults(self) -> dict[str, list[str]]:
        """Return the jobs that went wrong, by how."""
        store = self._home.store
        states = {i: store.job(i)[2][-1].state for i in self.kinds}
        return {
            "lost (never ran, or not to the end)": [
                i for i in self.kinds if self._is_lost(i, states[i])
            ],
            "doubled (a job, or a step of it)": [
                i for i in self.kinds if self._is_doubled(i)
            ],
            "stuck": [i for i, state in states.items() if not state.final],
            "wrong final state": [
                i
                for i, state in states.items()
                if state.final and state not in self._ends(i)
            ],
            "left running": sorted(self.alive()),
        }

    def alive(self) -> set[str]:
        """Return the attempts that processes of this home still belong to."""
        below = os.fsencode(f"{MARK}={self._home.folder}/")
        found = set()
        for pid in everybody():
            try:
                told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            found |= {os.fsdecode(v) for v in told if v.startswith(below)}
        return {Path(value).name for value in found}

    def _ends(self, job_id: str) -> set[JobState]:
        ends = {ENDS[self.kinds[job_id]]}
        if job_id in self.cancelled:
            ends.add(CANCELLED)
        if job_id in self.orphaned:  # nobody knows how it ended, so it has failed
            ends.add(FAILED)
        return ends

    def _is_lost(self, job_id: str, state: JobState) -> bool:
        if state is CANCELLED or job_id in self.orphaned:
            return False
        kind, steps = self.kinds[job_id], set(self._notes(job_id, "steps"))
        wanted = STEPS.get(kind, self._steps)
        if kind == "failing" or state is DONE:
            return steps != set(map(str, range(wanted)))
        return False

    def _is_doubled(self, job_id: str) -> bool:
        steps = collections.Counter(self._notes(job_id, "steps"))
        exact = self.kinds[job_id] in EXACT
        again = exact and any(n > 1 for n in steps.values())
        return again or bool(self._notes(job_id, "twice"))

    def _notes(self, job_id: str, what: str) -> list[str]:
        path = self.proofs / f"{job_id}.{what}"
        if not path.exists():
            return []
        return [line.split()[-1] for line in path.read_text().splitlines()]

    def _spec(self, kind: str, *, urgent: bool) -> JobSpec:
        steps = STEPS.get(kind, self._steps)
        # -S -E: half the time of a start, of which there are thousands.
        python = (sys.executable, "-S", "-E", str(PROOF))
        return JobSpec(
            name=kind,
            argv=(*python, str(self.proofs), kind, str(steps)),
            cwd=str(self._home.folder),
            user=USER,
            cpus=CPUS_EACH,
            power_w=100.0,
            duration_s=Bounded(central=1800.0, low=1200.0, high=2400.0),
            deadline=datetime.now(UTC) + timedelta(hours=12),
            max_delay_s=0.0 if urgent else None,
            interruptible=kind in PAUSABLE or kind == "asking",
            pause_by=PauseBy.FREEZE if kind == "frozen" else PauseBy.CHECKPOINT,
            checkpoint_signal="USR1" if kind == "steps" else "",
        )
