"""Starts a process that owes nothing to what started it."""

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

KEPT = 3
"""Standard input, output and error."""


def spawn(argv: Sequence[str], *, environ: Mapping[str, str], log_fd: int) -> int:
    """Start `argv` in a session of its own; return its pid.

    It reads from nothing, writes to the log, inherits no other descriptor, and no
    signal that is blocked or ignored here: a daemon blocks some, `nohup` ignores one.

    Raises:
        OSError: it cannot be started.
    """
    actions: list[tuple[object, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, log_fd, 1),
        (os.POSIX_SPAWN_DUP2, log_fd, 2),
        *((os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable()),
    ]
    return os.posix_spawn(
        argv[0],
        list(argv),
        dict(environ),
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=_resettable(),
    )


def reaped(pid: int) -> bool:
    """Return whether a process started here has ended; it is waited for then."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return True  # somebody else waited for it


def _inheritable() -> list[int]:
    """Return descriptors that a program would inherit: a library's, our parent's."""
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        with contextlib.suppress(OSError):
            if int(name) >= KEPT and os.get_inheritable(int(name)):
                found.append(int(name))
    return found


def _resettable() -> set[int]:
    return {int(s) for s in signal.valid_signals()} - {signal.SIGKILL, signal.SIGSTOP}
