"""What is owed to a job as it stands: derived anew every time, so nothing is lost.

An act follows from the last event, which is on the disk, and from how the attempt
stands. A daemon that was killed before, within or after an act does it again, or sees
that it is done; every act may be repeated.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenops.agent.standing import Job
from greenops.model import AttemptState, AttemptStatus, JobState, PauseBy

TERM_GRACE_S = 10.0
"""Between SIGTERM and SIGKILL for a job that is cancelled, or has had its grace."""
FREEZE = "STOP"
THAW = "CONT"
_NOT_BEGUN = {AttemptState.UNKNOWN, AttemptState.QUEUED}
_ALIVE = {AttemptState.RUNNING, AttemptState.FROZEN}


class ActKind(StrEnum):
    """What is to be asked of an executor; each is a method of `ports.Executor`."""

    NONE = "none"
    SUBMIT = "submit"
    VOID = "void"
    SIGNAL = "signal"
    CANCEL = "cancel"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to ask of the executor of a job's place.

    Attributes:
        signal: Name without SIG, for `signal`.
        grace_s: For `cancel`.
        resume: For `submit`: a checkpoint is to be gone on from.
    """

    kind: ActKind
    attempt_id: str = ""
    place: str = ""
    signal: str = ""
    grace_s: float = 0.0
    resume: bool = False


NOTHING = Act(kind=ActKind.NONE)


def owed(job: Job, status: AttemptStatus | None, now: datetime) -> Act:
    """Return what is to be done for a job.

    Args:
        job: As its last event left it.
        status: How its last attempt stands; None: not asked, or no answer.
        now: Aware.
    """
    state = None if status is None else status.state
    if not job.standing.live:
        # Its end is in the store, so that its executor need not keep it.
        return _act(job, ActKind.FORGET) if state is AttemptState.ENDED else NOTHING
    match job.state:
        case JobState.STARTING if state in {None, AttemptState.UNKNOWN}:
            return _act(job, ActKind.SUBMIT, resume=job.standing.resume)
        case JobState.RUNNING if job.standing.thawing and state is AttemptState.FROZEN:
            return _act(job, ActKind.SIGNAL, signal=THAW)
        case JobState.PAUSED | JobState.HELD if state is AttemptState.RUNNING:
            return _act(job, ActKind.SIGNAL, signal=FREEZE)
        case JobState.PAUSING | JobState.CANCELLING if state in _NOT_BEGUN:
            return _act(job, ActKind.VOID)
        case JobState.CANCELLING if state in _ALIVE:
            return _act(job, ActKind.CANCEL, grace_s=TERM_GRACE_S)
        case JobState.PAUSING if state in _ALIVE:
            return _stopping(job, now)
        case _:
            return NOTHING


def _stopping(job: Job, now: datetime) -> Act:
    """Return what stops an attempt: a checkpoint signal, and after its grace more."""
    spec, signalled_s = job.spec, job.standing.signalled_s
    if spec.pause_by is PauseBy.FREEZE:
        return _act(job, ActKind.SIGNAL, signal=FREEZE)
    if not spec.checkpoint_signal:
        return _act(job, ActKind.CANCEL, grace_s=spec.grace_s)
    elapsed_s = None if signalled_s is None else now.timestamp() - signalled_s
    if elapsed_s is None or elapsed_s < 0.0:  # never, or the clock was set back
        return _act(job, ActKind.SIGNAL, signal=spec.checkpoint_signal)
    if elapsed_s < spec.grace_s:
        return NOTHING
    return _act(job, ActKind.CANCEL, grace_s=TERM_GRACE_S)


def _act(
    job: Job,
    kind: ActKind,
    *,
    signal: str = "",
    grace_s: float = 0.0,
    resume: bool = False,
) -> Act:
    return Act(
        kind=kind,
        attempt_id=job.last.attempt_id or "",
        place=job.last.place or "",
        signal=signal,
        grace_s=grace_s,
        resume=resume,
    )
