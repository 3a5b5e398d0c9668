"""The measured command as a transparent child: its signals, streams and exit status.

The child is in our process group, so whatever the terminal sends to the group reaches
it as it would reach the bare command. Only what was sent to us alone is passed on.
"""

import contextlib
import errno
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from greenops.tracking.outcome import (
    EXIT_NOT_EXECUTABLE,
    EXIT_NOT_FOUND,
    CommandError,
    Ended,
)
from greenops.tracking.witness import GroupWitness

SI_USER = 0
SI_QUEUE = -1
SI_TKILL = -6

# What a terminal or a parent may ask of a job. Faults (SIGSEGV ...) are our own.
_FAULTS = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGSYS"}
_JOB_CONTROL = {"SIGTSTP", "SIGTTIN", "SIGTTOU"}


class Child:
    """A running command and the signals around it.

    Start it with `Child.start`; then call `wait` from the main thread until it
    returns. Signals are blocked in this process from the start on, and taken one by
    one by `wait`, so that none is lost while the recorder is still being loaded.
    """

    def __init__(self, pid: int, started_s: float, *, joined: bool) -> None:
        self.pid = pid
        self.started_s = started_s
        self.joined_group = joined
        self.reaped_s = 0.0
        """CPU time of everything waited for so far: the child and adopted orphans."""
        self._stopped = False
        self._witness = GroupWitness()

    @classmethod
    def start(
        cls,
        argv: Sequence[str],
        *,
        join: Callable[[], bool] | None = None,
        environ: Mapping[bytes, bytes] | None = None,
    ) -> "Child":
        """Start `argv` with this process's own streams and directory.

        Args:
            argv: The command, looked up in PATH as a shell would.
            join: Called in the child before the command is executed; must only make
                system calls. Returns whether it worked.
            environ: What it finds in its environment; what we found if None.

        Raises:
            CommandError: the command does not exist or cannot be executed.
        """
        environ = initial_environment() if environ is None else dict(environ)
        old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, forwardable())
        # Ignored, children would vanish without a status to wait for.
        old_sigchld = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        read_fd, write_fd = os.pipe()  # closed by the exec, so its end is the signal
        started_s = time.monotonic()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, old_sigchld or signal.SIG_DFL)
            _become(argv, environ, old_mask, join, write_fd)
        os.close(write_fd)
        with os.fdopen(read_fd, "rb") as pipe:
            report = pipe.read()
        joined, _, failure = report.partition(b"|")
        if failure:
            os.waitpid(pid, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
            raise _command_error(argv[0], int(failure))
        return cls(pid, started_s, joined=joined == b"1")

    def wait(self) -> Ended:
        """Pass signals on until the child has ended; return how.

        Call it from the thread that called `start`.
        """
        watched = forwardable()
        while True:
            ended = self._reap()
            if ended is not None:
                self._witness.close()
                return ended
            info = signal.sigwaitinfo(watched)
            if info.si_signo != signal.SIGCHLD:
                self._pass_on(info)

    def _reap(self) -> Ended | None:
        ended = None
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            if os.WIFSTOPPED(status):
                if pid == self.pid:
                    self._follow_stop(os.WSTOPSIG(status))
                continue
            self.reaped_s += usage.ru_utime + usage.ru_stime
            if pid == self.pid:
                ended = _ended(status)

    def _follow_stop(self, stop_signal: int) -> None:
        """Stop as the child did when a terminal stopped it, so that the shell sees it.

        A plain SIGSTOP was meant for the child alone: we go on measuring it.
        """
        self._stopped = True
        if _name(stop_signal) in _JOB_CONTROL:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _pass_on(self, info: signal.struct_siginfo) -> None:
        signo = info.si_signo
        if _name(signo) in _JOB_CONTROL and info.si_code not in (SI_USER, SI_QUEUE):
            return
        if signo == signal.SIGCONT:
            # Continued with the group by `fg`, or alone by somebody's kill: in both
            # cases a running child does not mind another one.
            if self._stopped:
                self._stopped = False
                self._send(signo)
            return
        if not self._reached_the_group(info):
            self._send(signo)

    def _reached_the_group(self, info: signal.struct_siginfo) -> bool:
        """Return whether the child must have had this signal itself.

        The kernel sends a terminal's signals to the whole foreground group, with one
        exception: on hang-up, only to the leader of the session.
        """
        if info.si_code not in (SI_USER, SI_QUEUE, SI_TKILL):
            leads = os.getsid(0) == os.getpid()
            return not (info.si_signo == signal.SIGHUP and leads)
        if info.si_pid in (os.getpid(), self.pid):
            return True
        return self._witness.saw(info.si_signo)

    def _send(self, signo: int) -> None:
        # A child that runs as another user (setuid) may not be signalled by us.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signo)


def forwardable() -> set[signal.Signals]:
    """Return the signals that are passed on to the child, and SIGCHLD."""
    own = {signal.SIGKILL, signal.SIGSTOP}
    return {
        s for s in signal.valid_signals() if s not in own and _name(s) not in _FAULTS
    }


def _name(signo: int) -> str:
    try:
        return signal.Signals(signo).name
    except ValueError:
        return f"SIG{signo}"


def _ended(status: int) -> Ended:
    now_s = time.monotonic()
    if os.WIFSIGNALED(status):
        return Ended(at_s=now_s, exit_code=None, exit_signal=os.WTERMSIG(status))
    return Ended(at_s=now_s, exit_code=os.WEXITSTATUS(status), exit_signal=None)


def _become(
    argv: Sequence[str],
    environ: Mapping[bytes, bytes],
    mask: set[int] | set[signal.Signals],
    join: Callable[[], bool] | None,
    report_fd: int,
) -> NoReturn:
    """Turn the forked child into the command. Never returns."""
    try:
        os.write(report_fd, b"1|" if join is not None and join() else b"0|")
        # Python ignores these at its start; a bare command would not find them so.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            os.execvpe(argv[0], list(argv), environ)  # noqa: S606 - the job itself
        except OSError as e:
            if e.errno != errno.ENOEXEC:
                raise
            # A script without a first line `#!`: execvp(3) hands it to the shell.
            os.execvpe("/bin/sh", ["sh", *argv], environ)  # noqa: S606
    except OSError as e:
        os.write(report_fd, str(e.errno or errno.EINVAL).encode())
    except ValueError:  # an argument holds a NUL
        os.write(report_fd, str(errno.EINVAL).encode())
    finally:
        os._exit(EXIT_NOT_FOUND)


def _command_error(name: str, code: int) -> CommandError:
    if code in (errno.ENOENT, errno.ENOTDIR):
        what = "no such file" if os.sep in name else "command not found"
        return CommandError(f"{name}: {what}", EXIT_NOT_FOUND)
    return CommandError(f"{name}: {os.strerror(code)}", EXIT_NOT_EXECUTABLE)


def initial_environment() -> dict[bytes, bytes]:
    """Return the environment this process was given, byte for byte.

    `os.environ` is not that: Python itself sets LC_CTYPE in a C locale (PEP 538).
    """
    try:
        with open("/proc/self/environ", "rb") as f:  # noqa: PTH123 - before pathlib
            pairs = f.read().split(b"\0")
    except OSError:
        return dict(os.environb)
    found: dict[bytes, bytes] = {}
    for pair in pairs:
        name, equals, value = pair.partition(b"=")
        if equals:
            found.setdefault(name, value)
    return found


def die_of(signo: int) -> NoReturn:
    """End this process by the signal that ended the child, without a core dump.

    The parent then sees the very wait status the bare command would have left.
    """
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if signo != signal.SIGKILL:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(signo, signal.SIG_DFL)
    os.kill(os.getpid(), signo)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signo})
    os._exit(128 + signo)  # only where the signal does not end a process


def adopt_orphans() -> bool:
    """Become the parent of descendants whose own parent dies. Return whether we are.

    Their CPU time then ends up here. Source: prctl(2), PR_SET_CHILD_SUBREAPER.
    """
    import ctypes

    set_child_subreaper = 36
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    return int(prctl(set_child_subreaper, 1, 0, 0, 0)) == 0
