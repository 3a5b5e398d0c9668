"""Passes on what people ask of jobs, and tells what came of it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from greenops.agent.asked import answered
from greenops.agent.standing import Job
from greenops.config import Config
from greenops.errors import JobChangedError
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Answer, JobRequest, JobState, RequestKind
from greenops.tracking.identity import user_name
from greenops.wire.agent_sites import jobs_folder, ledger_file

WAIT_S = 5.0
"""A daemon answers within a second, unless it is planning a long queue."""
LOOK_S = 0.05
DONE = {
    RequestKind.CANCEL: {JobState.CANCELLED, JobState.CANCELLING},
    RequestKind.HOLD: {JobState.HELD, JobState.PAUSING},
    RequestKind.RELEASE: set(JobState) - {JobState.HELD},
    RequestKind.RUN_NOW: {s for s in JobState if not s.final} - {JobState.CANCELLING},
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


class Steering:
    """Asks things of jobs. A context manager would be closed by `close`.

    With a daemon on the ledger it is the daemon that acts. Without one, a job of which
    nothing runs is steered here and now, by the same rules; what runs waits for one.

    Args:
        config: The settings in force.
        wait_s: How long to wait for a daemon's answer.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        config: Config,
        *,
        wait_s: float = WAIT_S,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._store = LedgerJobs(ledger_file(config), jobs_folder(config))
        self._seat = DaemonSeat(ledger_file(config))
        self._wait_s = wait_s
        self._sleep = sleep

    def ask(self, names: tuple[str, ...], kind: RequestKind) -> Iterator[Outcome]:
        """Ask one thing of several jobs, one after the other.

        Args:
            names: Ids, beginnings of ids, names or `last`; all are looked up before
                the first is asked anything.
            kind: What.

        Raises:
            JobNotFoundError: there is no such job; nothing was asked of any.
            LedgerError: the ledger fails.
        """
        ids = dict.fromkeys(self._store.job(name)[0] for name in names)
        asked = {job_id: self._asked(job_id, kind) for job_id in ids}
        try:
            alone = self._seat.take()
            for job_id, request in asked.items():
                if alone:
                    yield self._done_here(job_id, request)
                else:
                    yield self._awaited(job_id, request)
        finally:
            self._seat.leave()

    def close(self) -> None:
        """Release the ledger."""
        self._store.close()

    def _asked(self, job_id: str, kind: RequestKind) -> JobRequest:
        now, user = datetime.now(UTC), user_name()
        number = self._store.ask(job_id, kind, user, now)
        return JobRequest(
            request_id=number, job_id=job_id, kind=kind, by_user=user, at=now
        )

    def _done_here(self, job_id: str, request: JobRequest) -> Outcome:
        """Do what is asked of a job while no daemon can start."""
        found = self._store.open_jobs().get(job_id)
        if found is None:
            _, spec, events = self._store.job(job_id)
            found = spec, events[-1]
        job = Job(job_id=job_id, spec=found[0], last=found[1])
        if job.standing.live or request.kind is RequestKind.RUN_NOW:
            return Outcome(
                job_id=job_id,
                words="that is written down, and done once a daemon runs: `greenops"
                " daemon --detach` starts one",
                done=None,
            )
        event, words = answered(job, request, request.at)
        answer = Answer(request_id=request.request_id, at=request.at, answer=words)
        try:
            self._store.append(*([event] if event else []), answers=[answer])
        except JobChangedError:  # somebody steered it in this very moment
            return Outcome(job_id=job_id, words="it has changed; look again", done=None)
        return self._outcome(job_id, words, request.kind)

    def _awaited(self, job_id: str, request: JobRequest) -> Outcome:
        until_s = time.monotonic() + self._wait_s
        while True:
            answer = self._store.answer(request.request_id)
            if answer is not None:
                return self._outcome(job_id, answer.answer, request.kind)
            if time.monotonic() >= until_s:
                words = "that is written down; the daemon has not answered yet"
                return Outcome(job_id=job_id, words=words, done=None)
            self._sleep(LOOK_S)

    def _outcome(self, job_id: str, words: str, kind: RequestKind) -> Outcome:
        state = self._store.job(job_id)[2][-1].state
        return Outcome(job_id=job_id, words=words, done=state in DONE[kind])
