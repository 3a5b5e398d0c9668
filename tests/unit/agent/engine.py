"""An executor in memory whose failures a test decides, and a small daemon over it."""

from dataclasses import dataclass, field
from datetime import timedelta

from greenops.agent.acts import ActKind
from greenops.agent.endings import signal_number
from greenops.agent.lifecycle import confirmed, refused, step
from greenops.agent.standing import Job
from greenops.errors import ExecutorBusyError, ExecutorRefusedError
from greenops.model import Answer, AttemptState, AttemptStatus
from tests.unit.agent.stories import T0

MOST_STEPS = 300
"""More steps than this in one turn go round in circles."""


class KilledError(BaseException):
    """The daemon was killed here."""


@dataclass(slots=True)
class Going:
    """An attempt as an engine has it."""

    job_id: str
    state: AttemptState = AttemptState.QUEUED
    starts: int = 0
    exit_code: int | None = None
    exit_signal: int | None = None
    told: list[str] = field(default_factory=list)
    ever: set[AttemptState] = field(default_factory=set)

    def end(self, code=None, by=None):
        self.state, self.exit_code, self.exit_signal = AttemptState.ENDED, code, by


class Engine:
    """Keeps the contract of an executor; what jobs do, and what fails, is told to it."""

    def __init__(self):
        self.attempts: dict[str, Going] = {}
        self.down = False
        self.refuses = False
        self.loses_answers = False

    def submit(self, attempt_id, job_id):
        self._reach()
        if self.refuses and attempt_id not in self.attempts:
            raise ExecutorRefusedError("no such partition")
        self.attempts.setdefault(attempt_id, Going(job_id))
        if self.loses_answers:
            raise ExecutorBusyError("timed out")

    def poll(self, attempt_id):
        self._reach()
        going = self.attempts.get(attempt_id)
        if going is None:
            return AttemptStatus(state=AttemptState.UNKNOWN)
        return AttemptStatus(
            state=going.state, exit_code=going.exit_code, exit_signal=going.exit_signal
        )

    def void(self, attempt_id, job_id):
        self._reach()
        going = self.attempts.setdefault(attempt_id, Going(job_id))
        if going.state is AttemptState.QUEUED:
            going.state = AttemptState.VOID
        return going.state is AttemptState.VOID

    def signal(self, attempt_id, name):
        self._reach()
        going = self.attempts.get(attempt_id)
        if going is None or going.state not in {
            AttemptState.RUNNING,
            AttemptState.FROZEN,
        }:
            return
        going.told.append(name)
        if name == "STOP":
            going.state = AttemptState.FROZEN
        elif name == "CONT":
            going.state = AttemptState.RUNNING

    def cancel(self, attempt_id, _grace_s):
        self.signal(attempt_id, "TERM")

    def forget(self, attempt_id):
        self._reach()
        going = self.attempts[attempt_id]
        assert going.state is AttemptState.ENDED
        del self.attempts[attempt_id]

    def _reach(self):
        if self.down:
            raise ExecutorBusyError("no answer")


class Daemon:
    """Lives as long as its process: what it knows beside the store is lost with it."""

    def __init__(self, store, engine, due):
        self.store, self.engine, self.due = store, engine, due
        self.now = T0
        self.lines_left = None
        """Lines until it is killed; None: it is not."""

    def line(self):
        """Pass one line at which it may be killed."""
        if self.lines_left is not None:
            if self.lines_left == 0:
                raise KilledError
            self.lines_left -= 1

    def turn(self):
        """Look at every open job once."""
        for job_id, (spec, last) in self.store.open_jobs().items():
            self.attend(Job(job_id=job_id, spec=spec, last=last))
        for request in self.store.requests():
            if request.job_id not in self.store.open_jobs():
                _, spec, events = self.store.job(request.job_id)
                self.attend(Job(job_id=request.job_id, spec=spec, last=events[-1]))

    def attend(self, job):
        """Take steps until there is an act, and do it."""
        for _ in range(MOST_STEPS):
            asked = [r for r in self.store.requests() if r.job_id == job.job_id]
            request = asked[0] if asked else None
            done = step(
                job,
                now=self.now,
                status=self.status(job),
                request=request,
                due=self.due.get(job.job_id),
            )
            if done.event is None and done.answer is None:
                self.act(job, done.act)
                return
            job = self.write(job, done, request)
        raise AssertionError(f"{job} goes round in circles")

    def write(self, job, done, request):
        self.line()
        answers = []
        if done.answer is not None:
            answers.append(
                Answer(request_id=request.request_id, at=self.now, answer=done.answer)
            )
        self.store.append(*([done.event] if done.event else []), answers=answers)
        self.line()
        return Job(job_id=job.job_id, spec=job.spec, last=done.event or job.last)

    def status(self, job):
        if job.last.attempt_id is None:
            return None
        try:
            return self.engine.poll(job.last.attempt_id)
        except ExecutorBusyError:
            return None

    def act(self, job, act):
        try:
            self.line()
            self.ask(job, act)
            self.line()
        except ExecutorBusyError:
            return
        except ExecutorRefusedError as e:
            self.line()
            self.store.append(refused(job, str(e), self.now))
            return
        if event := confirmed(job, act, self.now):
            self.store.append(event)

    def ask(self, job, act):
        match act.kind:
            case ActKind.SUBMIT:
                self.engine.submit(act.attempt_id, job.job_id)
            case ActKind.VOID:
                self.engine.void(act.attempt_id, job.job_id)
            case ActKind.SIGNAL:
                assert signal_number(act.signal) is not None
                self.engine.signal(act.attempt_id, act.signal)
            case ActKind.CANCEL:
                self.engine.cancel(act.attempt_id, act.grace_s)
            case ActKind.FORGET:
                self.engine.forget(act.attempt_id)

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)
