"""Which processes belong to an attempt, and signals to them.

While the runner lives they are its descendants (where it may have no control group it
adopts orphans) and whatever is left in its session. Once it is gone, what it started
is known by itself, by its descendants, and by a variable that all of them inherited.

Source: proc_pid_stat(5), fields 3 to 6 and 22; proc_pid_environ(5); cgroups(7).
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MARK = "GREENOPS_ATTEMPT"
"""Variable that tells the processes of one attempt from all others on this machine."""

AGAIN_S = 0.01
"""Between two looks at what a process only seems to wait for."""


@dataclass(frozen=True, slots=True)
class ProcessName:
    """A process, named for good: pids are used again.

    Attributes:
        started_ticks: Since boot.
        boot_id: Of the kernel.
    """

    pid: int
    started_ticks: int
    boot_id: str

    def as_record(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "pid": self.pid,
            "started_ticks": self.started_ticks,
            "boot_id": self.boot_id,
        }

    @classmethod
    def of(cls, record: Mapping[str, object]) -> "ProcessName | None":
        """Return the process that `as_record` wrote; None: there is none in it."""
        pid, ticks = record.get("pid"), record.get("started_ticks")
        if not (isinstance(pid, int) and isinstance(ticks, int) and pid > 0):
            return None
        return cls(pid, ticks, str(record.get("boot_id", "")))


@dataclass(frozen=True, slots=True)
class Seen:
    """A process at one moment: its state's letter, its parent, its session."""

    state: str
    parent: int
    session: int
    started_ticks: int

    @property
    def stopped(self) -> bool:
        """Whether SIGSTOP holds it, or a debugger."""
        return self.state in "Tt"

    @property
    def lives(self) -> bool:
        """Whether it is more than a status nobody has asked for yet."""
        return self.state not in "ZX"


