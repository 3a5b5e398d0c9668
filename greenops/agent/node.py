"""Samples a whole node: its devices, the jobs on it, and what is left over.

Call `tick` at each sampling time and `close` once. Nothing here raises because of a
sensor, a process or a disk: what fails becomes a gap, and a sentence.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace

from greenops.agent.found_jobs import FoundJobs
from greenops.agent.found_run import Instant
from greenops.agent.node_balance import NodeBalance, enter
from greenops.agent.node_parts import NodeParts, NodeRules
from greenops.agent.node_seen import NodeSeen
from greenops.agent.node_stretch import CpuStretch, Division, GpuStretch, Stretch
from greenops.errors import SensorReadError
from greenops.model import (
    Device,
    DeviceKind,
    Identity,
    Interval,
    Method,
)
from greenops.tracking.clock import RunClock
from greenops.tracking.watch import DeviceWatch, Watched

log = logging.getLogger(__name__)

WRITE_WITHIN_S = 5.0


class NodeSampler:
    """The measurement of a node.

    Args:
        parts: Sensors, ledger and the like.
        rules: How often is looked at what.
        at_s: Monotonic time it begins, in s.
        epoch_s: The same moment, in UTC epoch seconds.

    Attributes:
        seen: What the last scan has found; replaced as a whole, for any thread to read.
    """

    def __init__(
        self, parts: NodeParts, rules: NodeRules, *, at_s: float, epoch_s: float
    ) -> None:
        self._parts = parts
        self._rules = rules
        self._at_s, self._epoch_s = at_s, epoch_s
        self._clock = RunClock(
            monotonic=lambda: self._at_s,
            wall=lambda: self._epoch_s,
            boottime=parts.boottime,
        )
        self._watch = DeviceWatch(
            parts.sensors, start_s=at_s, interval_s=rules.interval_s
        )
        self._stretches: dict[str, GpuStretch | CpuStretch] = {}
        self._balance = NodeBalance(parts.host)
        self._jobs = FoundJobs(
            parts.recorder, parts.describe, parts.assess, rules.worth
        )
        self._node_cpu_s: float | None = None
        self._scanned = Instant(at_s=at_s, epoch_s=epoch_s)
        self._kept_s = at_s
        self._closed = False
        self.seen = NodeSeen(sampled_epoch_s=epoch_s)
        self._scan()

    @property
    def jitter(self) -> bool:
        """Whether the next sampling times should be drawn at random."""
        return self._watch.jitter

    @property
    def glance_s(self) -> float | None:
        """Mean time in s between two calls of `glance`; None: it is of no use."""
        return self._watch.glance_s

    def glance(self, at_s: float) -> None:
        """Look at what is only seen in moments; the next tick notes the energy."""
        self._watch.glance(at_s)

    def problems(self) -> Sequence[str]:
        """Return what a reader of the figures should know, in sentences."""
        discovery = self._parts.discovery
        said = [*self._parts.problems, *(discovery.problems() if discovery else ())]
        for sensor in self._parts.sensors:
            said += getattr(sensor, "problems", tuple)()
        return list(dict.fromkeys(said))

    def tick(self, at_s: float, epoch_s: float) -> None:
        """Read every device; every few ticks look at the processes as well.

        Args:
            at_s: Monotonic time in s. One that does not climb is passed over.
            epoch_s: The same moment, in UTC epoch seconds.
        """
        if at_s <= self._at_s and self._watch.devices:
            return
        self._at_s, self._epoch_s = at_s, epoch_s
        slept = self._clock.check()
        found = self._watch.read(lambda: at_s, slept=slept)
        for watched, interval in found:
            self._take(watched, interval)
        if at_s - self._scanned.at_s >= self._rules.scan_s:
            self._scan()
        if at_s - self._kept_s >= self._rules.keep_s:
            self._keep()

    def close(self) -> None:
        """End the runs of found jobs, write what is left, and release everything."""
        if self._closed:
            return
        self._closed = True
        for watched, interval in self._watch.finish(self._at_s):
            # A device that was lost, perhaps days ago, has drawn nothing that is known.
            if interval.method is not Method.BRIDGED:
                self._take(watched, interval)
        self._scan()
        self._jobs.close(self._now())
        self._keep()
        self._parts.recorder.flush(WRITE_WITHIN_S)
        for sensor in self._parts.sensors:
            sensor.close()
        self._parts.recorder.close()

    def _now(self) -> Instant:
        return Instant(at_s=self._at_s, epoch_s=self._clock.epoch_s(self._at_s))

    def _keep(self) -> None:
        changes = self._balance.changes()
        if changes:
            self._parts.book.keep(changes)
        self._kept_s = self._at_s

    def _take(self, watched: Watched, interval: Interval) -> None:
        stretch = self._stretch(watched.device)
        if isinstance(stretch, GpuStretch):
            stretch.charge(interval, watched.reading, self._owner)
        else:
            stretch.add(interval)

    def _stretch(self, device: Device) -> GpuStretch | CpuStretch:
        stretch = self._stretches.get(device.device_id)
        if stretch is None:
            gpu = device.kind is DeviceKind.GPU
            stretch = GpuStretch(device) if gpu else CpuStretch(device)
            self._stretches[device.device_id] = stretch
        return stretch

    def _owner(self, pid: int) -> Identity | None:
        discovery = self._parts.discovery
        return discovery.owner(pid) if discovery else None

    def _scan(self) -> None:
        """Look who is there, and charge them what was used since the last scan."""
        groups = self._parts.discovery.scan() if self._parts.discovery else ()
        before, now = self._scanned, self._now()
        node_s = self._node_used_s()
        used_s = {g.identity: g.cpu_s for g in groups}
        reserved = self._reserved()
        for device_id, watched in self._watch.devices.items():
            stretch = self._stretch(watched.device)
            if isinstance(stretch, CpuStretch):
                stretch.use(used_s, node_s or 0.0, now.at_s - before.at_s)
                if node_s is None:
                    continue  # the next scan knows what was used in both
                division = stretch.divide(self._parts.cpus)
            else:
                division = stretch.divide(reserved=device_id in reserved)
            if not stretch.empty:
                self._charge(watched, stretch, division)
                del self._stretches[device_id]
        self._jobs.take(groups, node_s, before=before, now=now, balance=self._balance)
        self._scanned = now
        devices = (w.device for w in self._watch.devices.values())
        self.seen = NodeSeen.of(
            now.epoch_s,
            devices=[f"{d.name} ({d.source})" for d in devices],
            found=self._jobs.runs(),
            problems=self.problems(),
        )

    def _charge(self, watched: Watched, stretch: Stretch, division: Division) -> None:
        """Put a stretch on the lines of the balance, and into the runs of its jobs."""
        sample = stretch.sample(self._clock.epoch_s(stretch.start_s))
        rows = self._balance.rows(watched.device, sample)
        enter(
            rows,
            measured_j=division.measured_j,
            idle_j=division.idle_j,
            unattributed_j=division.unattributed_j,
        )
        for identity, energy_j in division.charges_j.items():
            charged = replace(sample, job_energy_j=energy_j)
            job = self._jobs.job(identity, self._scanned)
            job.charge(watched.device, watched.meter.quality, charged)
            if job.run is not None:
                enter(rows, found_j=energy_j)
                continue
            idle_j = division.idle_part * energy_j
            enter(rows, idle_j=idle_j, unattributed_j=energy_j - idle_j)
            job.hold(rows, idle_j=idle_j, unattributed_j=energy_j - idle_j)

    def _reserved(self) -> Collection[str]:
        discovery, devices = self._parts.discovery, self._watch.devices
        gpus = [i for i, w in devices.items() if w.device.kind is DeviceKind.GPU]
        return discovery.reserved(gpus) if discovery and gpus else ()

    def _node_used_s(self) -> float | None:
        """Return CPU seconds of everybody since the last time; None: not known now."""
        try:
            now_s = self._parts.node_cpu.busy_s()
        except SensorReadError as e:
            log.debug("CPU time: %s", e)
            return None
        before_s, self._node_cpu_s = self._node_cpu_s, now_s
        return None if before_s is None else now_s - before_s
