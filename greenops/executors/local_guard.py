"""What a runner does beside its job: keeps its log short, and sees a cancel through."""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.local_end import kill, left_s, living, terminate
from greenops.executors.local_logs import rotate

LOOK_EVERY_S = 2.0
"""A look at the size of a log takes some microseconds."""
LOOK_WHILE_ENDING_S = 0.2


class Guard(threading.Thread):
    """Watches over a command that runs, in a thread that sleeps nearly always.

    Start it from a thread that has signals blocked: they are the command's.

    Args:
        folder: The attempt's.
        log: The job's log.
        limit_mib: Size in MiB at which the log is rotated.
        kept: How many old logs stay.
    """

    def __init__(
        self, folder: AttemptFolder, log: Path, *, limit_mib: float, kept: int
    ) -> None:
        super().__init__(name="greenops-guard", daemon=True)
        self._folder = folder
        self._path = log
        self._limit_mib = limit_mib
        self._kept = kept
        self._over = threading.Event()
        self._bell = -1
        with contextlib.suppress(OSError):  # then it looks now and then, unasked
            self._bell = folder.make_bell()

    def run(self) -> None:
        """Look after the command until `stop`."""
        cancelled = False
        while not self._over.is_set():
            if not cancelled and self._folder.cancelled():
                cancelled = True
                see_through(self._folder, wait=self._wait)
            self._rotate()
            self._wait(LOOK_EVERY_S)

    def stop(self) -> None:
        """End it; what it is at is finished."""
        self._over.set()
        if self._bell >= 0:
            with contextlib.suppress(OSError):
                os.write(self._bell, b"!")
        self.join(LOOK_EVERY_S)

    def _wait(self, timeout_s: float) -> None:
        if self._bell < 0:
            self._over.wait(timeout_s)
            return
        if select.select([self._bell], [], [], timeout_s)[0]:
            with contextlib.suppress(OSError):
                os.read(self._bell, 4096)

    def _rotate(self) -> None:
        with contextlib.suppress(OSError):  # no room for a copy: the next time
            rotate(self._path, limit_mib=self._limit_mib, kept=self._kept)


def see_through(
    folder: AttemptFolder, *, wait: Callable[[float], None] = time.sleep
) -> None:
    """Terminate an attempt's processes, kill those left at the end of the grace.

    Returns when none is left. The grace may be shortened meanwhile.
    """
    terminate(folder)
    while living(folder):
        wait(LOOK_WHILE_ENDING_S)
        if left_s(folder.cancelled() or {}) <= 0.0:
            kill(folder)
