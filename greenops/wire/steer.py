"""Passes on what people ask of jobs, and tells what came of it."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from greenops.agent.asked import answered
from greenops.agent.standing import Job
from greenops.config import Config
from greenops.errors import JobChangedError
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.place import is_ours
from greenops.model import Answer, JobRequest, JobState, RequestKind
from greenops.tracking.identity import user_name
from greenops.wire.folders import jobs_folder, ledger_file

WAIT_S = 5.0
"""A daemon answers within a second, unless it is planning a long queue."""
LOOK_S = 0.05
TRIES = 3
"""How often a job is steered again that somebody else steered in that very moment."""
_OPEN = {s for s in JobState if not s.final}
DONE = {
    RequestKind.CANCEL: {JobState.CANCELLED, JobState.CANCELLING},
    RequestKind.HOLD: {JobState.HELD, JobState.PAUSING},
    RequestKind.RELEASE: _OPEN - {JobState.HELD, JobState.CANCELLING},
    # A short one may be over by the time that its answer is read.
    RequestKind.RUN_NOW: set(JobState) - {JobState.CANCELLING, JobState.CANCELLED},
}
"""How a job stands once it was done what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request.

    Attributes:
        job_id: Of the job.
        words: For who asked.
        done: Whether the job stands as was asked; None: not known yet.
    """

    job_id: str
    words: str
    done: bool | None


def may_steer_all(ledger: Path) -> bool:
    """Return whether this user steers every job of a ledger: its owner, and root."""
    return is_ours(ledger.stat()) or os.geteuid() == 0


class Steering:
    """Asks things of jobs. A context manager would be closed by `close`.

    With a daemon on the ledger it is the daemon that acts. Without one, a job of which
    nothing runs is steered here and now, by the same rules; what runs waits for one. A
    daemon that starts in that moment is no harm: of two next events of a job the ledger
    takes one, and who wrote the other looks again.

    Args:
        config: The settings in force.
        wait_s: How long to wait for a daemon's answers, all together.
        sleep: Waits so many seconds.
        user: Who asks; None: who runs this.
        all_theirs: Whether they may ask it of other people's jobs too.
    """

    def __init__(
        self,
        config: Config,
        *,
        wait_s: float = WAIT_S,
        sleep: Callable[[float], object] = time.sleep,
        user: str | None = None,
        all_theirs: Callable[[Path], bool] = may_steer_all,
    ) -> None:
        self._ledger = ledger_file(config)
        self._store = LedgerJobs(self._ledger, jobs_folder(config))
        self._seat = DaemonSeat(self._ledger)
        self._wait_s = wait_s
        self._sleep = sleep
        self._user = user_name() if user is None else user
        self._all_theirs = all_theirs

    def ask(self, names: tuple[str, ...], kind: RequestKind) -> Iterator[Outcome]:
        """Ask one thing of several jobs; what came of each follows in their order.

        Args:
            names: Ids, beginnings of ids, names or `last`; all are looked up before
                the first is asked anything.
            kind: What.

        Raises:
            JobNotFoundError: there is no such job; nothing was asked of any.
            LedgerError: the ledger fails.
        """
        jobs = {job.job_id: job for job in map(self._found, names)}
        asked = {name: self._asked(job, kind) for name, job in jobs.items()}
        alone = not self._seat.held()
        told = {
            name: self._done_here(jobs[name], it) if alone else None
            for name, it in asked.items()
            if isinstance(it, JobRequest)
        }
        until_s = time.monotonic() + self._wait_s
        for name, it in asked.items():
            if isinstance(it, Outcome):
                yield it
            else:
                yield told[name] or self._awaited(it, until_s)

    def close(self) -> None:
        """Release the ledger."""
        self._store.close()

    def _found(self, name: str) -> Job:
        job_id, spec, events = self._store.job(name)
        return Job(job_id=job_id, spec=spec, last=events[-1])

    def _asked(self, job: Job, kind: RequestKind) -> JobRequest | Outcome:
        """Write a request down, unless it is known already what comes of it."""
        now, name = datetime.now(UTC), job.job_id
        request = JobRequest(
            request_id=0, job_id=name, kind=kind, by_user=self._user, at=now
        )
        if job.state.final:
            _, words = answered(job, request, now)
            cancelled = job.state is JobState.CANCELLED
            done = cancelled and kind is RequestKind.CANCEL
            return Outcome(job_id=name, words=words, done=done)
        if job.spec.user != self._user and not self._all_theirs(self._ledger):
            words = (
                f"it is {job.spec.user}'s: only they, the owner of the ledger and root"
                f" may {kind} it"
            )
            return Outcome(job_id=name, words=words, done=False)
        number = self._store.ask(name, kind, self._user, now)
        return replace(request, request_id=number)

    def _done_here(self, job: Job, request: JobRequest) -> Outcome | None:
        """Do what is asked of a job while no daemon works; None: one does after all."""
        for _ in range(TRIES):
            if job.standing.live or request.kind is RequestKind.RUN_NOW:
                return Outcome(
                    job_id=job.job_id,
                    words="that is written down, and done once a daemon runs:"
                    " `greenops daemon --detach` starts one",
                    done=None,
                )
            event, words = answered(job, request, request.at)
            answer = Answer(request_id=request.request_id, at=request.at, answer=words)
            try:
                self._store.append(*([event] if event else []), answers=[answer])
            except JobChangedError:
                if self._store.answer(request.request_id) is not None:
                    return None
                job = self._found(job.job_id)
            else:
                return self._outcome(request, words)
        return None

    def _awaited(self, request: JobRequest, until_s: float) -> Outcome:
        while True:
            answer = self._store.answer(request.request_id)
            if answer is not None:
                return self._outcome(request, answer.answer)
            if time.monotonic() >= until_s:
                words = "that is written down; the daemon has not answered yet"
                return Outcome(job_id=request.job_id, words=words, done=None)
            self._sleep(LOOK_S)

    def _outcome(self, request: JobRequest, words: str) -> Outcome:
        state = self._found(request.job_id).state
        done = state in DONE[request.kind]
        return Outcome(job_id=request.job_id, words=words, done=done)
