"""Serves `greenops.track`: one set of sensors and one ledger for the whole process."""

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from greenops.config import Config, load_config_leniently, working_folder
from greenops.model import Device, Reading
from greenops.ports import JobProbe, Neighbours, Recorder, Sensor
from greenops.report.summary import RunFacts, Summary, summarize
from greenops.sensors.node_cpu import open_node_cpu
from greenops.tracking import identity
from greenops.tracking.meter import Parts
from greenops.tracking.outcome import Ended
from greenops.tracking.recording import (
    WRITE_WITHIN_S,
    Begin,
    Recording,
    Result,
    close,
)
from greenops.tracking.roster import Entry, Roster
from greenops.wire.account import assessor, describe_run
from greenops.wire.grid import Grid
from greenops.wire.parts import open_parts

log = logging.getLogger(__name__)

Glance = Callable[[float], Sequence[Reading]]


class SharedSensor:
    """A sensor that several recordings of one process read; closed by none of them."""

    def __init__(self, sensor: Sensor, lock: threading.Lock) -> None:
        self.name = sensor.name
        self._sensor = sensor
        self._lock = lock

    def devices(self) -> Sequence[Device]:
        """Return the devices of the shared sensor."""
        return self._sensor.devices()

    def read(self, at_s: float) -> Sequence[Reading]:
        """Read under a lock: sensors are called from one thread at a time."""
        with self._lock:
            return self._sensor.read(at_s)

    def glance(self, at_s: float) -> Sequence[Reading]:
        """Look at what shows mere moments of its power, if the sensor can."""
        glance: Glance | None = getattr(self._sensor, "glance", None)
        with self._lock:
            return () if glance is None else glance(at_s)

    def mig_shares(self) -> Mapping[str, float]:
        """Return the job's part of each partitioned GPU, by device id."""
        shares: Mapping[str, float] = getattr(self._sensor, "mig_shares", dict)()
        return shares

    def problems(self) -> Sequence[str]:
        """Return what the sensor has to say about its figures."""
        problems: Sequence[str] = getattr(self._sensor, "problems", tuple)()
        return problems

    def close(self) -> None:
        """Leave it open for the others."""


class KeptRecorder:
    """The process's recorder, as one recording sees it: it may finish, not close."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.begin = recorder.begin
        self.add_devices = recorder.add_devices
        self.add = recorder.add
        self.add_training = recorder.add_training
        self.mark = recorder.mark
        self.finish = recorder.finish
        self.complaints = recorder.complaints
        self.place = recorder.place

    def flush(self, timeout_s: float) -> bool:  # noqa: ARG002 - the port's signature
        """Return at once: it is written within a second, and when the process ends."""
        return True

    def close(self) -> None:
        """Leave it open for the others."""


class KeptNeighbours:
    """The process's place among the recorders, as one recording sees it."""

    def __init__(self, neighbours: Neighbours) -> None:
        self.since_s = neighbours.since_s
        self.others = neighbours.others
        self.surrounding_run_id = neighbours.surrounding_run_id

    def close(self) -> None:
        """Leave it open for the others."""


class EntryProbe:
    """What one tracked block uses of its process."""

    method = "tracked block"

    def __init__(self, roster: Roster, entry: Entry, tree: JobProbe) -> None:
        self._roster = roster
        self._entry = entry
        self._tree = tree

    def cpu_s(self) -> float:
        """Return the CPU time the block was given so far, in s."""
        self._roster.divide()
        return self._entry.cpu_s

    def contains(self, pid: int) -> bool:
        """Return whether `pid` is this process or below it."""
        return self._tree.contains(pid)

    def gpu_fraction(self) -> float:
        """Return the block's part of what the process does."""
        return self._entry.fraction

    def close(self) -> None:
        """Hold nothing of its own."""


