"""The energy of one device, reading by reading.

Two accounts are kept of the time since energy was last handed out: the counter's and
that of the power readings. The counter decides where there is one; power decides where
there is none, or where it is stuck. What neither knows is bridged, and said so.
"""

from dataclasses import dataclass
from math import inf, isfinite

from greenops.energy import clean
from greenops.energy.clean import Believed
from greenops.energy.counter_track import CounterTrack
from greenops.energy.counters import CounterPoint
from greenops.energy.integrate import PowerPoint, anything_error_j
from greenops.energy.power_track import Account, PowerTrack
from greenops.model import Device, Interval, Method, Quality, Reading


@dataclass(slots=True)
class _Tally:
    duplicates: int = 0
    outliers: int = 0
    stuck: int = 0
    failed_reads: int = 0
    gaps: int = 0
    gap_s: float = 0.0
    bridged_j: float = 0.0
    busy_s: float = 0.0
    watched_s: float = 0.0


class DeviceMeter:
    """Turns the readings of one device into intervals of energy that touch each other.

    Times are monotonic seconds. The intervals handed out cover `[start_s, stop_s)` of
    the run without overlap; a tick may hand out none (nothing new is known), and the
    next one then covers both.

    Args:
        device: What is measured.
        start_s: When the job began. Readings from before it are welcome.
        interval_s: Sampling period.
    """

    def __init__(self, device: Device, *, start_s: float, interval_s: float) -> None:
        self._device = device
        self._interval_s = interval_s
        self._ceiling_w = clean.ceiling_w(device)
        self._long_gap_s = clean.long_gap_s(interval_s)
        self._stuck_after_s = clean.stuck_after_s(device.counter_period_s)
        modelled = device.source == "model" or device.source.endswith("_model")
        self._power_method = Method.MODEL if modelled else Method.INTEGRAL
        self._tally = _Tally()
        self._peak_w: float | None = None
        self.stop_s = inf
        """End of the job, once it is known: what comes later is no gap of its."""
        self._counter = CounterTrack(device, start_s, brief_s=interval_s / 2)
        self._restart(start_s)

    def _restart(self, at_s: float) -> None:
        self._from_s = at_s  # energy is handed out up to here
        self._good_s = at_s  # the last reading that was believed
        self._read_s: float | None = None  # the last reading of any kind
        self._moved_s = at_s  # when the counter was last seen to move
        self._dropped = False  # something was dropped since `_good_s`
        self._stuck = False
        self._counter.restart(at_s)
        self._power = PowerTrack(
            at_s, limit_w=self._device.limit_w, long_gap_s=self._long_gap_s
        )

    @property
    def quality(self) -> Quality:
        """What went wrong so far."""
        tally = self._tally
        return Quality(
            duplicates=tally.duplicates,
            outliers=tally.outliers + self._counter.glitches,
            stuck=tally.stuck + self._counter.stuck,
            resets=self._counter.resets,
            failed_reads=tally.failed_reads,
            gaps=tally.gaps,
            gap_s=tally.gap_s,
            bridged_j=tally.bridged_j,
        )

    @property
    def peak_w(self) -> float | None:
        """Highest power read, or mean over an interval where none is read, in W."""
        return self._peak_w

    @property
    def mean_utilization(self) -> float | None:
        """Busy share 0 to 1, weighted by time; None where the device never told."""
        tally = self._tally
        return tally.busy_s / tally.watched_s if tally.watched_s > 0 else None

    def skip(self, at_s: float) -> None:
        """Start over at `at_s`: the host slept until then, and nothing was drawn.

        What was not handed out before the sleep (at most one tick) is given up.
        """
        self._restart(at_s)

    def advance(self, reading: Reading | None, at_s: float) -> Interval | None:
        """Take in one reading; return the energy it makes known, if any.

        Args:
            reading: What the device said; None: the read failed.
            at_s: When it was read.
        """
        if reading is None:
            self._tally.failed_reads += 1
            self._dropped = True
            return None
        seen = self._take_in(reading, at_s)
        if seen is None:
            return None
        interval = self._account(reading, seen, at_s)
        self._note_good(seen, at_s)
        return interval

    def glance(self, reading: Reading, at_s: float) -> None:
        """Take in one power between two ticks: the next `advance` hands it out.

        Args:
            reading: What the device said of its power.
            at_s: When it was read.
        """
        seen = self._take_in(reading, at_s)
        if seen is not None:
            self._note_good(seen, at_s)

    def _take_in(self, reading: Reading, at_s: float) -> Believed | None:
        """Return what of a reading is new and to be believed, its power integrated."""
        if self._read_s is not None and at_s <= self._read_s:
            self._tally.duplicates += 1
            return None
        self._read_s = at_s
        seen = clean.believed(reading, ceiling_w=self._ceiling_w)
        self._tally.outliers += seen.rejected
        if not seen.usable:
            self._dropped = True
            return None
        if seen.power_w is not None:
            window_s = reading.averaged_over_s or 0.0
            point = PowerPoint(at_s, seen.power_w, window_s)
            self._power.feed(point, dropped=self._dropped)
            self._peak_w = max(self._peak_w or 0.0, seen.power_w)
        return seen

    def finish(self, at_s: float) -> Interval | None:
        """Return the energy from the last known point to `at_s`, the end of the job.

        None where nothing is known of that time, or nothing is left of it.
        """
        if at_s <= self._from_s:
            return None
        self._counter.drop_suspect()
        gap = self._note_gap(at_s)
        edge_s = at_s - self._from_s
        mean_w = self._counter.mean_w
        last = self._power.last
        near = edge_s <= 1.5 * self._interval_s
        fresh = last is not None and (not near or last.window_s <= edge_s)
        if mean_w is None or fresh:
            if last is None:
                return None
            account = self._power.close(at_s, interval_s=self._interval_s)
        else:
            energy_j = mean_w * edge_s
            error_j = anything_error_j(energy_j, edge_s, self._device.limit_w)
            account = Account(at_s, energy_j, error_j, not near)
        method = self._power_method if mean_w is None else Method.COUNTER
        return self._hand_out(account, Method.BRIDGED if gap else method, None)

    def _account(
        self, reading: Reading, seen: Believed, at_s: float
    ) -> Interval | None:
        if seen.counter_j is not None:
            return self._count(reading, seen, at_s)
        if self._counter.base is not None:
            return self._hold(seen, at_s, None)
        return self._hand_out_power(seen)

    def _count(self, reading: Reading, seen: Believed, at_s: float) -> Interval | None:
        slack_s = 0.0
        renewed_s = reading.counter_at_s
        if renewed_s is None or not isfinite(renewed_s):
            # Renewed at any moment within the period before: take the middle of it.
            slack_s = (self._device.counter_period_s or 0.0) / 2
            renewed_s = at_s - slack_s
        now = CounterPoint(
            renewed_s, seen.counter_j or 0.0, reading.wraps_at_j, slack_s
        )
        doubtful, base = self._counter.doubtful, self._counter.base
        account = self._counter.feed(
            now,
            hint_w=seen.power_w,
            by_power=self._power.peek(at_s) if doubtful else None,
            moment_w=None if reading.averaged_over_s else seen.power_w,
        )
        if base is None or now.counter_j != base.counter_j:
            self._moved_s = at_s
        if self._stuck and account is not None:
            # It may have caught up on energy that power has accounted for already.
            self._stuck = False
            return self._fall_back(seen, now)
        if account is not None:
            return self._hand_out(account, Method.COUNTER, seen.utilization)
        return self._hold(seen, at_s, now)

    def _hold(
        self, seen: Believed, at_s: float, now: CounterPoint | None
    ) -> Interval | None:
        """Wait for the counter, unless power can speak for it and it takes too long."""
        if seen.power_w is None:
            return None
        still_s = at_s - self._moved_s
        live = now is not None and not self._counter.doubtful
        if live and seen.power_w > 0 and still_s >= self._stuck_after_s:
            self._stuck = True
            self._tally.stuck += 1
            return self._fall_back(seen, now)
        if at_s - self._from_s > self._long_gap_s:
            return self._fall_back(seen, now)
        return None

    def _fall_back(self, seen: Believed, now: CounterPoint | None) -> Interval | None:
        interval = self._hand_out_power(seen)
        self._counter.rebase(now, from_s=self._from_s)
        return interval

    def _hand_out_power(self, seen: Believed) -> Interval | None:
        if not self._power.ready:
            return None
        account = self._power.take()
        return self._hand_out(account, self._power_method, seen.utilization)

    def _hand_out(
        self, account: Account, method: Method, utilization: float | None
    ) -> Interval | None:
        start_s, self._from_s = self._from_s, max(self._from_s, account.until_s)
        if account.until_s <= start_s:
            return None
        self._counter.from_s = self._from_s
        if method is Method.COUNTER:
            self._power.forget_until(self._from_s)
        if account.bridged:
            method = Method.BRIDGED
        if method is Method.BRIDGED:
            span_s = account.until_s - start_s
            part = max(min(account.until_s, self.stop_s) - start_s, 0.0) / span_s
            self._tally.bridged_j += part * account.energy_j
        interval = Interval(
            device_id=self._device.device_id,
            start_s=start_s,
            stop_s=account.until_s,
            energy_j=max(account.energy_j, 0.0),
            error_j=account.error_j,
            method=method,
            utilization=utilization,
        )
        if interval.duration_s >= self._interval_s / 2:
            self._peak_w = max(self._peak_w or 0.0, interval.power_w)
        return interval

    def _note_gap(self, at_s: float) -> bool:
        """Count the time since the last believed reading if it was a gap."""
        span_s = max(min(at_s, self.stop_s) - self._good_s, 0.0)
        gap = self._dropped or span_s > self._long_gap_s
        if gap:
            self._tally.gaps += 1
            self._tally.gap_s += span_s
        return gap

    def _note_good(self, seen: Believed, at_s: float) -> None:
        if self._counter.doubtful:
            self._dropped = True
            return
        self._note_gap(at_s)
        if seen.utilization is not None:
            span_s = max(at_s - self._good_s, 0.0)
            self._tally.busy_s += seen.utilization * span_s
            self._tally.watched_s += span_s
        self._dropped = False
        self._good_s = max(at_s, self._good_s)
