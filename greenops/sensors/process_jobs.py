"""Which processes of this machine belong together.

A job without any better identity is a process group, as a shell makes one of every
pipeline. A group that leads a session of its own belongs to the job of its parent, if
that is a program of the same user (`torchrun` opens a session for each rank) and no
shell at a terminal.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from greenops.model import Identity
from greenops.sensors.process_identity import VARIABLES, Root, identity_of
from greenops.sensors.process_table import INIT, PROC, Process, ProcessTable, read_start

CGROUP_BYTES = 1 << 14
ENVIRON_BYTES = 1 << 17
"""A page or two are common; of a longer environment the rest is not looked at."""
MOST_LEVELS = 32
"""Sessions within sessions; beyond that something is wrong."""
_WRAPPED = re.compile(r"/greenops-(\d+)-[0-9a-f]+(?:/|$)", re.MULTILINE)
"""The control group that `greenops wrap` gives its job: see `job_cgroup`."""


class ProcessJobs:
    """The jobs of the processes of a table, each looked up twice and then remembered.

    Twice, because the first time may have been between its fork and its exec.

    Args:
        table: The processes.
        proc: The mounted procfs.
    """

    def __init__(self, table: ProcessTable, proc: Path = PROC) -> None:
        self._table = table
        self._proc = str(proc)
        self._here = os.getpid()
        self._tick_s = 1 / os.sysconf("SC_CLK_TCK")
        self._known: dict[Process, Identity] = {}
        self._once: set[Process] = set()
        self._wrapped_by: dict[Process, int] = {}
        self._roots: dict[int, Root] = {}

    def look(self) -> None:
        """Look up again who was seen for the first time at the look before."""
        groups = {p.group for p in self._table.processes.values()}
        self._roots = {g: root for g, root in self._roots.items() if g in groups}
        again, self._once = self._once, set()
        for process in again & set(self._table.processes.values()):
            self._known[process] = self._identify(process)

    def identity(self, process: Process) -> Identity | None:
        """Return the job of a process; None: it is this very process, and no job."""
        if process.pid == self._here:
            return None
        if process not in self._known:
            self._once.add(process)
            self._known[process] = self._identify(process)
        return self._known[process]

    def forget(self, process: Process) -> None:
        """Let go of one that is gone."""
        self._known.pop(process, None)
        self._once.discard(process)
        self._wrapped_by.pop(process, None)

    def wrapped_by(self, process: Process) -> int:
        """Return the recorder whose control group it was in, by its pid; 0: none."""
        return self._wrapped_by.get(process, 0)

    def members(self, identity: Identity) -> Mapping[Process, Identity]:
        """Return the living processes of a job, with what each of them calls it."""
        return {p: i for p, i in self._known.items() if i == identity and not p.zombie}

    def uid(self, process: Process) -> int:
        """Return the user id of a process; -1 where it is gone or hidden."""
        try:
            return os.stat(f"{self._proc}/{process.pid}").st_uid  # noqa: PTH116 - called for every new process
        except OSError:
            return -1

    def _identify(self, process: Process) -> Identity:
        folder = f"{self._proc}/{process.pid}"
        cgroups = read_start(f"{folder}/cgroup", CGROUP_BYTES).decode(errors="replace")
        if wrapped := _WRAPPED.search(cgroups):
            self._wrapped_by[process] = int(wrapped[1])
        environ = read_start(f"{folder}/environ", ENVIRON_BYTES)
        if not environ and not self._table.lives(process):
            # Ended since it was seen: most likely it was of its parent's job.
            parent = self._table.processes.get(process.parent_pid)
            if parent is not None and parent in self._known:
                return self._known[parent]
        uid = self.uid(process)
        return identity_of(
            cgroups,
            _variables(environ),
            uid=uid,
            root=self._root(process, uid),
        )

    def _root(self, process: Process, uid: int, depth: int = MOST_LEVELS) -> Root:
        """Return the process that the job of `process` goes back to."""
        if (known := self._roots.get(process.group)) is not None:
            return known
        leader = self._table.process(process.group) or process
        parent = self._table.process(leader.parent_pid)
        if parent is not None and depth and self._opened(leader, parent, uid):
            root = self._root(parent, uid, depth - 1)
        else:
            started_s = leader.started * self._tick_s
            root = Root(pid=leader.pid, started_s=started_s, name=leader.name)
        if process.group:  # 0: its leader lives outside of our pid namespace
            self._roots[process.group] = root
        return root

    def _opened(self, leader: Process, parent: Process, uid: int) -> bool:
        """Return whether `leader` leads a session that its parent's job has opened."""
        shell = parent.session == parent.pid and parent.has_terminal
        return (
            leader.session == leader.pid
            and not shell
            and parent.pid not in (INIT, self._here)
            and self.uid(parent) == uid
        )


def _variables(environ: bytes) -> dict[str, str]:
    """Return those few variables that tell a job; nothing else leaves this function."""
    pairs = (part.partition(b"=") for part in environ.split(b"\0"))
    found = ((name.decode("ascii", "replace"), given) for name, _, given in pairs)
    return {n: g.decode(errors="replace") for n, g in found if n in VARIABLES}
