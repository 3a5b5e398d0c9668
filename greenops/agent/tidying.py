"""Takes down what is kept of jobs that ended long ago; their records stay."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from greenops.errors import ExecutorError

log = logging.getLogger(__name__)

MOST = 100
"""Folders removed in one round: a large one takes seconds."""
AT_ONCE = 500
LEFT_BEHIND_AFTER = timedelta(hours=1)
"""The loop itself forgets attempts at their end; what lies there for longer was left by
a daemon that was killed just then."""
STEP = timedelta(minutes=10)
"""A clock that differs by more from what elapsed was set: its ages are not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept beside the ledger, and how it is taken down.

    Attributes:
        ended: Returns when each of these jobs ended, by id; without those that did not,
            or that nobody knows.
        jobs: Returns the ids of jobs with a folder.
        forget_secrets: Removes environment and exact command of an ended job.
        remove: Removes the folder of an ended job; returns whether it is gone.
        attempts: Returns the ids of attempts that an executor still keeps.
        forget: Releases an attempt that has ended; raises ExecutorError.
    """

    ended: Callable[[Sequence[str]], Mapping[str, datetime]]
    jobs: Callable[[], Iterable[str]]
    forget_secrets: Callable[[str], bool]
    remove: Callable[[str], bool]
    attempts: Callable[[], Iterable[str]]
    forget: Callable[[str], None]


class Tidying:
    """Tidies up in rounds.

    Args:
        kept: What there is.
        now: Aware; the time now.
        elapsed_s: Seconds that no setting of the clock changes, sleep included.
        stopping: Whether it is time to leave off.
    """

    def __init__(
        self,
        kept: Kept,
        *,
        now: datetime,
        elapsed_s: float,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._kept = kept
        self._stopping = stopping
        self._seen = (now, elapsed_s)

    def round(self, now: datetime, elapsed_s: float, keep: timedelta | None) -> int:
        """Take down what is old enough; return how many jobs lost their folders.

        A round after the clock was set only takes note of that: were it wrong by years,
        all that people keep would be old.

        Args:
            now: Aware.
            elapsed_s: As in `Tidying`.
            keep: For so long after its end a job keeps its folder; None: for ever.

        Raises:
            LedgerError: the ledger fails.
        """
        before, before_s = self._seen
        self._seen = (now, elapsed_s)
        if abs(now - before - timedelta(seconds=elapsed_s - before_s)) > STEP:
            log.info("the clock was set: what is old enough to go is seen next time")
            return 0
        self._forget_attempts(now)
        removed = 0
        for some in _chunks(self._kept.jobs()):
            for job_id, at in self._kept.ended(some).items():
                if self._stopping() or removed >= MOST:
                    return removed
                old = keep is not None and now >= at + keep
                removed += self._tidy(job_id, at, old=old)
        return removed

    def _tidy(self, job_id: str, at: datetime, *, old: bool) -> bool:
        try:
            self._kept.forget_secrets(job_id)
            if old and self._kept.remove(job_id):
                log.info("removed the folder of job %s, which ended %s", job_id, at)
                return True
        except OSError as e:
            log.warning("job %s is not tidied up: %s", job_id, e)
        return False

    def _forget_attempts(self, now: datetime) -> None:
        for some in _chunks(self._kept.attempts()):
            by_job: dict[str, list[str]] = {}
            for attempt_id in some:  # JOB.NUMBER
                by_job.setdefault(attempt_id.rpartition(".")[0], []).append(attempt_id)
            for job_id, at in self._kept.ended(list(by_job)).items():
                if now >= at + LEFT_BEHIND_AFTER and not self._stopping():
                    self._forget(by_job[job_id])

    def _forget(self, attempt_ids: Sequence[str]) -> None:
        for attempt_id in attempt_ids:
            try:
                self._kept.forget(attempt_id)
            except ExecutorError as e:
                log.warning("attempt %s stays where it is: %s", attempt_id, e)


def _chunks(names: Iterable[str]) -> Iterable[list[str]]:
    left = iter(names)
    while some := list(islice(left, AT_ONCE)):
        yield some
