"""Finds the jobs on this machine by its processes."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from greenops.errors import SensorUnavailableError
from greenops.model import Group, GroupFacts, Identity, IdentityKind
from greenops.sensors.neighbours import Announced, announced
from greenops.sensors.process_identity import generic_name
from greenops.sensors.process_jobs import ProcessJobs
from greenops.sensors.process_table import (
    INIT,
    PROC,
    Process,
    ProcessTable,
    read_start,
)

COMMAND_BYTES = 1 << 14
HIDDEN = (
    "processes of other users are hidden here (hidepid): what they use is not"
    " attributed; remedy: run greenops as root, or in the group that `gid=` of /proc's"
    " mount options names"
)


class ProcessScan:
    """Discovers jobs through /proc; a `ports.Discovery`.

    Of a process that is known only the CPU times are read again.

    Args:
        proc: The mounted procfs.
        recorders: Returns the greenops recorders that are alive.
        clock: Monotonic seconds.
        cpus: How many processors there are; those of this machine if None.

    Raises:
        SensorUnavailableError: this system has no /proc.
    """

    def __init__(
        self,
        proc: Path = PROC,
        *,
        recorders: Callable[[], Sequence[Announced]] = announced,
        clock: Callable[[], float] = time.monotonic,
        cpus: float | None = None,
    ) -> None:
        if not (proc / "self/stat").exists():
            raise SensorUnavailableError(
                f"there is no {proc} on {sys.platform}, so jobs that nobody measures"
                " cannot be found; their energy is not attributed",
                remedy="none needed: `greenops wrap` measures a job on any system",
            )
        self._proc = proc
        self._clock = clock
        self._ask_recorders = recorders
        self._recorders: dict[int, Announced] = {}
        self._table = ProcessTable(proc, cpus=cpus)
        self._jobs = ProcessJobs(self._table, proc)
        self._above: dict[Process, Announced | None] = {}
        self._alive: set[Identity] = set()
        self._here = os.getpid()

    def scan(self) -> Sequence[Group]:
        """Return every group that lives, or lived at the last scan."""
        self._recorders = {
            r.pid: r for r in self._ask_recorders() if r.pid != self._here
        }
        self._above = {}
        self._table.look(self._clock())
        self._jobs.look()
        used_s: dict[Identity, float] = dict.fromkeys(self._alive, 0.0)
        count: dict[Identity, int] = {}
        for process in self._table.gone:
            if identity := self._owner(process):
                used_s[identity] = used_s.get(identity, 0.0) + process.used_s
            self._jobs.forget(process)
        for process in sorted(self._table.processes.values(), key=_age):
            if identity := self._owner(process):
                used_s[identity] = used_s.get(identity, 0.0) + process.used_s
                count[identity] = count.get(identity, 0) + (not process.zombie)
        self._alive = {identity for identity, alive in count.items() if alive}
        return [
            Group(identity=i, cpu_s=max(s, 0.0), processes=count.get(i, 0))
            for i, s in used_s.items()
        ]

    def owner(self, pid: int) -> Identity | None:
        """Return the job of a process; None: it is gone, or our own."""
        process = self._table.process(pid)
        return None if process is None else self._owner(process)

    def facts(self, identity: Identity) -> GroupFacts:
        """Return what is known of a group, by the user's eldest process in it."""
        members = self._jobs.members(identity)
        name = _best_name(identity, members.values())
        if not members:
            return GroupFacts(name=name, user="", command=(name,), cwd="", pid=0)
        # An engine starts a user's job by a process of root.
        first = min(members, key=lambda p: (self._jobs.uid(p) == 0, _age(p)))
        folder = f"{self._proc}/{first.pid}"
        text = read_start(f"{folder}/cmdline", COMMAND_BYTES)
        words = text.decode(errors="replace").rstrip("\0").split("\0")
        cwd = ""
        with contextlib.suppress(OSError):  # another user's
            cwd = os.readlink(f"{folder}/cwd")  # noqa: PTH115 - a word, not a path
        return GroupFacts(
            name=name,
            user=_user(self._jobs.uid(first)),
            command=tuple(words) if text else (first.name,),
            cwd=cwd,
            pid=first.pid,
        )

    def reserved(self, device_ids: Collection[str]) -> Collection[str]:
        """Return those GPUs that a measured job may use."""
        recorders = self._recorders.values()
        return {d for d in device_ids if any(r.may_use(d) for r in recorders)}

    def problems(self) -> Sequence[str]:
        """Return what cannot be found here, and why."""
        if self._table.process(INIT) is None:
            return [HIDDEN]
        return []

    def _owner(self, process: Process) -> Identity | None:
        identity = self._jobs.identity(process)
        return (self._measured(process) or identity) if identity else None

    def _measured(self, process: Process) -> Identity | None:
        """Return the run of the recorder that measures a process, if one does."""
        if not self._recorders:
            return None
        recorder = self._recorders.get(self._jobs.wrapped_by(process))
        recorder = recorder or self._recorder_above(process)
        if recorder is None:
            return None
        run = recorder.run_id or f"process {recorder.pid}"
        return Identity(kind=IdentityKind.RUN, id=run, name=run)

    def _recorder_above(self, process: Process) -> Announced | None:
        """Return the recorder among a process and those above it, if there is one."""
        path: list[Process] = []
        recorder = None
        for above in (process, *self._table.lineage(process)):
            if above in self._above:
                recorder = self._above[above]
                break
            path.append(above)
            if (recorder := self._recorders.get(above.pid)) is not None:
                break
        self._above |= dict.fromkeys(path, recorder)
        return recorder


def _age(process: Process) -> tuple[int, int]:
    return process.started, process.pid


def _best_name(identity: Identity, known: Iterable[Identity]) -> str:
    """Return a name that some process knows, rather than one made of the id."""
    names = [identity.name, *(i.name for i in known)]
    generic = generic_name(identity.kind, identity.id)
    return next((name for name in names if name != generic), generic)


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid {uid}" if uid >= 0 else ""
