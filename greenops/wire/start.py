"""Starts the job first and prepares its measurement afterwards.

`start_job` runs before the job does: keep its imports few.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenops.config import Config
from greenops.errors import SensorUnavailableError
from greenops.sensors.node_cpu import open_node_cpu

if TYPE_CHECKING:
    from greenops.model import Run
    from greenops.ports import JobProbe, NodeCpu, TrainingWatch
    from greenops.sensors.job_cgroup import JobCgroup
    from greenops.torch.watch_folder import WatchFolder
    from greenops.tracking.child import Child
    from greenops.tracking.loop import Background
    from greenops.tracking.meter import Parts
    from greenops.tracking.portable_child import PortableChild
    from greenops.tracking.recording import Recording


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A command that already runs, with what is needed to begin measuring it.

    `node_cpu_s` is the machine's busy time just before the start, in CPU seconds.
    """

    config: Config
    name: str
    argv: Sequence[str]
    child: "Child | PortableChild"
    group: "JobCgroup | None"
    node_cpu: "NodeCpu"
    node_cpu_s: float
    watch: "WatchFolder | None" = None

    def record(self, run_id: str | None = None) -> "Background[Recording]":
        """Begin measuring, in the background: even the imports for it.

        Args:
            run_id: Of the run; a new one if None.
        """
        from greenops.tracking.loop import Background

        return Background(lambda: self._record(run_id))

    def _record(self, given: str | None) -> "Recording":
        from greenops.tracking.identity import new_run_id
        from greenops.tracking.recording import Begin, Recording
        from greenops.wire.account import assessor
        from greenops.wire.tend import tend

        tend(self.config)
        run_id = given or new_run_id(time.time())
        return Recording(
            lambda: self._open_parts(run_id),
            lambda parts: self._describe(parts, run_id),
            assessor(self.config),
            begin=Begin(
                at_s=self.child.started_s, job_cpu_s=0.0, node_cpu_s=self.node_cpu_s
            ),
            interval_s=self.config.interval_s,
        )

    def _open_parts(self, run_id: str) -> "Parts":
        from greenops.wire.parts import open_parts

        return open_parts(
            self.config,
            self._probe(),
            self.node_cpu,
            run_id=run_id,
            since=(self.child.started_s, self.node_cpu_s),
            training=self._training(),
        )

    def _training(self) -> "TrainingWatch | None":
        if self.watch is None:
            return None
        from greenops.torch.watch_folder import remove_stale
        from greenops.torch.watching import FolderWatch

        remove_stale()
        return FolderWatch(self.watch)

    def _describe(self, parts: "Parts", run_id: str) -> "Run":
        from greenops.wire.account import describe_run

        return describe_run(
            self.config,
            parts,
            kind="wrap",
            name=self.name,
            command=self.argv,
            pid=self.child.pid,
            started_s=self.child.started_s,
            run_id=run_id,
        )

    def _probe(self) -> "JobProbe":
        if self.group is not None:
            if self.child.joined_group:
                return self.group
            self.group.close()
        if not sys.platform.startswith("linux"):
            from greenops.sensors.portable_tree import PortableTree

            return PortableTree(self.child.pid)
        from greenops.sensors.process_tree import ProcessTree

        return ProcessTree(
            self.child.pid,
            adopter_pid=os.getpid(),
            reaped_s=lambda: self.child.reaped_s,
        )


def start_job(
    config: Config,
    argv: Sequence[str],
    *,
    name: str | None = None,
    environ: Mapping[bytes, bytes] | None = None,
) -> StartedJob:
    """Start `argv` at once; nothing is measured until `StartedJob.record`.

    Args:
        config: The settings in force.
        argv: The command.
        name: What to call the run; the program's or script's name if None.
        environ: The command's environment; this process's own if None.

    Raises:
        CommandError: the command cannot be started.
    """
    name = name or run_name(argv)
    node_cpu = open_node_cpu()
    node_cpu_s = node_cpu.busy_s()
    if not hasattr(signal, "sigwaitinfo"):  # macOS, Windows
        from greenops.tracking.portable_child import PortableChild

        child = PortableChild.start(argv, environ=environ)
        return StartedJob(config, name, argv, child, None, node_cpu, node_cpu_s)
    from greenops.tracking.child import Child, adopt_orphans, initial_environment
    from greenops.tracking.outcome import CommandError

    group = _own_group(config)
    if group is None:
        adopt_orphans()
    watch = _watch_folder(config)
    if watch is not None:
        environ = watch.environment(environ or initial_environment())
    try:
        started = Child.start(argv, join=group.join if group else None, environ=environ)
    except CommandError:
        if group is not None:
            group.close()
        if watch is not None:
            watch.remove()
        raise
    if group is not None and not started.joined_group:
        adopt_orphans()
    return StartedJob(config, name, argv, started, group, node_cpu, node_cpu_s, watch)


def _watch_folder(config: Config) -> "WatchFolder | None":
    """Return where the job's processes may count their training; None: nowhere."""
    if not config.torch_hooks:
        return None
    from greenops.torch.watch_folder import WatchFolder

    try:
        return WatchFolder()
    except OSError:  # the job is measured all the same
        return None


def _own_group(config: Config) -> "JobCgroup | None":
    if not (config.attribution_cgroup and sys.platform.startswith("linux")):
        return None
    from greenops.sensors.job_cgroup import JobCgroup

    try:
        return JobCgroup(f"{os.getpid()}-{os.urandom(3).hex()}")
    except SensorUnavailableError:
        return None


def run_name(argv: Sequence[str]) -> str:
    """Return what a run is called by default: its script, else its program."""
    for arg in argv[:2]:
        if arg.endswith(".py"):
            return os.path.basename(arg)  # noqa: PTH119 - a word, not a path
    return os.path.basename(argv[0])  # noqa: PTH119
