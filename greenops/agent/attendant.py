"""Takes each job on from step to step: written down first, and then done."""

from datetime import datetime

from greenops.agent.acts import ActKind
from greenops.agent.lifecycle import Due, confirmed, refused, step
from greenops.agent.present import Present
from greenops.agent.standing import Job
from greenops.errors import ExecutorRefusedError
from greenops.model import Answer, AttemptState, AttemptStatus, JobState

MOST_STEPS = 20
"""Steps of one job in one look; each is an event, and no life has so many at once."""
GONE = frozenset({AttemptState.UNKNOWN, AttemptState.VOID})


class Attendant:
    """Attends to jobs one by one.

    Args:
        present: What is known; it notes there what its steps mean to the plan.
    """

    def __init__(self, present: Present) -> None:
        self._present = present
        self._released: set[str] = set()

    def followed(self) -> list[Job]:
        """Return the jobs whose last attempt may still change, or is to be released."""
        return [j for j in self._present.book.attempted if self._is_followed(j)]

    def attend(self, job: Job, now: datetime, due: Due | None = None) -> Job:
        """Write down what comes next of a job until something is to be done; do it.

        Args:
            job: As it was last seen.
            now: Aware.
            due: What is meant to begin or end now; None: nothing is.

        Raises:
            JobChangedError: somebody else wrote first; look again.
        """
        book = self._present.book
        for _ in range(MOST_STEPS):
            status = self._present.status_of(job)
            request = book.request_of(job.job_id)
            found = step(job, now=now, status=status, request=request, due=due)
            if found.event is None and found.answer is None:
                return self._act(job, now, status)
            answer = None
            if request is not None and found.answer is not None:
                number = request.request_id
                answer = Answer(request_id=number, at=now, answer=found.answer)
                self._present.note("request")
            before = job
            job = book.write(job, found.event, request, answer)
            self._note(before, job)
        raise AssertionError(f"job {job.job_id} goes round in circles: {job.last}")

    def _is_followed(self, job: Job) -> bool:
        attempt_id = job.last.attempt_id
        return attempt_id is not None and (
            job.standing.live or attempt_id not in self._released
        )

    def _act(self, job: Job, now: datetime, status: AttemptStatus | None) -> Job:
        act = step(job, now=now, status=status).act
        if act.kind is ActKind.NONE:
            self._release(job, status)
            return job
        book = self._present.book
        try:
            done = self._present.engines.do(job, act, now)
        except ExecutorRefusedError as e:
            after = book.write(job, refused(job, str(e), now))
            self._note(job, after)
            return after
        if done and act.kind is ActKind.FORGET:
            self._released.add(act.attempt_id)
        if act.kind is ActKind.SUBMIT and not done:
            self._present.rooms.doubt(act.place)
        if done and (event := confirmed(job, act, now)) is not None:
            return book.write(job, event)
        return job

    def _release(self, job: Job, status: AttemptStatus | None) -> None:
        """Stop asking after an attempt that is over and forgotten."""
        gone = status is not None and status.state in GONE
        if not job.standing.live and gone and job.last.attempt_id is not None:
            self._released.add(job.last.attempt_id)

    def _note(self, before: Job, after: Job) -> None:
        """Note what a step means to the plan."""
        if after.state == before.state:
            return
        if before.standing.live and not after.standing.live:
            self._present.note("completion")
            self._present.rooms.doubt(after.last.place)
            if not after.state.final:
                self._present.intents.pop(after.job_id, None)
        if after.state is JobState.RUNNING and after.spec.interruptible:
            self._present.note("beginning")
