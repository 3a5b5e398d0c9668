"""What the end of an attempt means for its job.

An attempt of which nobody knows how it ended may have done its work: it is never run
again, and its job fails with a sentence that says so.
"""

import signal
from dataclasses import replace
from datetime import datetime

from greenops.agent.standing import Facts, Job, Standing
from greenops.model import CHECKPOINTED, AttemptStatus, JobEvent, JobState

QUICK_S = 10.0
"""An attempt that asks to be run again sooner than this is taken for a loop."""
MOST_LOOPS = 10
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 3600.0
BY_SIGNAL = 128
"""A shell adds it to the number of the signal that ended a command."""


def after_end(job: Job, status: AttemptStatus, now: datetime) -> JobEvent:
    """Return the event that follows from an attempt that has ended."""
    ran_s = _ran_s(job, status, now)
    over = job.standing.ended(ran_s=round(job.standing.ran_s + ran_s, 3))
    facts = facts_of(status)
    if status.exit_code is None and status.exit_signal is None:
        return job.then(JobState.FAILED, _unknown(status), now, over, facts=facts)
    if status.exit_code == 0:
        why = "it ended with exit status 0"
        return job.then(JobState.DONE, why, now, over, facts=facts)
    if status.exit_code == CHECKPOINTED:
        return _again(job, over, now, quick=ran_s < QUICK_S, facts=facts)
    if job.state is JobState.PAUSING and _by_stopping(job, status):
        why = f"it was stopped ({how_ended(status)}), and goes on from its checkpoint"
        return _stopped(job, over, why, now, facts)
    return job.then(JobState.FAILED, _failed(status), now, over, facts=facts)


def forgotten(job: Job, now: datetime) -> JobEvent:
    """Return the event of an attempt that has begun and that its executor lost."""
    why = (
        f"the executor at {job.last.place} no longer knows its attempt"
        f" {job.last.attempt_id}: nobody knows how it ended, so it is not run again"
    )
    return job.then(JobState.FAILED, why, now, job.standing.ended())


def never_began(job: Job, why: str, now: datetime, standing: Standing) -> JobEvent:
    """Return the event of an attempt that is over without having begun."""
    if standing.hold:
        state = JobState.HELD
    else:
        state = JobState.PAUSED if standing.resume else JobState.WAITING
    return job.then(state, why, now, replace(standing, hold=False))


def facts_of(status: AttemptStatus) -> Facts:
    """Return what an executor says of an attempt, as far as it is said."""
    told = {
        "exit_code": status.exit_code,
        "exit_signal": status.exit_signal,
        "run_id": status.run_id or None,
        "handle": status.handle or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def how_ended(status: AttemptStatus) -> str:
    """Return how an attempt ended, in words."""
    if status.exit_signal is not None:
        return f"was ended by signal {status.exit_signal}{_name(status.exit_signal)}"
    return f"ended with exit status {status.exit_code}"


def wait_s(times: int, first_s: float = FIRST_WAIT_S) -> float:
    """Return how long to wait after so many failures in a row; doubles each time."""
    return float(min(first_s * 2.0 ** min(times - 1, 30), LONGEST_WAIT_S))


def _again(
    job: Job,
    over: Standing,
    now: datetime,
    *,
    quick: bool,
    facts: Facts,
) -> JobEvent:
    """Return what follows from an attempt that wants to be run again."""
    why = "it wrote a checkpoint, and asks to be run again (exit status 75)"
    if job.state is JobState.PAUSING or not quick:
        return _stopped(job, replace(over, loops=0), why, now, facts)
    loops = over.loops + 1
    if loops > MOST_LOOPS:
        why = (
            f"it asked {loops} times in a row to be run again (exit status 75) after"
            f" less than {QUICK_S:.0f} s: it does not get on"
        )
        return job.then(JobState.FAILED, why, now, over, facts=facts)
    not_before_s = now.timestamp() + wait_s(loops)
    later = replace(over, loops=loops, not_before_s=not_before_s)
    return _stopped(job, later, why, now, facts)


def _stopped(
    job: Job, over: Standing, why: str, now: datetime, facts: Facts
) -> JobEvent:
    """Return the event of a job that goes on later from its checkpoint."""
    hold = over.hold or job.state is JobState.HELD
    state = JobState.HELD if hold else JobState.PAUSED
    rest = replace(over, resume=True, hold=False)
    return job.then(state, why, now, rest, facts=facts)


def _by_stopping(job: Job, status: AttemptStatus) -> bool:
    """Return whether an attempt ended as one does that is told to stop."""
    told = {int(signal.SIGTERM), 9, signal_number(job.spec.checkpoint_signal)}
    code = status.exit_code
    return status.exit_signal in told or (
        code is not None and code > BY_SIGNAL and code - BY_SIGNAL in told
    )


def signal_number(name: str) -> int | None:
    """Return the number of a signal by its name without SIG; None: there is none."""
    found = signal.Signals.__members__.get(f"SIG{name}")
    return None if found is None else int(found)


def _ran_s(job: Job, status: AttemptStatus, now: datetime) -> float:
    """Return how long an attempt ran; from the events where its executor is silent."""
    if status.started_at is not None:
        return max(0.0, ((status.ended_at or now) - status.started_at).total_seconds())
    if job.standing.began:
        return max(0.0, (now - job.last.at).total_seconds())
    return 0.0


def _failed(status: AttemptStatus) -> str:
    """Return how it failed; what was never started left no log that says why."""
    never_started = status.run_id is None and status.exit_signal is None
    detail = f": {status.detail}" if never_started and status.detail else ""
    return f"it {how_ended(status)}{detail}"


def _unknown(status: AttemptStatus) -> str:
    detail = f" ({status.detail})" if status.detail else ""
    return (
        f"its attempt has ended, and nobody knows how{detail}: it may have done its"
        " work, so it is not run again"
    )


def _name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return ""
