"""The measured command where the system lacks `sigwaitinfo` (macOS, Windows).

Simpler than `greenops.tracking.child`: signals sent to us alone are passed on by
handlers, and a signal that was sent to the group may reach the child twice.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from greenops.tracking.outcome import (
    EXIT_NOT_EXECUTABLE,
    EXIT_NOT_FOUND,
    CommandError,
    Ended,
)

_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGWINCH")


class PortableChild:
    """A running command, started with the standard library's own means."""

    joined_group = False

    def __init__(self, process: "subprocess.Popen[bytes]", started_s: float) -> None:
        self._process = process
        self.pid = process.pid
        self.started_s = started_s
        self.reaped_s = 0.0

    @classmethod
    def start(
        cls, argv: Sequence[str], *, environ: Mapping[bytes, bytes] | None = None
    ) -> "PortableChild":
        """Start `argv`, in our own environment if `environ` is None.

        Raises:
            CommandError: the command does not exist or cannot be executed.
        """
        given = None
        if environ is not None:
            given = {os.fsdecode(k): os.fsdecode(v) for k, v in environ.items()}
        started_s = time.monotonic()
        try:
            process = subprocess.Popen(list(argv), env=given)  # noqa: S603 - the job itself
        except FileNotFoundError as e:
            message = f"{argv[0]}: command not found"
            raise CommandError(message, EXIT_NOT_FOUND) from e
        except OSError as e:
            raise CommandError(
                f"{argv[0]}: {e.strerror or e}", EXIT_NOT_EXECUTABLE
            ) from e
        child = cls(process, started_s)
        child._pass_signals_on()
        return child

    def wait(self) -> Ended:
        """Wait for the child; return how it ended."""
        code = self._process.wait()
        now_s = time.monotonic()
        if code < 0:
            return Ended(at_s=now_s, exit_code=None, exit_signal=-code)
        return Ended(at_s=now_s, exit_code=code, exit_signal=None)

    def _pass_signals_on(self) -> None:
        # Ctrl-C reaches the child from the terminal; we only must not die of it.
        signal.signal(signal.SIGINT, lambda *_: None)
        for name in _PASSED_ON:
            with contextlib.suppress(AttributeError, OSError, ValueError):
                signal.signal(getattr(signal, name), self._pass_on)

    def _pass_on(self, signo: int, _frame: Any) -> None:  # noqa: ANN401 - signal's own
        with contextlib.suppress(OSError):
            self._process.send_signal(signo)
