"""The open jobs as the store has them, read only when somebody else has written."""

import logging
from datetime import datetime

from greenops.agent.standing import Job
from greenops.errors import JobNotFoundError
from greenops.model import Answer, Decision, JobEvent, JobRequest
from greenops.ports import JobStore

log = logging.getLogger(__name__)


class Book:
    """What is open, by id of the job.

    Args:
        store: Where it is written; several processes may.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._jobs: dict[str, Job] = {}
        self._attempted: dict[str, Job] = {}
        self._requests: list[JobRequest] = []
        self._submitted: dict[str, datetime] = {}
        self._unreadable: set[str] = set()
        self._fresh = False

    @property
    def jobs(self) -> dict[str, Job]:
        """Open jobs, the oldest first."""
        return self._jobs

    @property
    def attempted(self) -> list[Job]:
        """The open jobs of which an executor may know something; few of many."""
        return list(self._attempted.values())

    def refresh(self) -> bool:
        """Read the store where somebody has written; return whether that was so."""
        changed = self._store.changed()  # first: what is written now counts next time
        if not changed and self._fresh:
            return False
        self._jobs = {
            job_id: Job(job_id=job_id, spec=spec, last=last)
            for job_id, (spec, last) in self._store.open_jobs().items()
        }
        self._attempted = {
            k: job for k, job in self._jobs.items() if job.last.attempt_id is not None
        }
        self._requests = list(self._store.requests())
        self._submitted = {
            k: at for k, at in self._submitted.items() if k in self._jobs
        }
        self._fresh = True
        self._tell_unreadable()
        return True

    def doubt(self) -> None:
        """Have everything read anew."""
        self._fresh = False

    def request_of(self, job_id: str) -> JobRequest | None:
        """Return the oldest request about a job that is not answered; None: none."""
        return next((r for r in self._requests if r.job_id == job_id), None)

    def asked_about(self) -> list[Job]:
        """Return the jobs that somebody asks something of, ended ones too."""
        found: dict[str, Job] = {}
        for request in self._requests:
            job_id = request.job_id
            if job_id in self._jobs:
                found[job_id] = self._jobs[job_id]
            elif job_id not in found:
                try:
                    _, spec, events = self._store.job(job_id)
                except JobNotFoundError:  # deleted meanwhile
                    continue
                found[job_id] = Job(job_id=job_id, spec=spec, last=events[-1])
        return list(found.values())

    def write(
        self,
        job: Job,
        event: JobEvent | None,
        request: JobRequest | None = None,
        answer: Answer | None = None,
    ) -> Job:
        """Write down what comes next of a job; return how it stands then.

        Raises:
            JobChangedError: somebody else wrote first; look again.
        """
        events = () if event is None else (event,)
        answers = () if answer is None else (answer,)
        self._store.append(*events, answers=answers)
        if request is not None and answer is not None:
            self._requests = [r for r in self._requests if r != request]
        if event is None:
            return job
        log.info("job %s is %s: %s", job.job_id, event.state, event.why)
        after = Job(job_id=job.job_id, spec=job.spec, last=event)
        if event.state.final:
            self._jobs.pop(job.job_id, None)
            self._attempted.pop(job.job_id, None)
        else:
            self._jobs[job.job_id] = after
            if event.attempt_id is not None:
                self._attempted[job.job_id] = after
        return after

    def decide(self, decisions: tuple[Decision, ...]) -> None:
        """Write down what was decided, all of it or none."""
        self._store.append(decisions=decisions)

    def submitted_at(self, job: Job) -> datetime:
        """Return when a job was submitted."""
        known = self._submitted.get(job.job_id)
        if known is None:
            last = job.last
            known = last.at if last.seq == 0 else self._store.job(job.job_id)[2][0].at
            self._submitted[job.job_id] = known
        return known

    def _tell_unreadable(self) -> None:
        found = self._store.unreadable()
        for job_id in found.keys() - self._unreadable:
            log.warning("job %s is left alone: %s", job_id, found[job_id])
        self._unreadable = set(found)
