"""What is asked of engines that run jobs, and of where jobs are kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from greenops.model import (
    Answer,
    Attempt,
    AttemptStatus,
    Decision,
    IntensityKind,
    JobEvent,
    JobRequest,
    JobSpec,
    OutcomeLook,
    Past,
    PlaceHealth,
    Realised,
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

        Handed over again, whatever has become of it, nothing happens.

        Raises:
            ExecutorRefusedError: it can never run as it stands; says what to change.
                Also one that was voided, and an id that is another job's.
            ExecutorBusyError: ask again; it was not accepted, or that is not known.
        """

    def poll(self, attempt_ids: Sequence[str]) -> Mapping[str, AttemptStatus]:
        """Return how each of these stands, all of them in one question.

        One that was never accepted, or is forgotten, is `unknown`, and may be handed
        over again. One that may have begun is not: where nobody knows what became of
        it, it has `ended`, with neither exit code nor signal. Of one that has ended
        the exit status is kept until `forget`. One that was accepted is
        `void` where it is certain that nothing of it has run, nor ever will: another
        attempt may be made at once.

        Raises:
            ExecutorBusyError: the engine does not answer; nothing is known.
        """

    def void(self, attempt_id: str) -> bool:
        """Keep an attempt from ever beginning; return False where it has begun."""

    def signal(self, attempt_id: str, name: str) -> None:
        """Send a signal, such as `USR1`, to the job's processes; `STOP` freezes it.

        Those that would only die of it may be spared. Nothing happens to an attempt
        that is not there, or has ended.

        Raises:
            ExecutorRefusedError: there is no such signal.
            ExecutorBusyError: the job is just about to begin, or nothing is known.
        """

    def cancel(self, attempt_id: str, grace_s: float) -> None:
        """Have it terminated: SIGTERM to all its processes, SIGKILL after `grace_s`.

        Returns at once; `poll` tells when it has ended. Holds if the caller dies. Asked
        again, the kill may come sooner, never later. One that has not begun is voided.

        Raises:
            ExecutorBusyError: ask again; it may not have been taken.
        """

    def forget(self, attempt_id: str) -> None:
        """Release what is kept of an attempt that has ended, but for its logs.

        Its id is as good as new then: that it runs once at most holds until here.

        Raises:
            ExecutorBusyError: it has not ended.
        """

    def health(self, place: str, options: Mapping[str, object]) -> PlaceHealth:
        """Return what is there and free now, asked and not assumed. Never raises."""


class JobStore(Protocol):
    """Where jobs, their events and their decisions are kept; appended, never changed.

    Several processes and threads may use one store, each by an object of its own that
    stays in one thread. What a call wrote is on the disk when it returns, all of it,
    or none where it raises. Every method raises LedgerError where the store fails.
    """

    def add(
        self,
        job_id: str,
        spec: JobSpec,
        first: JobEvent,
        decisions: Sequence[Decision] = (),
    ) -> None:
        """Write down a submission with its first event, number 0, and its first plan.

        Raises:
            JobChangedError: there is a job of this id already.
            ValueError: it cannot be kept whole; says what to shorten.
        """

    def append(
        self,
        *events: JobEvent,
        decisions: Sequence[Decision] = (),
        answers: Sequence[Answer] = (),
    ) -> None:
        """Write down the next events of jobs, with what was decided and answered.

        In one go: a request is never answered without the event it led to. Thousands
        at once take less than a second. A request is answered once; a second answer
        is left out.

        Raises:
            JobChangedError: an event's number is taken already, or leaves a gap, or
                its job has ended; nothing was written. Look again.
            JobNotFoundError: there is no such job; nothing was written.
            ValueError: something holds a number that is none, or no plain data.
        """

    def open_jobs(self) -> Mapping[str, tuple[JobSpec, JobEvent]]:
        """Return jobs that are not final, each with its last event, oldest first.

        Commands are exact, to be run. One that cannot be read is left out.
        """

    def unreadable(self) -> Mapping[str, str]:
        """Return the open jobs that `open_jobs` last left out, and why.

        A newer greenops may have submitted them, with limits that this one does not
        know: nothing may be done with them.
        """

    def changed(self) -> bool:
        """Return whether somebody may have written since this was last asked.

        The object's own writing need not count. Takes microseconds.
        """

    def job(self, name_or_id: str) -> tuple[str, JobSpec, Sequence[JobEvent]]:
        """Return a job by its id, the start of it, its name or `last`.

        The command is one to be shown: what looks like a secret is masked.

        Raises:
            JobNotFoundError: carries near matches.
        """

    def decisions(self, job_id: str) -> Sequence[Decision]:
        """Return what was decided for a job, the oldest first."""

    def last_decisions(self, job_ids: Sequence[str]) -> Mapping[str, Decision]:
        """Return what was decided last for each of these jobs; some may have nothing.

        Thousands at once take less than a second.
        """

    def ask(self, job_id: str, kind: RequestKind, by_user: str, at: datetime) -> int:
        """Write down what a person asks of a job; return the number of the request.

        Raises:
            JobNotFoundError: there is no such job.
        """

    def requests(self) -> Sequence[JobRequest]:
        """Return what was asked and not answered yet, the oldest first."""

    def answer(self, request_id: int) -> Answer | None:
        """Return what came of a request; None: not answered yet."""

    def close(self) -> None:
        """Release the store. May be called twice."""


class JobHistory(Protocol):
    """What came of jobs, and what past ones say of the next.

    Kept where the jobs are; threads, durability and errors as `JobStore`.
    """

    def past(self, name: str) -> Past | None:
        """Return what done jobs and finished runs of a name took; None: none."""

    def run_ids(self, job_id: str) -> Sequence[str]:
        """Return the measured runs that were attempts at a job, the oldest first."""

    def state_outcome(self, outcome: Realised) -> None:
        """Write down what came of a job, beside what was stated before.

        Raises:
            JobNotFoundError: there is no such job.
            ValueError: a figure is no number.
        """

    def outcomes(self, job_id: str) -> Mapping[IntensityKind, Realised]:
        """Return what came of a job by kind of intensity, as it was stated last."""

    def outcomes_due(self, now: datetime, most: int) -> Sequence[OutcomeLook]:
        """Return the ended jobs to be looked at, the longest due first.

        Each that was attempted is due from its end on, until `looked` says otherwise.

        Args:
            now: Aware.
            most: At most so many.
        """

    def looked(self, look: OutcomeLook, again_at: datetime | None) -> None:
        """Write down that an ended job was looked at.

        Args:
            look: As it was due. A job that was deleted meanwhile is left alone.
            again_at: When it is due again; None: never.
        """

    def ended(self, job_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return when each of these jobs ended, without those that did not.

        Nor is one in it that is not kept here.
        """
