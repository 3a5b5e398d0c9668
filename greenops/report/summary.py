"""What one run came to, as records ready to be shown."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from greenops.model import (
    Bounded,
    DeviceKind,
    DeviceTotal,
    Footprint,
    RunRecord,
    RunStatus,
)
from greenops.report.quality import quality_sentences

_ORDER = {kind: i for i, kind in enumerate(DeviceKind)}


class Comparison(Protocol):
    """An amount of something people know, such as 3 km by car."""

    @property
    def key(self) -> str:
        """For machines."""

    @property
    def amount(self) -> float:
        """How much of the unit."""

    @property
    def unit(self) -> str:
        """For people; fits after the amount."""

    @property
    def source(self) -> str:
        """Who says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a record of the ledger does not hold and a summary shows.

    Attributes:
        peak_power_w: Highest power of the job over one tick, all devices together.
        cpu_s: CPU time of the job's process tree.
        peak_rss_bytes: Most memory the tree held at once.
        kept_at: Where the run is kept.
        complaints: What went wrong around the measuring, in sentences.
        equivalents: What the run compares to.
    """

    peak_power_w: float | None = None
    cpu_s: float | None = None
    peak_rss_bytes: int | None = None
    kept_at: str = ""
    complaints: Sequence[str] = ()
    equivalents: Sequence[Comparison] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device's part of the job's energy. `share` is None where nothing was used."""

    total: DeviceTotal
    energy_j: Bounded
    share: float | None
    mean_power_w: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One run, summed up. None is what nobody knows; it is never shown as zero."""

    record: RunRecord
    ended: str
    duration_s: float | None
    energy_j: Bounded | None
    mean_power_w: float | None
    peak_power_w: float | None
    gpu_utilization: float | None
    cpu_cores_used: float | None
    cpu_cores: float | None
    devices: tuple[DeviceLine, ...]
    footprint: Footprint | None
    quality: tuple[str, ...]
    facts: RunFacts = field(default_factory=RunFacts)

    @property
    def started_at(self) -> datetime:
        """When the run began, UTC."""
        return self.record.run.started_at


def summarize(record: RunRecord, facts: RunFacts | None = None) -> Summary:
    """Return what the run came to.

    Energy bounds are the footprint's where there is one; otherwise those of the
    devices are added up, as if their errors all went the same way.

    Args:
        record: The run, finished or not.
        facts: What the record does not hold.
    """
    facts = facts or RunFacts()
    duration_s = record.end.duration_s if record.end else None
    totals = sorted(record.totals, key=_rank)
    energy_j = _energy_j(record.footprint, totals)
    return Summary(
        record=record,
        ended=_ending(record),
        duration_s=duration_s,
        energy_j=energy_j,
        mean_power_w=_over(energy_j.central if energy_j else None, duration_s),
        peak_power_w=_peak_w(facts, totals),
        gpu_utilization=_gpu_utilization(totals),
        cpu_cores_used=_over(facts.cpu_s, duration_s),
        cpu_cores=_number(record.run.machine, "cpu_cores"),
        devices=tuple(_line(t, energy_j, duration_s) for t in totals),
        footprint=record.footprint,
        quality=quality_sentences(totals),
        facts=facts,
    )


def _rank(total: DeviceTotal) -> tuple[int, float]:
    return _ORDER[total.device.kind], -total.job_energy_j


def _energy_j(
    footprint: Footprint | None, totals: Sequence[DeviceTotal]
) -> Bounded | None:
    if footprint:
        return footprint.energy_j
    if not totals:
        return None
    central_j = sum(t.job_energy_j for t in totals)
    return Bounded(
        central=central_j,
        low=min(sum(t.job_low_j for t in totals), central_j),
        high=max(sum(t.job_high_j for t in totals), central_j),
    )


def _line(
    total: DeviceTotal, energy_j: Bounded | None, duration_s: float | None
) -> DeviceLine:
    whole_j = energy_j.central if energy_j else 0.0
    return DeviceLine(
        total=total,
        energy_j=Bounded(
            central=total.job_energy_j,
            low=min(total.job_low_j, total.job_energy_j),
            high=max(total.job_high_j, total.job_energy_j),
        ),
        share=total.job_energy_j / whole_j if whole_j > 0 else None,
        mean_power_w=_over(total.job_energy_j, duration_s),
    )


def _peak_w(facts: RunFacts, totals: Sequence[DeviceTotal]) -> float | None:
    """Return the peak; the sum of single peaks would be a power nobody ever drew."""
    if facts.peak_power_w is not None or len(totals) != 1:
        return facts.peak_power_w
    return totals[0].peak_w


def _gpu_utilization(totals: Sequence[DeviceTotal]) -> float | None:
    known = [
        t.mean_utilization
        for t in totals
        if t.device.kind is DeviceKind.GPU and t.mean_utilization is not None
    ]
    return sum(known) / len(known) if known else None


def _ending(record: RunRecord) -> str:
    if record.status is RunStatus.RUNNING:
        return "still running"
    if record.status is RunStatus.LOST:
        return "recorder lost; closed at the last sample"
    if record.end and record.end.exit_signal:
        return f"killed by {_signal_name(record.end.exit_signal)}"
    if record.end and record.end.exit_code:
        return f"exit status {record.end.exit_code}"
    return str(record.status)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _over(quantity: float | None, duration_s: float | None) -> float | None:
    return quantity / duration_s if quantity is not None and duration_s else None


def _number(facts: Mapping[str, str | int | float | None], name: str) -> float | None:
    stated = facts.get(name)
    return float(stated) if isinstance(stated, int | float) else None
