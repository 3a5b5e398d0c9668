"""Tells a signal that was sent to the whole process group from one sent to us alone.

The kernel does not say. A forked process that blocks every signal and does nothing is
a witness: what is pending there as well was sent to the group, so the measured command
has had it already and must not get it twice (a handler that writes a checkpoint may
not be entered again). `timeout`, `kill %1` and Slurm signal the group;
`kill PID` and a container's stop signal us alone.
"""

import contextlib
import os
import select
import signal
import time

SETTLE_S = 0.001
"""The kernel walks the group one process at a time; let it finish."""
ANSWER_WITHIN_S = 0.05


class GroupWitness:
    """A process in our group that only collects signals. Dies with us.

    Fork it while this process has one thread and the signals are blocked.
    """

    def __init__(self) -> None:
        ask_read, self._ask = os.pipe()
        self._answer, answer_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _collect(ask_read, answer_write)
            finally:
                os._exit(0)
        os.close(ask_read)
        os.close(answer_write)

    def saw(self, signo: int) -> bool:
        """Return whether `signo` reached the group since the last question."""
        time.sleep(SETTLE_S)
        try:
            os.write(self._ask, b"?")
            ready, _, _ = select.select([self._answer], [], [], ANSWER_WITHIN_S)
            return bool(ready) and signo in os.read(self._answer, 256)
        except OSError:  # killed with SIGKILL by somebody: then nobody can tell
            return False

    def close(self) -> None:
        """Let the witness go."""
        for fd in (self._ask, self._answer):
            with contextlib.suppress(OSError):
                os.close(fd)


def _collect(ask: int, answer: int) -> None:
    """Answer each question with the signals that came since; end when asked no more."""
    every = signal.valid_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, every)
    keep = sorted((ask, answer))
    # Whoever reads a pipe we were given would wait for its end as long as we hold it.
    os.closerange(0, keep[0])
    os.closerange(keep[0] + 1, keep[1])
    os.closerange(keep[1] + 1, os.sysconf("SC_OPEN_MAX"))
    while os.read(ask, 1):
        seen = bytearray()
        while (info := signal.sigtimedwait(every, 0)) is not None:
            seen.append(info.si_signo)
        os.write(answer, bytes(seen) or b"\0")
