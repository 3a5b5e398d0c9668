"""CPU time of a process tree from /proc, for where the job may not have a cgroup.

Linux adds a child's CPU time to its parent's `cutime`/`cstime` when the parent waits
for it, so the sum of all four times over the living, plus what was reaped by the
recorder itself (a subreaper inherits orphans), misses nobody but the children of a
parent that ignores SIGCHLD.

Source: proc_pid_stat(5), fields 4 and 14 to 17; prctl(2), PR_SET_CHILD_SUBREAPER.
"""

import os
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
RESCAN_EVERY = 30
"""Calls after which known strangers are looked at again: a pid may be reused."""


class ProcessTree:
    """CPU time of `root_pid` and all its descendants, dead or alive.

    Args:
        root_pid: The tree's root; the tree outlives it as long as orphans come to
            `adopter_pid`.
        adopter_pid: A subreaper whose adopted children belong to the tree too;
            its own time does not count.
        reaped_s: CPU seconds of members that somebody here has waited for.
    """

    method = "process tree"

    def __init__(
        self,
        root_pid: int,
        *,
        adopter_pid: int | None = None,
        reaped_s: Callable[[], float] = lambda: 0.0,
        proc: Path = PROC,
    ) -> None:
        self._root_pid = root_pid
        self._adopter_pid = adopter_pid
        self._reaped_s = reaped_s
        self._proc = str(proc)
        self._members: set[int] = {root_pid}
        self._strangers: set[int] = set()
        self._calls = 0
        self._cpu_s = 0.0
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")

    def cpu_s(self) -> float:
        """Return the CPU time of the tree so far, in s."""
        # Read what was reaped first: a process that is reaped while the tree is
        # walked is then missed once (and the sum held), instead of counted twice.
        reaped_s = self._reaped_s()
        self._find_members()
        ticks = 0
        for pid in list(self._members):
            fields = self._stat(pid)
            if fields is None:
                self._members.discard(pid)
            else:
                ticks += sum(map(int, fields[11:15]))
        self._cpu_s = max(self._cpu_s, reaped_s + ticks * self._tick_s)
        return self._cpu_s

    def contains(self, pid: int) -> bool:
        """Return whether `pid` is in the tree."""
        if pid in self._members or pid == self._root_pid:
            return True
        return self._descends(pid, {})

    def gpu_fraction(self) -> float:
        """Return 1: whatever these processes do on a GPU is the job's."""
        return 1.0

    def close(self) -> None:
        """Hold nothing, so release nothing."""

    def _find_members(self) -> None:
        self._calls += 1
        if self._calls % RESCAN_EVERY == 0:
            self._strangers.clear()
        pids = {int(name) for name in os.listdir(self._proc) if name.isdigit()}  # noqa: PTH208 - called every tick; Path objects cost ten times as much
        self._strangers &= pids
        known: dict[int, bool] = {}
        for pid in pids - self._members - self._strangers:
            if self._descends(pid, known):
                self._members.add(pid)
            else:
                self._strangers.add(pid)

    def _descends(self, pid: int, known: dict[int, bool]) -> bool:
        path: list[int] = []
        found = False
        while pid > 1 and pid != self._adopter_pid:
            if pid in self._members or known.get(pid, False):
                found = True
                break
            if pid in known:
                break
            path.append(pid)
            fields = self._stat(pid)
            if fields is None:
                break
            parent = int(fields[1])
            # A direct child of the adopter is the root, or an adopted orphan.
            if parent == self._adopter_pid:
                found = True
                break
            pid = parent
        known.update(dict.fromkeys(path, found))
        return found

    def _stat(self, pid: int) -> list[bytes] | None:
        """Return the fields behind the process name (state first), or None if gone."""
        try:
            fd = os.open(f"{self._proc}/{pid}/stat", os.O_RDONLY)
        except OSError:
            return None
        try:
            text = os.read(fd, 1024)
        except OSError:
            return None
        finally:
            os.close(fd)
        # The name may hold spaces and parentheses: fields start after the last one.
        return text[text.rfind(b")") + 2 :].split()