def boot_id(proc: Path = PROC) -> str:
    """Return what tells this boot of the kernel from others; empty where unknown."""
    try:
        return (proc / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def before_restart(name: ProcessName, proc: Path = PROC) -> bool:
    """Return whether it is known to be from before the machine restarted."""
    now = boot_id(proc)
    return bool(now and name.boot_id and now != name.boot_id)


def look(pid: int, proc: Path = PROC) -> Seen | None:
    """Return how the process stands; None: there is none.

    Raises:
        OSError: that cannot be told now.
    """
    text = _read(f"{proc}/{pid}/stat")
    # The name may hold spaces and parentheses: fields start after the last one.
    fields = text[text.rfind(b")") + 2 :].split()
    if len(fields) < 20:  # it is gone
        return None
    return Seen(
        fields[0].decode("ascii"), int(fields[1]), int(fields[3]), int(fields[19])
    )


def named(pid: int, proc: Path = PROC) -> ProcessName | None:
    """Return the name of a process that lives; None: it does not."""
    seen = look(pid, proc)
    return ProcessName(pid, seen.started_ticks, boot_id(proc)) if seen else None


def lives(name: ProcessName, proc: Path = PROC) -> bool:
    """Return whether this very process lives, now.

    Raises:
        OSError: that cannot be told now.
    """
    if before_restart(name, proc):
        return False
    seen = look(name.pid, proc)
    return seen is not None and seen.lives and seen.started_ticks == name.started_ticks


def everybody(proc: Path = PROC) -> dict[int, Seen]:
    """Return all processes that live, by pid."""
    pids = [int(name) for name in os.listdir(proc) if name.isdigit()]  # noqa: PTH208 - Path objects cost ten times as much
    found = {pid: look(pid, proc) for pid in pids}
    return {pid: seen for pid, seen in found.items() if seen and seen.lives}


def members(
    mark: str,
    runner: ProcessName,
    job: ProcessName | None,
    group: str,
    *,
    proc: Path = PROC,
) -> dict[int, Seen]:
    """Return the processes of an attempt that live, without its runner.

    Args:
        mark: As it stands in their environment: the attempt's folder.
        runner: The process that runs it, alive or not.
        job: The command it started, where that is known.
        group: Folder of the attempt's control group; empty: it has none.
        proc: The mounted procfs.
    """
    if before_restart(runner, proc):
        return {}
    there = everybody(proc)
    roots = {n.pid for n in (runner, job) if n and _is(there.get(n.pid), n)}
    found = _descendants(roots, there) | (roots - {runner.pid})
    if runner.pid in roots:
        found |= {pid for pid, seen in there.items() if seen.session == runner.pid}
    found |= _in_group(group)
    # A runner that is gone leaves nothing but its mark to know orphans by.
    variable = os.fsencode(f"{MARK}={mark}")
    younger = {
        pid for pid, s in there.items() if s.started_ticks >= runner.started_ticks
    }
    found |= {p for p in younger - found if _has_variable(p, variable, proc)}
    found -= _forked_of(runner.pid, there, proc) - roots
    return {pid: there[pid] for pid in found - {runner.pid} if pid in there}


def _forked_of(runner: int, there: Mapping[int, Seen], proc: Path) -> set[int]:
    """Return what the runner forked for itself: the same program, never executed."""
    own = _read(f"{proc}/{runner}/cmdline")
    children = (pid for pid, seen in there.items() if seen.parent == runner)
    return {pid for pid in children if _read(f"{proc}/{pid}/cmdline") == own}


def send(processes: Mapping[int, Seen], signo: int) -> None:
    """Send a signal to each of these that is still the one that was seen."""
    for pid, seen in processes.items():
        with contextlib.suppress(OSError):  # gone, or of another user (setuid)
            fd = os.pidfd_open(pid)
            try:
                now = look(pid)
                if now and now.started_ticks == seen.started_ticks:
                    signal.pidfd_send_signal(fd, signo)
            finally:
                os.close(fd)


def wake(name: ProcessName) -> None:
    """Continue a process, if it is still the same one."""
    if (seen := look(name.pid)) and seen.started_ticks == name.started_ticks:
        send({name.pid: seen}, signal.SIGCONT)


def frozen(processes: Mapping[int, Seen]) -> bool:
    """Return whether a signal has stopped all of these.

    One that was starting a command (vfork) waits for the child that was stopped, and
    is only due to stop itself: the kernel shows it in state D.
    """
    stopped = any(seen.stopped for seen in processes.values())
    return stopped and all(s.stopped or s.state == "D" for s in processes.values())


def understand(processes: Mapping[int, Seen], signo: int) -> dict[int, Seen]:
    """Return those that catch the signal, or sleep with it blocked (signalfd).

    The others would die of it: a shell around a training, or a loader's worker, must
    not be ended by what asks the training for a checkpoint. One that sits in
    sigwait(3) is not seen to wait: the kernel shows it with nothing blocked.
    """
    waiting = {p for p in processes if _masked(p, signo, "SigBlk:", asleep=True)}
    if waiting:
        # A shell blocks signals while it starts a command, and is not asleep then.
        time.sleep(AGAIN_S)
    return {
        pid: seen
        for pid, seen in processes.items()
        if _masked(pid, signo, "SigCgt:")
        or (pid in waiting and _masked(pid, signo, "SigBlk:", asleep=True))
    }


def _masked(pid: int, signo: int, mask: str, *, asleep: bool = False) -> bool:
    """Return whether a process has a signal in a mask; `asleep`: and sleeps with it."""
    lines = _read(f"{PROC}/{pid}/status").decode("utf-8", "replace").splitlines()
    found = {line.partition("\t")[0]: line.partition("\t")[2] for line in lines}
    if asleep and not found.get("State:", "").startswith("S"):
        return False
    return bool(int(found.get(mask, "0"), 16) >> (signo - 1) & 1)


def _is(seen: Seen | None, name: ProcessName) -> bool:
    return seen is not None and seen.started_ticks == name.started_ticks


def _descendants(roots: Iterable[int], there: Mapping[int, Seen]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, seen in there.items():
        children.setdefault(seen.parent, []).append(pid)
    found: set[int] = set()
    new = list(roots)
    while new:
        below = children.get(new.pop(), [])
        new += [pid for pid in below if pid not in found]
        found |= set(below)
    return found


def _in_group(group: str) -> set[int]:
    if not group:
        return set()
    try:
        lists = [p.read_text("ascii") for p in Path(group).rglob("cgroup.procs")]
    except OSError:
        return set()
    return {int(word) for text in lists for word in text.split()}


def _has_variable(pid: int, variable: bytes, proc: Path) -> bool:
    return variable in _read(f"{proc}/{pid}/environ").split(b"\0")


def _read(path: str) -> bytes:
    """Return what a file holds; nothing where it is gone, or of another user.

    There may be thousands to read: without Path, in a fifth of the time.

    Raises:
        OSError: it may be there, and cannot be read now.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""
    try:
        text = b""
        while more := os.read(fd, 1 << 16):
            text += more
    except (ProcessLookupError, PermissionError):
        return b""
    finally:
        os.close(fd)
    return text
