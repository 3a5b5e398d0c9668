"""Tidies up after ended jobs, in the state folder of the configuration in force."""

import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from greenops.agent.tidying import Kept, Tidying
from greenops.config import Config
from greenops.executors.job_cleaning import (
    forget_secrets,
    kept_jobs,
    remove_job,
    remove_remains,
)
from greenops.ledger.jobs import LedgerJobs
from greenops.tracking.clock import boottime_s
from greenops.wire.agent_sites import jobs_folder, ledger_file, state_folder
from greenops.wire.executors import open_local_executor


class Tidier:
    """Tidies up when it is told to. All calls of `round` come from one thread.

    Args:
        config: The settings in force; may be replaced, but for its folders.
        now: Aware; the time now.
        stopping: Whether it is time to leave off.
        elapsed_s: Returns seconds that no setting of the clock changes.
    """

    def __init__(
        self,
        config: Config,
        now: datetime,
        stopping: Callable[[], bool] = lambda: False,
        *,
        elapsed_s: Callable[[], float] = boottime_s,
    ) -> None:
        self.config = config
        self._folder = jobs_folder(config)
        self._jobs = LedgerJobs(ledger_file(config), self._folder)
        self._elapsed_s = elapsed_s
        attempts, forget = _attempts(config)
        kept = Kept(
            ended=self._jobs.ended,
            jobs=lambda: kept_jobs(self._folder),
            forget_secrets=lambda job_id: forget_secrets(self._folder / job_id),
            remove=lambda job_id: remove_job(self._folder, job_id),
            attempts=attempts,
            forget=forget,
        )
        self._tidying = Tidying(kept, now=now, elapsed_s=elapsed_s(), stopping=stopping)

    def round(self, now: datetime) -> int:
        """Take down what is old enough; return how many jobs lost their folders.

        Raises:
            LedgerError: the ledger fails.
            OSError: the folder of all jobs cannot be read.
        """
        days = self.config.daemon_keep_days
        keep = timedelta(days=days) if days > 0.0 else None
        remove_remains(self._folder)
        return self._tidying.round(now, self._elapsed_s(), keep)

    def close(self) -> None:
        """Release the ledger."""
        self._jobs.close()


def _attempts(
    config: Config,
) -> tuple[Callable[[], Iterable[str]], Callable[[str], None]]:
    """Return what lists the attempts of this machine, and what releases one."""
    if not sys.platform.startswith("linux"):  # none are made elsewhere
        return tuple, lambda _attempt_id: None
    # One of its own: the loop's is the loop's thread's, and any number share a root.
    executor = open_local_executor(state_folder(config))
    return executor.attempts, executor.forget