class Within:
    """What all tracked blocks of this process share."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._node_cpu = open_node_cpu()
        self._tree = _own_tree()
        self.roster = Roster(self._tree.cpu_s)
        self._shared: Parts | None = None
        self._grid: Grid | None = None

    def record(
        self, config: Config, name: str, entry: Entry, *, parent_run_id: str | None
    ) -> tuple[str, Recording]:
        """Begin measuring a block; return its run's id and the recording."""
        begin = Begin(
            at_s=time.monotonic(),
            job_cpu_s=entry.cpu_s,
            node_cpu_s=self._node_cpu.busy_s(),
        )
        run_id = identity.new_run_id(time.time())
        recording = Recording(
            lambda: self._parts(config, entry),
            lambda parts: describe_run(
                config,
                parts,
                kind="track",
                name=name,
                command=sys.orig_argv,
                pid=self.pid,
                started_s=begin.at_s,
                run_id=run_id,
                parent_run_id=parent_run_id,
            ),
            assessor(config, grid=self._signals(config)),
            begin=begin,
            interval_s=config.interval_s,
        )
        return run_id, recording

    def finish(
        self, recording: Recording, entry: Entry, ended: Ended
    ) -> Summary | None:
        """End a block's recording; return its summary."""
        result = recording.finish(ended)
        self.roster.leave(entry)
        if isinstance(result, Exception):
            log.warning("greenops could not measure: %r", result)
            return None
        return summary_of(result)

    def close(self) -> None:
        """Write what is left and release everything. Called when the process ends."""
        if self._shared is not None and self.pid == os.getpid():
            shared, self._shared = self._shared, None
            shared.recorder.flush(WRITE_WITHIN_S)
            for complaint in shared.recorder.complaints():
                log.warning("%s", complaint)
            close(shared)

    def _signals(self, config: Config) -> Grid:
        """Return what all blocks ask: a source that is down delays the first alone."""
        with self._lock:
            if self._grid is None:
                self._grid = Grid(config)
            return self._grid

    def _parts(self, config: Config, entry: Entry) -> Parts:
        with self._lock:
            if self._shared is None:
                self._shared = open_parts(config, self._tree, self._node_cpu)
                self._shared.sensors = [
                    SharedSensor(s, threading.Lock()) for s in self._shared.sensors
                ]
        around = self._shared.neighbours
        return Parts(
            sensors=list(self._shared.sensors),
            probe=EntryProbe(self.roster, entry, self._tree),
            node_cpu=self._node_cpu,
            recorder=KeptRecorder(self._shared.recorder),
            neighbours=KeptNeighbours(around) if around else None,
            problems=list(self._shared.problems),
        )


def _own_tree() -> JobProbe:
    if sys.platform.startswith("linux"):
        from greenops.sensors.own_process import OwnProcess

        return OwnProcess()
    from greenops.sensors.portable_tree import PortableTree

    return PortableTree(os.getpid())


_processes: dict[int, Within] = {}
_opening = threading.Lock()


def this_process() -> Within:
    """Return what the tracked blocks of this process share; made on first use.

    Module state, on purpose: there is one process, and its CPU time can be divided
    among tracked blocks only where all of them are known. A forked child has its own.
    """
    with _opening:
        if os.getpid() not in _processes:
            _processes.clear()
            _processes[os.getpid()] = Within()
            atexit.register(_processes[os.getpid()].close)
        return _processes[os.getpid()]


def config_for(options: Mapping[str, object]) -> Config:
    """Return the configuration in force with a tracker's options laid over it.

    Raises:
        ConfigError: an option is wrong.
    """
    config, complaints = load_config_leniently(environ=os.environ, cwd=working_folder())
    for complaint in complaints:
        log.warning("%s", complaint)
    given = dict(options)
    if "tags" in given:
        given["tags"] = {**config.tags, **given["tags"]}  # type: ignore[dict-item]
    return config.with_options(given)


def summary_of(result: Result, *, extra: Sequence[str] = ()) -> Summary:
    """Return the summary of a result, ready to be shown."""
    facts = RunFacts(
        peak_power_w=result.peak_power_w,
        cpu_s=result.job_cpu_s,
        kept_at=result.place,
        complaints=(*extra, *result.complaints),
    )
    return summarize(result.record, facts)
