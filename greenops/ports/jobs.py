"""What is asked of engines that run jobs, and of where jobs are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from greenops.model import (
    Attempt,
    AttemptStatus,
    Decision,
    JobEvent,
    JobRequest,
    JobSpec,
    PlaceHealth,
    RequestKind,
)


class Executor(Protocol):
    """Runs attempts of jobs at places: this machine, a Slurm cluster, Ray.

    Every call may be repeated, and may have been cut off before: an attempt runs once
    at most, known by its `attempt_id`. Called from one thread at a time. None waits
    for a job; a question that an engine does not answer within some seconds raises.
    """

    name: str

    def submit(self, attempt: Attempt) -> None:
        """Hand over an attempt; on return the engine keeps it, whoever dies.

        Raises:
            ExecutorRefusedError: it can never run as it stands; says what to change.
            ExecutorBusyError: ask again; it was not accepted, or that is not known.
        """

    def poll(self, attempt_ids: Sequence[str]) -> Mapping[str, AttemptStatus]:
        """Return how each of these stands, all of them in one question.

        One that was never accepted, or is forgotten, is `unknown`. Of one that has
        ended the exit status is kept until `forget`.

        Raises:
            ExecutorBusyError: the engine does not answer; nothing is known.
        """

    def void(self, attempt_id: str) -> bool:
        """Keep an attempt from ever beginning; return False where it has begun."""

    def signal(self, attempt_id: str, name: str) -> None:
        """Send a signal, such as `USR1`, to the job's processes; `STOP` freezes it."""

    def cancel(self, attempt_id: str, grace_s: float) -> None:
        """Have it terminated: SIGTERM to all its processes, SIGKILL after `grace_s`.

        Returns at once; `poll` tells when it has ended. Holds if the caller dies.
        """

    def forget(self, attempt_id: str) -> None:
        """Release what is kept of an attempt that has ended, but for its logs."""

    def health(self, place: str, options: Mapping[str, object]) -> PlaceHealth:
        """Return what is there and free now, asked and not assumed. Never raises."""


class JobStore(Protocol):
    """Where jobs, their events and their decisions are kept; appended, never changed.

    Several processes may use one at once. Durable when a call returns.
    """

    def add(self, job_id: str, spec: JobSpec, first: JobEvent) -> None:
        """Write down a submission with its first event."""

    def append(self, event: JobEvent) -> None:
        """Write down the next event of a job.

        Raises:
            JobChangedError: another event has this number already; look again.
            JobNotFoundError: there is no such job.
        """

    def open_jobs(self) -> Mapping[str, tuple[JobSpec, JobEvent]]:
        """Return jobs that are not final, each with its last event, oldest first."""

    def job(self, name_or_id: str) -> tuple[str, JobSpec, Sequence[JobEvent]]:
        """Return a job by its id, the start of it, its name or `last`.

        Raises:
            JobNotFoundError: carries near matches.
        """

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Write down decisions."""

    def decisions(self, job_id: str) -> Sequence[Decision]:
        """Return what was decided for a job, the oldest first."""

    def ask(self, job_id: str, kind: RequestKind, by_user: str, at: datetime) -> int:
        """Write down what a person asks of a job; return the number of the request."""

    def requests(self) -> Sequence[JobRequest]:
        """Return what was asked and not answered yet, the oldest first."""

    def answered(self, request_id: int, at: datetime, answer: str) -> None:
        """Write down that a request was taken, and what came of it."""
