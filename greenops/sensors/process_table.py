"""Every process of this machine, and the CPU time each used between two looks.

Linux adds a child's CPU time to its parent's `cutime` and `cstime` when the parent
waits for it. So what a child used after it was last seen shows in its parent; what was
counted of the child already is taken off again.

Source: proc_pid_stat(5), fields 4 to 9, 14 to 17 and 22.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
STAT_BYTES = 1024
KERNEL_THREAD = 0x00200000
"""Source: Linux, include/linux/sched.h, PF_KTHREAD."""
INIT = 1


@dataclass(slots=True, eq=False)
class Process:
    """One process, as it was last seen. Times in clock ticks unless named otherwise.

    Attributes:
        pid, parent_pid, group, session: As the kernel has them.
        has_terminal: Whether it has a controlling terminal.
        started: When, since boot; with the pid it names the process for good.
        name: Its program, at most 15 characters.
        own: CPU time of its threads.
        waited: CPU time of children it has waited for, and theirs.
        zombie: It has ended, but nobody has waited for it yet: its times stand here
            until its parent gets them.
        waited_lately: The part of it that was added since the look before.
        used_s: CPU time between the last two looks, in s.
    """

    pid: int
    parent_pid: int
    group: int
    session: int
    has_terminal: bool
    started: int
    name: str
    own: int
    waited: int
    zombie: bool = False
    waited_lately: int = 0
    used_s: float = 0.0

    @property
    def total(self) -> int:
        """What its parent is given when it waits for it, as far as it was counted."""
        return self.own + self.waited


class ProcessTable:
    """The living processes, kernel threads left out.

    Args:
        proc: The mounted procfs.
        cpus: How many processors there are.
    """

    def __init__(self, proc: Path = PROC, *, cpus: float | None = None) -> None:
        self.processes: dict[int, Process] = {}
        self.gone: list[Process] = []
        """Those that ended since the look before, with what they used meanwhile."""
        self._proc = str(proc)
        self._cpus = cpus or float(os.cpu_count() or 1)
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")
        self._kernel: set[int] = set()
        self._looked_s: float | None = None

    def look(self, now_s: float) -> None:
        """Read all processes again.

        Args:
            now_s: Monotonic time in s.
        """
        pids = {int(name) for name in self._names() if name.isdigit()}
        self._kernel &= pids
        before, self.processes = self.processes, {}
        self.gone = []
        for pid in pids - self._kernel:
            self._update(pid, before.pop(pid, None))
        self.gone += before.values()
        lately_s = {process: process.used_s for process in self.gone}
        for process in self.gone:
            process.used_s = 0.0
        if self._looked_s is not None:
            self._count_children(now_s - self._looked_s, lately_s)
        self._looked_s = now_s

    def process(self, pid: int) -> Process | None:
        """Return one process, read now if it was not seen before; None: it is gone."""
        if pid in self.processes or pid in self._kernel or pid <= 0:
            return self.processes.get(pid)
        process = self._read(pid)
        if process is not None:
            if self._looked_s is not None:
                process.own = process.waited = 0  # the next look counts all of it
            self.processes[pid] = process
        return process

    def lives(self, process: Process) -> bool:
        """Return whether a process has not ended since it was seen."""
        now = self._read(process.pid)
        return now is not None and now.started == process.started and not now.zombie

    def lineage(self, process: Process) -> Iterator[Process]:
        """Yield the process's parent, that one's parent, and so on."""
        seen = {process.pid}
        while process.parent_pid not in seen:
            seen.add(process.parent_pid)
            parent = self.process(process.parent_pid)
            if parent is None:
                return
            yield parent
            process = parent

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._proc)  # noqa: PTH208 - Path objects cost ten times as much
        except OSError:
            return []

    def _update(self, pid: int, known: Process | None) -> None:
        now = self._read(pid)
        if known is not None and (now is None or now.started != known.started):
            self.gone.append(known)
            known = None
        if now is None:
            return
        if known is not None:
            # A parent that dies leaves its children to another one.
            known.parent_pid, known.group = now.parent_pid, now.group
            known.session, known.has_terminal = now.session, now.has_terminal
            known.name = now.name  # it may have executed another program
            known.zombie = now.zombie
            known.used_s = (now.own - known.own) * self._tick_s
            known.waited_lately = now.waited - known.waited
            known.own, known.waited = now.own, now.waited
        elif self._looked_s is not None:  # born since then
            now.used_s, now.waited_lately = now.own * self._tick_s, now.waited
        self.processes[pid] = known or now

    def _count_children(self, span_s: float, lately_s: Mapping[Process, float]) -> None:
        """Count what children used between the last look and their end.

        Where several of one parent ended, only their sum is known: it is divided by
        what each used between the two looks before.
        """
        counted: dict[int, int] = {}
        heirs: dict[int, list[Process]] = {}
        for child in self.gone:
            counted[child.parent_pid] = counted.get(child.parent_pid, 0) + child.total
            heirs.setdefault(child.parent_pid, []).append(child)
        for process in self.processes.values():
            rest = process.waited_lately - counted.get(process.pid, 0)
            # More than fits into the time is the whole life of a child that was never
            # seen here, such as an orphan.
            fits = 0 < rest * self._tick_s <= span_s * self._cpus
            if fits and process.pid != INIT:
                rest_s = rest * self._tick_s
                _divide(rest_s, heirs.get(process.pid, [process]), lately_s)

    def _read(self, pid: int) -> Process | None:
        """Return the process as it is now; None: gone, hidden, or of the kernel."""
        text = read_start(f"{self._proc}/{pid}/stat", STAT_BYTES)
        # The name may hold spaces and parentheses: fields start after the last one.
        opened, closed = text.find(b"("), text.rfind(b")")
        fields = text[closed + 2 :].split()
        if closed < 0 or len(fields) < 20 or fields[0] == b"X":
            return None
        if int(fields[6]) & KERNEL_THREAD:
            self._kernel.add(pid)
            return None
        return Process(
            pid=pid,
            parent_pid=int(fields[1]),
            group=int(fields[2]),
            session=int(fields[3]),
            has_terminal=fields[4] != b"0",
            started=int(fields[19]),
            name=text[opened + 1 : closed].decode(errors="replace"),
            own=int(fields[11]) + int(fields[12]),
            waited=int(fields[13]) + int(fields[14]),
            zombie=fields[0] == b"Z",
        )


def _divide(
    amount_s: float, among: Sequence[Process], lately_s: Mapping[Process, float]
) -> None:
    """Add CPU time to processes, in the ratio of what each used lately."""
    parts = [lately_s.get(process, 0.0) for process in among]
    if not sum(parts):
        parts = [1.0] * len(among)
    for process, part in zip(among, parts, strict=True):
        process.used_s += amount_s * part / sum(parts)


def read_start(path: str, most_bytes: int) -> bytes:
    """Return the beginning of a file; nothing where it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, most_bytes)
    except OSError:  # the process went away in the middle
        return b""
    finally:
        os.close(fd)
