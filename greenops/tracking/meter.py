"""Measures one job: reads every sensor, attributes the energy, writes it down.

Call `tick` at each sampling time and `close` once. Nothing here raises because of a
sensor, a disk or a data file: what fails becomes a gap, and a sentence in the notes.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from greenops.energy.attribute import cpu_share, gpu_share
from greenops.energy.cut import cut_off
from greenops.energy.meter import DeviceMeter
from greenops.energy.totals import DeviceTotals
from greenops.errors import SensorReadError
from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    HourEnergy,
    Interval,
    JobUse,
    Mark,
    Method,
    Reading,
    Run,
    Sample,
)
from greenops.ports import JobProbe, Neighbours, NodeCpu, Recorder, Sensor
from greenops.tracking.clock import RunClock
from greenops.tracking.glances import Glances
from greenops.tracking.tenancy import Tenancy

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Parts:
    """What a measurement is made of; put together in `greenops.wire`."""

    sensors: list[Sensor]
    probe: JobProbe
    node_cpu: NodeCpu
    recorder: Recorder
    neighbours: Neighbours | None = None
    clock: RunClock = field(default_factory=RunClock)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Tracked:
    """One device: its meter, its sums, and the CPU times its last interval ended at."""

    device: Device
    meter: DeviceMeter
    totals: DeviceTotals
    job_cpu_s: float
    node_cpu_s: float
    reading: Reading | None = None
    slices: float | None = None
    """The job's part of a partitioned GPU (MIG), where the sensor knows it."""


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
        self._tracked: dict[str, _Tracked] = {}
        self._gpu_fraction = 1.0
        self._tenancy = Tenancy(parts.neighbours)
        self.peak_power_w: float | None = None
        self._glances = Glances(run.interval_s)
        self._read_now: list[tuple[Sensor, Sequence[Reading]]] = []
        self._last_s = start_s
        self._stop_s = float("inf")
        self._start_cpu_s = (job_cpu_s, node_cpu_s)
        self._cpu_s = (job_cpu_s, node_cpu_s)
        parts.recorder.begin(run)

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
        for sensor in self.parts.sensors:
            self._notice_devices(sensor, now_s)
        self._tenancy.look(self._gpus(), now_s)
        before = self._cpu_s
        self._cpu_s = self._cpu_times()
        self._gpu_fraction = self.parts.probe.gpu_fraction()
        samples: list[Sample] = []
        self._read_now = []
        for sensor in self.parts.sensors:
            samples += self._read(sensor, slept=slept, sharp=sharp)
        self._note_peak(samples)
        self._glances.plan(self._read_now)
        if now_s > self._last_s:
            use = self._use(self._last_s, now_s, before)
            self.parts.recorder.add(self.run.run_id, samples, use)
            self._last_s = now_s

    @property
    def jitter(self) -> bool:
        """Whether the next sampling times should be drawn at random."""
        return self._glances.jitter

    @property
    def glance_s(self) -> float | None:
        """Mean time in s between two calls of `glance`; None: it is of no use."""
        return self._glances.pace_s

    def glance(self) -> None:
        """Look at what is only seen in moments; the next tick notes the energy."""
        at_s = self.parts.clock.monotonic()
        for reading in self._glances.take(at_s):
            if tracked := self._tracked.get(reading.device_id):
                tracked.meter.glance(reading, at_s)

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
        self._stop_s = stop_s
        for tracked in self._tracked.values():
            tracked.meter.stop_s = stop_s
        self.tick(sharp=sharp)
        samples = [
            self._sample(t, interval)
            for t in self._tracked.values()
            if (interval := t.meter.finish(stop_s)) is not None
        ]
        self.parts.recorder.add(self.run.run_id, samples, None)

    def totals(self) -> list[DeviceTotal]:
        """Return what each device used so far, and the job's share of it."""
        return [
            t.totals.total(t.device, t.meter.quality, peak_w=t.meter.peak_w)
            for t in self._tracked.values()
            if not t.totals.empty
        ]

    def hours(self) -> list[HourEnergy]:
        """Return the job's energy by clock hour, over all devices."""
        by_hour: dict[object, HourEnergy] = {}
        for tracked in self._tracked.values():
            for part in tracked.totals.hours():
                so_far = by_hour.get(part.hour)
                by_hour[part.hour] = HourEnergy(
                    hour=part.hour,
                    energy_j=part.energy_j + (so_far.energy_j if so_far else 0.0),
                )
        return sorted(by_hour.values(), key=lambda h: h.hour)

    def _read(self, sensor: Sensor, *, slept: bool, sharp: bool) -> list[Sample]:
        monotonic = self.parts.clock.monotonic
        settle = getattr(sensor, "settle", None) if sharp else None
        at_s = monotonic()
        try:
            readings = sensor.read(at_s) if settle is None else settle(monotonic)
        except SensorReadError as e:
            log.debug("%s: %s", sensor.name, e)
            readings = []
        if settle is not None:
            at_s = monotonic()
        return self._advance(sensor, readings, at_s, slept=slept)

    def _advance(
        self, sensor: Sensor, readings: Sequence[Reading], at_s: float, *, slept: bool
    ) -> list[Sample]:
        self._notice_devices(sensor, at_s)  # a read may have found one
        self._read_now.append((sensor, readings))
        by_id = {r.device_id: r for r in readings}
        slices: Mapping[str, float] = getattr(sensor, "mig_shares", dict)()
        samples = []
        for device in sensor.devices():
            tracked = self._tracked[device.device_id]
            if slept:
                tracked.meter.skip(at_s)
            reading = by_id.get(device.device_id)
            tracked.reading = reading or tracked.reading
            tracked.slices = slices.get(device.device_id)
            interval = tracked.meter.advance(reading, at_s)
            if interval is not None and interval.stop_s > self._stop_s:
                power_w = reading.power_w if reading else None
                interval = cut_off(interval, self._stop_s, power_w=power_w)
            if interval is not None:
                samples.append(self._sample(tracked, interval))
        return samples

    def _notice_devices(self, sensor: Sensor, at_s: float) -> None:
        # What is there at the first tick was there when the job began; what comes
        # later has drawn nothing before.
        start_s = self.start_s if self._last_s == self.start_s else at_s
        new = [d for d in sensor.devices() if d.device_id not in self._tracked]
        for device in new:
            meter = DeviceMeter(device, start_s=start_s, interval_s=self.run.interval_s)
            meter.stop_s = self._stop_s
            job_cpu_s, node_cpu_s = self._start_cpu_s
            self._tracked[device.device_id] = _Tracked(
                device, meter, DeviceTotals(), job_cpu_s, node_cpu_s
            )
        if new:
            self.parts.recorder.add_devices(self.run.run_id, new)

    def _sample(self, tracked: _Tracked, interval: Interval) -> Sample:
        if tracked.device.source == "model" and interval.method is Method.COUNTER:
            # What a model counts is still modelled.
            interval = replace(interval, method=Method.MODEL)
        share = self._share(tracked, interval)
        start_epoch_s = self.parts.clock.epoch_s(interval.start_s)
        tracked.totals.add(interval, share, start_epoch_s=start_epoch_s)
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

    def _share(self, tracked: _Tracked, interval: Interval) -> float:
        if tracked.device.kind is DeviceKind.GPU:
            if tracked.slices is not None:
                return self._gpu_fraction * tracked.slices
            reading = tracked.reading
            return self._gpu_fraction * gpu_share(
                reading.processes if reading else None,
                self.parts.probe.contains,
                idle=self._tenancy.idle_share(interval),
            )
        job_cpu_s, node_cpu_s = self._cpu_s
        share = cpu_share(
            job_cpu_s - tracked.job_cpu_s, node_cpu_s - tracked.node_cpu_s
        )
        tracked.job_cpu_s, tracked.node_cpu_s = job_cpu_s, node_cpu_s
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
        return [i for i, t in self._tracked.items() if t.device.kind is DeviceKind.GPU]

    def _use(
        self, start_s: float, stop_s: float, before: tuple[float, float]
    ) -> JobUse:
        return JobUse(
            start_epoch_s=self.parts.clock.epoch_s(start_s),
            duration_s=stop_s - start_s,
            cpu_s=max(0.0, self._cpu_s[0] - before[0]),
            node_cpu_s=max(0.0, self._cpu_s[1] - before[1]),
        )
