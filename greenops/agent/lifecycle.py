"""The life of a job, one step at a time: pure, and the same after any crash.

A daemon asks `step` until it says neither event nor answer, writing each down before
it asks again; then it does the act, and writes down what `confirmed` makes of it. What
has been written is all that the next step depends on, with how the attempt stands.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from greenops.agent.acts import FREEZE, NOTHING, Act, ActKind, owed
from greenops.agent.arrows import checked
from greenops.agent.asked import answered
from greenops.agent.endings import (
    after_end,
    facts_of,
    forgotten,
    never_began,
    wait_s,
)
from greenops.agent.standing import Job, Standing
from greenops.model import (
    AttemptState,
    AttemptStatus,
    JobEvent,
    JobRequest,
    JobState,
    PauseBy,
)

MOST_REFUSALS = 5
FIRST_REFUSAL_WAIT_S = 60.0
_ALIVE = {AttemptState.RUNNING, AttemptState.FROZEN}
_GONE = {AttemptState.UNKNOWN, AttemptState.VOID}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a plan wants of a job at this moment.

    Attributes:
        place: Where it is to run; None: nowhere, it is to wait or to pause. A frozen
            job can go on only where it is.
        why: In one sentence.
    """

    place: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What comes next: an event and an answer to be written down, else an act."""

    event: JobEvent | None = None
    answer: str | None = None
    act: Act = NOTHING


def submitted(
    job_id: str, now: datetime, by_user: str, *, held: bool, run_now: bool = False
) -> JobEvent:
    """Return the first event of a job.

    Args:
        job_id: Its id.
        now: Aware.
        by_user: Who submits it.
        held: It waits to be released.
        run_now: It is to run at once, whatever the hours are like.
    """
    state = JobState.HELD if held else JobState.WAITING
    how = ", to be held" * held + ", to run now" * run_now
    return JobEvent(
        job_id=job_id,
        seq=0,
        at=now,
        state=checked(None, state),
        why=f"submitted by {by_user}{how}",
        facts=Standing(run_now=run_now).facts(),
    )


def step(
    job: Job,
    *,
    now: datetime,
    status: AttemptStatus | None = None,
    request: JobRequest | None = None,
    due: Due | None = None,
) -> Step:
    """Return what comes next for a job.

    What the executor says goes first, then what a person asks, then the plan.

    Args:
        job: As its last event left it.
        now: Aware.
        status: How its last attempt stands; None: not asked, or no answer.
        request: The oldest that is not answered; it is, if the step has an answer.
        due: What the plan wants; None: nothing new.
    """
    if event := _seen(job, status, now):
        return Step(event=event)
    if request is not None:
        event, answer = answered(job, request, now)
        return Step(event=event, answer=answer)
    if due is not None and (event := _planned(job, due, now)):
        return Step(event=event)
    return Step(act=owed(job, status, now))


def confirmed(job: Job, act: Act, now: datetime) -> JobEvent | None:
    """Return the event that says an act was done, where that has to be known."""
    asked_to_stop = act.kind is ActKind.SIGNAL and act.signal != FREEZE
    if job.state is not JobState.PAUSING or not asked_to_stop:
        return None
    told = replace(job.standing, signalled_s=now.timestamp())
    why = f"it was sent SIG{act.signal}, and has {job.spec.grace_s:g} s"
    return job.then(JobState.PAUSING, why, now, told)


def refused(job: Job, detail: str, now: datetime) -> JobEvent:
    """Return the event of an attempt that its executor will never accept.

    Args:
        job: It is `starting`.
        detail: What the executor says of it.
        now: Aware.
    """
    times = job.standing.refusals + 1
    why = f"{job.last.place} refused it: {detail}"
    if times >= MOST_REFUSALS:
        why = f"refused {times} times in a row, at last by {why}"
        return job.then(JobState.FAILED, why, now, job.standing.ended())
    later_s = now.timestamp() + wait_s(times, FIRST_REFUSAL_WAIT_S)
    over = job.standing.ended(refusals=times, not_before_s=later_s)
    return never_began(job, why, now, over)


def _seen(job: Job, status: AttemptStatus | None, now: datetime) -> JobEvent | None:
    """Return what follows from how the attempt stands."""
    if status is None or not job.standing.live:
        return None
    if job.state is JobState.CANCELLING:
        return _seen_cancelled(job, status, now)
    if status.state is AttemptState.ENDED:
        return after_end(job, status, now)
    if status.state in _GONE and job.standing.began:
        return forgotten(job, now)
    if status.state is AttemptState.VOID:
        why = f"its attempt at {job.last.place} was withdrawn before it began"
        return never_began(job, why, now, job.standing.ended())
    if status.state in _ALIVE:
        return _seen_alive(job, status, now)
    return None


def _seen_cancelled(job: Job, status: AttemptStatus, now: datetime) -> JobEvent | None:
    over = status.state in {AttemptState.ENDED, AttemptState.VOID}
    if not over and not (status.state in _GONE and job.standing.began):
        return None
    why = f"{job.last.why}; nothing of it runs any more"
    ended = job.standing.ended()
    return job.then(JobState.CANCELLED, why, now, ended, facts=facts_of(status))


def _seen_alive(job: Job, status: AttemptStatus, now: datetime) -> JobEvent | None:
    """Return what follows from an attempt that runs, or is frozen."""
    seen = replace(job.standing, began=True, refusals=0, not_before_s=None)
    frozen = status.state is AttemptState.FROZEN
    if job.state is JobState.STARTING:
        why = f"it runs at {job.last.place}"
        return job.then(JobState.RUNNING, why, now, seen, facts=facts_of(status))
    if job.state is JobState.RUNNING and seen.thawing and not frozen:
        why = "it goes on"
        return job.then(JobState.RUNNING, why, now, replace(seen, thawing=False))
    if job.state is JobState.PAUSING:
        return _seen_pausing(job, seen, now, frozen=frozen)
    return None


def _seen_pausing(
    job: Job, seen: Standing, now: datetime, *, frozen: bool
) -> JobEvent | None:
    if not job.spec.interruptible:
        why = "it had begun before it could be withdrawn, and may not be paused"
        return job.then(JobState.RUNNING, why, now, replace(seen, hold=False))
    if frozen and job.spec.pause_by is PauseBy.FREEZE:
        state = JobState.HELD if seen.hold else JobState.PAUSED
        rest = replace(seen, frozen=True, hold=False)
        return job.then(state, "it is frozen, and keeps its memory", now, rest)
    if not job.standing.began:
        why = "it had begun already, and is told to stop"
        return job.then(JobState.PAUSING, why, now, seen)
    return None


def _planned(job: Job, due: Due, now: datetime) -> JobEvent | None:
    """Return what follows from the plan."""
    elsewhere = due.place != job.last.place
    match job.state:
        case JobState.WAITING | JobState.PAUSED if not job.standing.live:
            return _start(job, due, now)
        case JobState.PAUSED if not elsewhere:  # frozen; it can go on nowhere else
            going_on = replace(job.standing, frozen=False, thawing=True)
            return job.then(JobState.RUNNING, due.why, now, going_on)
        case JobState.STARTING if elsewhere and not job.standing.run_now:
            return job.then(JobState.PAUSING, due.why, now, job.standing)
        case JobState.RUNNING if elsewhere and _may_pause(job, due):
            told = replace(job.standing, thawing=False)
            return job.then(JobState.PAUSING, due.why, now, told)
        case _:
            return None


def _start(job: Job, due: Due, now: datetime) -> JobEvent | None:
    not_before_s = job.standing.not_before_s or 0.0
    if due.place is None or now.timestamp() < not_before_s:
        return None
    number = job.standing.attempts + 1
    begun = replace(job.standing, attempts=number, live=True, not_before_s=None)
    return job.then(
        JobState.STARTING,
        due.why,
        now,
        begun,
        attempt_id=f"{job.job_id}.{number}",
        place=due.place,
    )


def _may_pause(job: Job, due: Due) -> bool:
    """Return whether a plan may stop a job that runs."""
    if not job.spec.interruptible or job.standing.run_now:
        return False
    return due.place is None or job.spec.pause_by is not PauseBy.FREEZE
