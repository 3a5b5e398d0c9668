"""Measures one job: reads every sensor, attributes the energy, writes it down.

Call `tick` at each sampling time and `close` once. Nothing here raises because of a
sensor, a disk or a data file: what fails becomes a gap, and a sentence in the notes.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from greenops.energy.attribute import cpu_share, gpu_share
from greenops.energy.totals import DeviceTotals, hours_of
from greenops.errors import SensorReadError
from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    HourEnergy,
    Interval,
    JobUse,
    Mark,
    Run,
    Sample,
)
from greenops.ports import (
    JobProbe,
    Neighbours,
    NodeCpu,
    Recorder,
    Sensor,
    TrainingWatch,
)
from greenops.tracking.clock import RunClock
from greenops.tracking.tenancy import Tenancy
from greenops.tracking.training import TrainingLog
from greenops.tracking.watch import DeviceWatch, Watched

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Parts:
    """What a measurement is made of; put together in `greenops.wire`."""

    sensors: list[Sensor]
    probe: JobProbe
    node_cpu: NodeCpu
    recorder: Recorder
    neighbours: Neighbours | None = None
    training: TrainingWatch | None = None
    clock: RunClock = field(default_factory=RunClock)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Account:
    """The job's sums of one device, and the CPU times its last interval ended at."""

    totals: DeviceTotals
    job_cpu_s: float
    node_cpu_s: float


