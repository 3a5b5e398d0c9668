"""How an attempt stands, by its folder and by which of its processes live."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.local_end import living
from greenops.executors.processes import (
    ProcessName,
    Seen,
    before_restart,
    frozen,
    lives,
    look,
)
from greenops.model import AttemptState, AttemptStatus

CONCLUDES_WITHIN_S = 30.0
"""After which an exit status counts even if the measurement is still being finished."""
UNKNOWN = AttemptStatus(state=AttemptState.UNKNOWN)


def status_of(folder: AttemptFolder) -> AttemptStatus:
    """Return how an attempt stands. What was found out for good is written down."""
    ended = folder.ended()
    claim = folder.claimed()
    if claim is None and ended is None:
        accepted = (folder.path / "attempt.json").exists()
        return AttemptStatus(state=AttemptState.QUEUED) if accepted else UNKNOWN
    if claim and claim.get("void"):
        return AttemptStatus(state=AttemptState.VOID)
    runner = ProcessName.of(claim or {})
    runs = runner is not None and lives(runner)
    if ended is None and not runs:
        ended = folder.ended()  # written between the two looks, just before it went
    if ended is not None and (not runs or _is_final(ended)):
        return _ended(ended)
    if runs and runner:
        return _running(folder, runner)
    return _without_runner(folder, runner)


def _is_final(ended: Mapping[str, Any]) -> bool:
    late = time.time() - float(ended.get("ended_at") or 0.0) > CONCLUDES_WITHIN_S
    return bool(ended.get("concluded", True)) or late


def _running(folder: AttemptFolder, runner: ProcessName) -> AttemptStatus:
    job = folder.job() or {}
    started = ProcessName.of(job)
    seen = look(started.pid) if started and lives(started) else None
    detail = str(job.get("detail") or "")
    if started and not seen and folder.ended() is None:
        detail = "it has ended; how cannot be written down yet (is the disk full?)"
    return AttemptStatus(
        state=AttemptState.FROZEN if _frozen(folder, seen) else AttemptState.RUNNING,
        started_at=_moment(job.get("started_at")),
        handle=f"process {started.pid if started else runner.pid}",
        run_id=job.get("run_id"),
        detail=detail,
    )


def _without_runner(folder: AttemptFolder, runner: ProcessName | None) -> AttemptStatus:
    """Return how an attempt stands whose runner was killed."""
    job = folder.job()
    if runner is None or before_restart(runner):
        return _judged(folder, "the machine restarted while it ran", job)
    if job is None:
        said = "its runner was killed before it began"
        return _ended(folder.judge({"void": True, "detail": said}))
    there = living(folder)
    if not there:
        return _judged(folder, "its runner was killed; how it ended is not known", job)
    return AttemptStatus(
        state=AttemptState.FROZEN if frozen(there) else AttemptState.RUNNING,
        started_at=_moment(job.get("started_at")),
        handle=f"process {min(there)}",
        run_id=job.get("run_id"),
        detail="its runner was killed; it goes on, and how it ends will not be known",
    )


def _judged(
    folder: AttemptFolder, why: str, job: Mapping[str, Any] | None
) -> AttemptStatus:
    job = job or {}
    verdict = {
        "exit_code": None,
        "exit_signal": None,
        "started_at": job.get("started_at"),
        "ended_at": None,
        "run_id": job.get("run_id"),
        "detail": why,
        "concluded": True,
    }
    return _ended(folder.judge(verdict))


def _ended(record: Mapping[str, Any]) -> AttemptStatus:
    detail = str(record.get("detail") or "")
    if record.get("void"):
        return AttemptStatus(state=AttemptState.VOID, detail=detail)
    if not record:
        detail = "what was written of its end is damaged"
    return AttemptStatus(
        state=AttemptState.ENDED,
        exit_code=record.get("exit_code"),
        exit_signal=record.get("exit_signal"),
        started_at=_moment(record.get("started_at")),
        ended_at=_moment(record.get("ended_at")),
        run_id=record.get("run_id"),
        detail=detail,
    )


def _frozen(folder: AttemptFolder, job: Seen | None) -> bool:
    """Return whether a job is stopped; all of it is looked at only in doubt."""
    if job is None or not (job.stopped or job.state == "D"):
        return False
    return job.stopped or frozen(living(folder))


def _moment(epoch_s: object) -> datetime | None:
    if not isinstance(epoch_s, int | float):
        return None
    return datetime.fromtimestamp(epoch_s, UTC)
