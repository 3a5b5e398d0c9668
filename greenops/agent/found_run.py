"""One job found on the node: held until it is worth a run, then recorded as one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

from greenops.agent.node_balance import Held, Parts
from greenops.energy.totals import DeviceTotals, hours_of
from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    Group,
    HourEnergy,
    Identity,
    JobUse,
    Quality,
    Run,
    RunEnd,
    RunStatus,
    Sample,
)
from greenops.ports import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """One moment on both clocks: monotonic, and UTC epoch seconds."""

    at_s: float
    epoch_s: float


@dataclass(slots=True)
class _Part:
    """The job's sums of one device, and what was amiss with it before."""

    device: Device
    before: Quality
    quality: Quality
    totals: DeviceTotals = field(default_factory=DeviceTotals)


@dataclass(slots=True)
class FoundRun:
    """What is known of one job, whether it is a run already or not.

    Args:
        identity: What makes its processes one job.
        since: When what is charged to it began.
    """

    identity: Identity
    since: Instant
    run: Run | None = None
    cpu_s: float = 0.0
    on_gpu: bool = False
    _samples: list[Sample] = field(default_factory=list)
    _uses: list[JobUse] = field(default_factory=list)
    _held: list[Held] = field(default_factory=list)
    _parts: dict[str, _Part] = field(default_factory=dict)

    def charge(self, device: Device, quality: Quality, sample: Sample) -> None:
        """Charge the job its share of a stretch of a device.

        Args:
            device: The device.
            quality: What went wrong while measuring it, so far.
            sample: The stretch, with the job's share.
        """
        self.on_gpu |= device.kind is DeviceKind.GPU
        part = self._parts.get(device.device_id)
        if part is None:
            part = self._parts[device.device_id] = _Part(device, quality, quality)
        part.device, part.quality = device, quality
        part.totals.add_sample(sample)
        self._samples.append(sample)

    def hold(self, rows: Parts, *, idle_j: float, unattributed_j: float) -> None:
        """Remember where in the balance its energy stands while it is no run."""
        self._held += [
            Held(row, part * idle_j, part * unattributed_j) for row, part in rows
        ]

    def note_use(self, use: JobUse) -> None:
        """Remember what it used of the processors."""
        self.cpu_s += use.cpu_s
        self._uses.append(use)

    def restart(self, now: Instant) -> None:
        """Begin anew: it has not been worth a run so far."""
        self.since, self.cpu_s, self.on_gpu = now, 0.0, False
        self._samples, self._uses, self._held, self._parts = [], [], [], {}

    def begin(self, run: Run, recorder: Recorder) -> Sequence[Held]:
        """Record the job as `run` from now on, with what is known of it.

        Returns:
            Its energy so far, as it stands in the balance.
        """
        self.run = run
        recorder.begin(run)
        self.write(recorder)
        held, self._held = self._held, []
        return held

    def write(self, recorder: Recorder) -> None:
        """Hand over what has become known since the last time."""
        if self.run is None:
            return
        run_id = self.run.run_id
        recorder.add_devices(run_id, [p.device for p in self._parts.values()])
        recorder.add(run_id, self._samples, None)
        for use in self._uses:
            recorder.add(run_id, (), use)
        self._samples, self._uses = [], []

    def totals(self) -> list[DeviceTotal]:
        """Return what each device used, and the job's share of it."""
        return [
            p.totals.total(p.device, _lately(p.quality, p.before))
            for p in self._parts.values()
        ]

    def hours(self) -> list[HourEnergy]:
        """Return the job's energy by clock hour, over all devices."""
        return hours_of(part.totals for part in self._parts.values())

    def end(self, run: Run, now: Instant, notes: Sequence[str]) -> RunEnd:
        """Return how it ended: nobody who did not wait for it knows its status."""
        return RunEnd(
            run_id=run.run_id,
            status=RunStatus.FINISHED,
            stopped_at=datetime.fromtimestamp(now.epoch_s, UTC),
            duration_s=now.at_s - self.since.at_s,
            notes=tuple(notes),
        )


Describe = Callable[[Identity, Instant], Run]
"""Returns the record of a run that is found, and began at that time."""


def _lately(now: Quality, before: Quality) -> Quality:
    counts = {
        f.name: getattr(now, f.name) - getattr(before, f.name) for f in fields(Quality)
    }
    return replace(now, **counts)


def use_of(
    group: Group, *, start_epoch_s: float, span_s: float, node_cpu_s: float | None
) -> JobUse:
    """Return what a group used of the processors between two scans."""
    return JobUse(
        start_epoch_s=start_epoch_s,
        duration_s=span_s,
        cpu_s=group.cpu_s,
        node_cpu_s=node_cpu_s,
        processes=group.processes,
    )
