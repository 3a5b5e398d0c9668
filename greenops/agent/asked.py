"""What becomes of what a person asks of a job, in every state it may be in."""

from dataclasses import replace
from datetime import datetime

from greenops.agent.standing import Job
from greenops.model import JobEvent, JobRequest, JobState, RequestKind

Answered = tuple[JobEvent | None, str]
"""The event that follows, if any, and the answer for who asked."""


def answered(job: Job, request: JobRequest, now: datetime) -> Answered:
    """Return what follows from a request; it may be repeated."""
    if job.state.final:
        return None, f"it has ended already: it is {job.state}"
    if job.state is JobState.CANCELLING:
        return None, "it is being cancelled already"
    match request.kind:
        case RequestKind.CANCEL:
            return _cancel(job, request, now)
        case RequestKind.HOLD:
            return _hold(job, request, now)
        case RequestKind.RELEASE:
            return _release(job, request, now)
        case RequestKind.RUN_NOW:
            return _run_now(job, request, now)


def _cancel(job: Job, request: JobRequest, now: datetime) -> Answered:
    why = f"cancelled by {request.by_user}"
    if not job.standing.live:
        event = job.then(JobState.CANCELLED, why, now, job.standing)
        return event, "it is cancelled"
    return job.then(
        JobState.CANCELLING, why, now, job.standing
    ), "it is being cancelled"


def _hold(job: Job, request: JobRequest, now: datetime) -> Answered:
    why = f"held by {request.by_user}"
    kept = replace(job.standing, run_now=False)
    if job.state is JobState.HELD:
        return None, "it is held already"
    if job.state in {JobState.WAITING, JobState.PAUSED}:
        return job.then(JobState.HELD, why, now, kept), "it is held"
    if job.state is JobState.RUNNING and not job.spec.interruptible:
        return None, (
            "it runs, and cannot be paused: it was not submitted as interruptible;"
            " only cancelling it ends it"
        )
    stopping = replace(kept, hold=True, thawing=False)
    if job.state is JobState.PAUSING and kept.hold:
        return None, "it is being stopped to be held already"
    event = job.then(JobState.PAUSING, why, now, stopping)
    return event, "it is being stopped, and then held"


def _release(job: Job, request: JobRequest, now: datetime) -> Answered:
    why = f"released by {request.by_user}"
    if job.state is JobState.PAUSING and job.standing.hold:
        free = replace(job.standing, hold=False)
        event = job.then(JobState.PAUSING, why, now, free)
        return event, "it will not be held once it has stopped"
    if job.state is not JobState.HELD:
        return None, f"it is not held: it is {job.state}"
    event = job.then(_unheld(job), why, now, job.standing)
    return event, "it is released, and waits for its time"


def _run_now(job: Job, request: JobRequest, now: datetime) -> Answered:
    why = f"{request.by_user} asks to run it now"
    soon = replace(job.standing, run_now=True, hold=False, not_before_s=None)
    if job.standing.run_now:  # holding it would have taken this back
        return None, f"that was asked already: it is {job.state}"
    if job.standing.frozen:
        going_on = replace(soon, frozen=False, thawing=True)
        return job.then(JobState.RUNNING, why, now, going_on), "it goes on"
    if job.state in {JobState.STARTING, JobState.RUNNING}:
        event = job.then(job.state, why, now, soon)
        return event, f"it is {job.state} already, and is not paused for the plan"
    if job.state is JobState.PAUSING:
        event = job.then(JobState.PAUSING, why, now, soon)
        return event, "it starts again as soon as it has stopped"
    event = job.then(_unheld(job), why, now, soon)
    return event, "it starts as soon as a place has room for it"


def _unheld(job: Job) -> JobState:
    """Return how a job stands that is not held (any more), without running."""
    behind = job.standing.resume or job.standing.frozen
    return JobState.PAUSED if behind else JobState.WAITING
