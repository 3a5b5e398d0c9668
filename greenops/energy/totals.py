"""Sums of energy over a run, with their bounds.

How the errors of intervals combine (95 % half-widths throughout):

* COUNTER: the error of a counter's reading at one tick is added to one interval and
  taken from the next, so in a run of touching intervals all but the two ends cancel.
  With the job's share s changing between two intervals, s0 - s1 of it remains.
* INTEGRAL, MODEL: samples are independent; their errors add in quadrature.
* BRIDGED: what made readings fail may make the bridge wrong in one direction every
  time; errors add linearly.
* The source's systematic error is the same in every interval: its fraction of the sum.
  So is the error of the share.

The four are independent of each other and add in quadrature.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, hypot, inf, sqrt

from greenops.model import (
    Bounded,
    Device,
    DeviceTotal,
    HourEnergy,
    Interval,
    Method,
    Quality,
    Sample,
)
from greenops.units import S_PER_HOUR

TOUCH_S = 1e-3
"""Intervals closer than this touch; epoch seconds in a float resolve about 1e-6."""


@dataclass(slots=True)
class _Chain:
    """A run of touching counter intervals: what is needed to close it."""

    stop_epoch_s: float = -inf
    share: float = 0.0
    error_j: float = 0.0
    length: int = 0

    @property
    def end_j2(self) -> float:
        """Squared error of the last end; a lone interval's holds both its ends."""
        return (self.share * self.error_j) ** 2 if self.length > 1 else 0.0


class DeviceTotals:
    """The sums of one device over one run. Memory grows by the hour, not the tick."""

    def __init__(self) -> None:
        self._node_j = 0.0
        self._job_j = 0.0
        self._random_j2 = 0.0
        self._bridged_error_j = 0.0
        self._share_error_j = 0.0
        self._peak_w: float | None = None
        self._busy_s = 0.0
        self._watched_s = 0.0
        self._chain = _Chain()
        self._by_method_s: defaultdict[Method, float] = defaultdict(float)
        self._by_hour_j: defaultdict[int, float] = defaultdict(float)

    @property
    def empty(self) -> bool:
        """Whether nothing was added: the energy is then unknown, not zero."""
        return not self._by_method_s

    def add(
        self,
        interval: Interval,
        share: float,
        *,
        start_epoch_s: float,
        share_error: float = 0.0,
    ) -> None:
        """Add one interval of the device, in time order.

        Args:
            interval: The device's energy.
            share: The job's part of it, 0 to 1.
            start_epoch_s: Wall-clock time of the interval's start, UTC epoch seconds.
            share_error: 95 % half-width of `share`.
        """
        sample = Sample(
            device_id=interval.device_id,
            start_epoch_s=start_epoch_s,
            duration_s=interval.duration_s,
            node_energy_j=interval.energy_j,
            job_energy_j=share * interval.energy_j,
            error_j=interval.error_j,
            method=interval.method,
            utilization=interval.utilization,
        )
        self.add_sample(sample, share_error=share_error)

    def add_sample(self, sample: Sample, *, share_error: float = 0.0) -> None:
        """Add one interval as the ledger keeps it, in time order."""
        node_j, duration_s = sample.node_energy_j, sample.duration_s
        # Of no energy any share is possible; the whole error counts then.
        share = min(sample.job_energy_j / node_j, 1.0) if node_j > 0 else 1.0
        self._node_j += node_j
        self._job_j += sample.job_energy_j
        self._share_error_j += share_error * node_j
        self._by_method_s[sample.method] += duration_s
        self._add_error(sample, share)
        self._add_hours(sample)
        if duration_s > 0:
            self._peak_w = max(self._peak_w or 0.0, node_j / duration_s)
        if sample.utilization is not None:
            self._busy_s += sample.utilization * duration_s
            self._watched_s += duration_s

    def _add_error(self, sample: Sample, share: float) -> None:
        if sample.method is Method.COUNTER:
            self._extend_chain(sample, share)
            return
        self._close_chain()
        if sample.method is Method.BRIDGED:
            self._bridged_error_j += share * sample.error_j
        else:
            self._random_j2 += (share * sample.error_j) ** 2

    def _extend_chain(self, sample: Sample, share: float) -> None:
        chain = self._chain
        if abs(sample.start_epoch_s - chain.stop_epoch_s) > TOUCH_S:
            self._close_chain()
            chain = self._chain
            self._random_j2 += (share * sample.error_j) ** 2
        else:
            # The error of the reading between the two lies within both of theirs.
            shared_j = min(chain.error_j, sample.error_j)
            self._random_j2 += ((share - chain.share) * shared_j) ** 2
        chain.stop_epoch_s = sample.start_epoch_s + sample.duration_s
        chain.share, chain.error_j = share, sample.error_j
        chain.length += 1

    def _close_chain(self) -> None:
        self._random_j2 += self._chain.end_j2
        self._chain = _Chain()

    def _add_hours(self, sample: Sample) -> None:
        start_s = sample.start_epoch_s
        stop_s = start_s + sample.duration_s
        # Of the rounded length, so that the parts add up: see TOUCH_S.
        span_s = stop_s - start_s
        first, last = floor(start_s / S_PER_HOUR), floor(stop_s / S_PER_HOUR)
        if span_s <= 0 or first == last:
            self._by_hour_j[first] += sample.job_energy_j
            return
        for hour in range(first, last + 1):
            begin_s = max(start_s, hour * S_PER_HOUR)
            end_s = min(stop_s, (hour + 1) * S_PER_HOUR)
            if end_s > begin_s:
                part = (end_s - begin_s) / span_s
                self._by_hour_j[hour] += part * sample.job_energy_j

    def hours(self) -> list[HourEnergy]:
        """Return the job's energy by clock hour, in time order.

        An interval across the full hour is split by time.
        """
        return [
            HourEnergy(
                hour=datetime.fromtimestamp(hour * S_PER_HOUR, tz=UTC),
                energy_j=energy_j,
            )
            for hour, energy_j in sorted(self._by_hour_j.items())
        ]

    def total(
        self, device: Device, quality: Quality, *, peak_w: float | None = None
    ) -> DeviceTotal:
        """Return the sums so far with their 95 % bounds.

        Args:
            device: The device the intervals are of.
            quality: What went wrong while measuring it.
            peak_w: Its highest power reading, where that is known; the highest mean
                power of an interval otherwise.
        """
        half_j = hypot(
            device.rel_uncertainty * self._job_j,
            sqrt(self._random_j2 + self._chain.end_j2),
            self._bridged_error_j,
            self._share_error_j,
        )
        peaks_w = [w for w in (peak_w, self._peak_w) if w is not None]
        return DeviceTotal(
            device=device,
            node_energy_j=self._node_j,
            job_energy_j=self._job_j,
            job_low_j=max(self._job_j - half_j, 0.0),
            job_high_j=self._job_j + half_j,
            peak_w=max(peaks_w, default=None),
            mean_utilization=(
                self._busy_s / self._watched_s if self._watched_s > 0 else None
            ),
            method=self._main_method(),
            quality=quality,
        )

    def _main_method(self) -> Method:
        """Return the method that covers the most time."""
        by_s = self._by_method_s
        return max(by_s, key=by_s.__getitem__, default=Method.BRIDGED)