class RunMeter:
    """The measurement of one run.

    Args:
        run: As it is written down at its start.
        parts: Sensors, ledger and the like.
        start_s: Monotonic time the job started; usually a little in the past.
        node_cpu_s: `parts.node_cpu.busy_s()` as it was at that time.
        job_cpu_s: `parts.probe.cpu_s()` as it was at that time.
    """

    def __init__(
        self,
        run: Run,
        parts: Parts,
        *,
        start_s: float,
        node_cpu_s: float,
        job_cpu_s: float = 0.0,
    ) -> None:
        self.run = run
        self.parts = parts
        self.start_s = start_s
        self.marks: list[Mark] = []
        self._accounts: dict[str, _Account] = {}
        self._gpu_fraction = 1.0
        self._tenancy = Tenancy(parts.neighbours)
        self.peak_power_w: float | None = None
        self._last_s = start_s
        self._start_cpu_s = (job_cpu_s, node_cpu_s)
        self._cpu_s = (job_cpu_s, node_cpu_s)
        self._watch = DeviceWatch(
            parts.sensors,
            start_s=start_s,
            interval_s=run.interval_s,
            announce=self._open_accounts,
        )
        parts.recorder.begin(run)
        self.training = TrainingLog(parts.training, parts.recorder, run.run_id)

    @property
    def job_cpu_s(self) -> float:
        """CPU seconds the job has used since the start of the run."""
        return self._cpu_s[0] - self._start_cpu_s[0]

    @property
    def node_cpu_s(self) -> float:
        """CPU seconds the whole machine has used since the start of the run."""
        return self._cpu_s[1] - self._start_cpu_s[1]

    def tick(self, *, sharp: bool = False) -> None:
        """Take one reading of everything and write down what came of it.

        Args:
            sharp: Wait for slow counters to move once (a tenth of a second), so that
                an edge of the run is known exactly.
        """
        now_s = self.parts.clock.monotonic()
        slept = self.parts.clock.check()
        self._watch.notice(now_s)
        self._tenancy.look(self._gpus(), now_s)
        before = self._cpu_s
        self._cpu_s = self._cpu_times()
        self._gpu_fraction = self.parts.probe.gpu_fraction()
        found = self._watch.read(self.parts.clock.monotonic, slept=slept, sharp=sharp)
        samples = [self._sample(watched, interval) for watched, interval in found]
        self._note_peak(samples)
        if now_s > self._last_s:
            use = self._use(self._last_s, now_s, before)
            self.parts.recorder.add(self.run.run_id, samples, use)
            self._last_s = now_s
        self.training.tick(self.parts.clock.epoch_s, now_s)

    @property
    def jitter(self) -> bool:
        """Whether the next sampling times should be drawn at random."""
        return self._watch.jitter

    @property
    def glance_s(self) -> float | None:
        """Mean time in s between two calls of `glance`; None: it is of no use."""
        return self._watch.glance_s

    def glance(self) -> None:
        """Look at what is only seen in moments; the next tick notes the energy."""
        self._watch.glance(self.parts.clock.monotonic())

    def mark(self, name: str) -> Mark:
        """Begin the phase `name` here."""
        now_s = self.parts.clock.monotonic()
        mark = Mark(
            name=name,
            at_epoch_s=self.parts.clock.epoch_s(now_s),
            offset_s=now_s - self.start_s,
        )
        self.marks.append(mark)
        self.parts.recorder.mark(self.run.run_id, mark)
        return mark

    def finish(self, stop_s: float, *, sharp: bool = False) -> None:
        """Take the last readings and close every device at `stop_s`."""
        self._watch.stop_at(stop_s)
        self.tick(sharp=sharp)
        samples = [self._sample(w, i) for w, i in self._watch.finish(stop_s)]
        self.parts.recorder.add(self.run.run_id, samples, None)

    def totals(self) -> list[DeviceTotal]:
        """Return what each device used so far, and the job's share of it."""
        return [
            account.totals.total(w.device, w.meter.quality, peak_w=w.meter.peak_w)
            for device_id, w in self._watch.devices.items()
            if not (account := self._accounts[device_id]).totals.empty
        ]

    def hours(self) -> list[HourEnergy]:
        """Return the job's energy by clock hour, over all devices."""
        return hours_of(account.totals for account in self._accounts.values())

    def _open_accounts(self, devices: Sequence[Device]) -> None:
        job_cpu_s, node_cpu_s = self._start_cpu_s
        for device in devices:
            account = _Account(DeviceTotals(), job_cpu_s, node_cpu_s)
            self._accounts[device.device_id] = account
        self.parts.recorder.add_devices(self.run.run_id, devices)

    def _sample(self, watched: Watched, interval: Interval) -> Sample:
        account = self._accounts[interval.device_id]
        share = self._share(watched, account, interval)
        start_epoch_s = self.parts.clock.epoch_s(interval.start_s)
        account.totals.add(interval, share, start_epoch_s=start_epoch_s)
        return Sample(
            device_id=interval.device_id,
            start_epoch_s=start_epoch_s,
            duration_s=interval.duration_s,
            node_energy_j=interval.energy_j,
            job_energy_j=interval.energy_j * share,
            error_j=interval.error_j,
            method=interval.method,
            utilization=interval.utilization,
        )

    def _share(self, watched: Watched, account: _Account, interval: Interval) -> float:
        if watched.device.kind is DeviceKind.GPU:
            if watched.slices is not None:
                return self._gpu_fraction * watched.slices
            reading = watched.reading
            return self._gpu_fraction * gpu_share(
                reading.processes if reading else None,
                self.parts.probe.contains,
                idle=self._tenancy.idle_share(interval),
            )
        job_cpu_s, node_cpu_s = self._cpu_s
        share = cpu_share(
            job_cpu_s - account.job_cpu_s, node_cpu_s - account.node_cpu_s
        )
        account.job_cpu_s, account.node_cpu_s = job_cpu_s, node_cpu_s
        return share

    def _cpu_times(self) -> tuple[float, float]:
        """Return CPU seconds of job and machine; the last ones where a read fails."""
        try:
            return self.parts.probe.cpu_s(), self.parts.node_cpu.busy_s()
        except (SensorReadError, OSError, ValueError) as e:
            log.debug("CPU time: %s", e)
            return self._cpu_s

    def _note_peak(self, samples: Sequence[Sample]) -> None:
        """Keep the highest power of the job over one tick, all devices together."""
        power_w = sum(
            s.job_energy_j / s.duration_s for s in samples if s.duration_s > 0
        )
        if samples:
            self.peak_power_w = max(self.peak_power_w or 0.0, power_w)

    def _gpus(self) -> list[str]:
        watched = self._watch.devices
        return [i for i, w in watched.items() if w.device.kind is DeviceKind.GPU]

    def _use(
        self, start_s: float, stop_s: float, before: tuple[float, float]
    ) -> JobUse:
        return JobUse(
            start_epoch_s=self.parts.clock.epoch_s(start_s),
            duration_s=stop_s - start_s,
            cpu_s=max(0.0, self._cpu_s[0] - before[0]),
            node_cpu_s=max(0.0, self._cpu_s[1] - before[1]),
        )
