"""The runners that were started and have claimed no attempt yet."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.job_folder import open_log
from greenops.executors.local_order import Order
from greenops.executors.local_spawn import reaped, spawn
from greenops.executors.private_files import executor_error
from greenops.executors.processes import MARK

AGAIN_AFTER_S = (0.0, 0.5, 2.0, 10.0, 60.0)
"""Before the next try, by how many there were: an installation may be broken."""


@dataclass(slots=True)
class _Started:
    """The last runner of an attempt; pid 0 once it has gone."""

    pid: int
    tries: int
    at_s: float


class Runners:
    """Starts runners, one at a time for each attempt.

    Args:
        argv: Command line of a runner; the attempt's folder is added to it.
        environ: What it finds in its environment; ours if None.
    """

    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> None:
        self._argv = tuple(argv)
        self._environ = environ
        self._started: dict[str, _Started] = {}

    def start(self, folder: AttemptFolder, order: Order) -> None:
        """Start a runner, unless one that was started here is on its way.

        Raises:
            ExecutorError: it cannot be started.
        """
        before = self.look(folder.attempt_id)
        if before and before.pid:
            return
        environ = dict(os.environ if self._environ is None else self._environ)
        environ.pop(MARK, None)  # a daemon may itself be a job
        log_fd = open_log(Path(order.folder))
        try:
            pid = spawn((*self._argv, str(folder.path)), environ=environ, log_fd=log_fd)
        except OSError as e:
            raise executor_error(e, f"cannot start {self._argv[0]}") from e
        finally:
            os.close(log_fd)
        tries = before.tries + 1 if before else 1
        self._started[folder.attempt_id] = _Started(pid, tries, time.monotonic())

    def look(self, attempt_id: str) -> _Started | None:
        """Return the last runner of an attempt; it is waited for if it has gone."""
        started = self._started.get(attempt_id)
        if started and started.pid and reaped(started.pid):
            started.pid = 0
        return started

    def due(self, attempt_id: str) -> bool:
        """Return whether another runner is to be started for one nobody has claimed."""
        started = self.look(attempt_id)
        if started is None:
            return True
        wait_s = AGAIN_AFTER_S[min(started.tries, len(AGAIN_AFTER_S) - 1)]
        return not started.pid and time.monotonic() >= started.at_s + wait_s

    def complaint(self, attempt_id: str) -> str:
        """Return what is wrong with an attempt's runners; empty: nothing yet."""
        started = self.look(attempt_id)
        if started is None or (started.tries < 2 and started.pid):
            return ""
        return f"runners started, and gone without a word: {started.tries}; see its log"

    def forget(self, attempt_id: str) -> None:
        """Release what is known of an attempt's runner."""
        self.look(attempt_id)
        self._started.pop(attempt_id, None)