def from_samples(samples: Iterable[Sample]) -> DeviceTotals:
    """Return the totals of one device's stored samples, given in time order.

    They agree with those kept while the run went on, except for the error of the
    shares, which samples do not hold.
    """
    totals = DeviceTotals()
    for sample in samples:
        totals.add_sample(sample)
    return totals


def hours_of(devices: Iterable[DeviceTotals]) -> list[HourEnergy]:
    """Return the job's energy by clock hour over several devices, in time order."""
    by_hour_j: defaultdict[datetime, float] = defaultdict(float)
    for part in (p for device in devices for p in device.hours()):
        by_hour_j[part.hour] += part.energy_j
    return [HourEnergy(hour=hour, energy_j=j) for hour, j in sorted(by_hour_j.items())]


def combine(totals: Iterable[DeviceTotal]) -> Bounded:
    """Return the job's energy in J over all devices, with its 95 % interval.

    Devices of one source share its systematic error: their half-widths add linearly.
    Different sources are independent: quadrature.
    """
    central_j = 0.0
    below_j: defaultdict[str, float] = defaultdict(float)
    above_j: defaultdict[str, float] = defaultdict(float)
    for total in totals:
        central_j += total.job_energy_j
        below_j[total.device.source] += total.job_energy_j - total.job_low_j
        above_j[total.device.source] += total.job_high_j - total.job_energy_j
    return Bounded(
        central=central_j,
        low=max(central_j - hypot(*below_j.values()), 0.0),
        high=central_j + hypot(*above_j.values()),
    )
