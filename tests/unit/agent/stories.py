"""Jobs in every state, as tests of their lives need them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from greenops.agent.standing import Job, Standing
from greenops.model import (
    AttemptState,
    AttemptStatus,
    JobEvent,
    JobRequest,
    JobSpec,
    JobState,
)

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = T0 + timedelta(minutes=10)


def a_spec(**changed):
    fields: dict[str, Any] = {
        "name": "train",
        "argv": ("python", "train.py"),
        "cwd": "/",
        "user": "ada",
        "interruptible": True,
        "grace_s": 60.0,
    }
    return JobSpec(**fields | changed)


def a_job(state, spec=None, *, place="here", why="", **standing):
    """A job that stands as told; what its state implies need not be said."""
    implied: dict[str, Any] = {}
    if state in {
        JobState.STARTING,
        JobState.RUNNING,
        JobState.PAUSING,
        JobState.CANCELLING,
    }:
        implied = {"live": True, "attempts": 1}
    if state in {JobState.RUNNING, JobState.PAUSING, JobState.CANCELLING}:
        implied |= {"began": True}
    if standing.get("frozen"):
        implied = {"live": True, "attempts": 1, "began": True}
    if state is JobState.PAUSED and not standing.get("frozen"):
        implied = {"resume": True, "attempts": 1}
    carried = Standing(**implied | standing)
    last = JobEvent(
        job_id="j1",
        seq=5,
        at=T0,
        state=state,
        why=why or f"it is {state}",
        attempt_id="j1.1" if carried.attempts else None,
        place=place if carried.attempts else None,
        facts=carried.facts(),
    )
    return Job(job_id="j1", spec=spec or a_spec(), last=last)


def status(state, **fields):
    return AttemptStatus(state=AttemptState(state), **fields)


def exited(code=None, *, by=None, after_s=600.0, **fields):
    return AttemptStatus(
        state=AttemptState.ENDED,
        exit_code=code,
        exit_signal=by,
        started_at=LATER - timedelta(seconds=after_s),
        ended_at=LATER,
        **fields,
    )


def asked(kind, by="grace"):
    return JobRequest(request_id=1, job_id="j1", kind=kind, by_user=by, at=T0)
