"""The running account of one device's energy counter."""

from math import hypot

from greenops.energy import clean
from greenops.energy.counters import (
    CounterPoint,
    Verdict,
    most_between_j,
    resolve_wraps,
    step,
)
from greenops.energy.integrate import Estimate, anything_error_j, edge_error_j
from greenops.energy.power_track import Account
from greenops.model import Device


class CounterTrack:
    """Follows a counter through wraps, glitches and resets.

    A value that no possible power explains is held as a suspect until the next one
    tells: if that fits the trusted point before, the suspect was a glitch and nothing
    is lost; if it fits the suspect, the counter was reset.

    Args:
        device: Whose counter it is.
        from_s: Monotonic time from which energy counts.
        brief_s: How long an edge of the run may be to count as brief.
    """

    __slots__ = (
        "_brief_s",
        "_ceiling_w",
        "_edge_w",
        "_limit_w",
        "_still_s",
        "_stuck_after_s",
        "_suspect",
        "base",
        "from_s",
        "glitches",
        "mean_w",
        "resets",
        "stuck",
    )

    def __init__(self, device: Device, from_s: float, *, brief_s: float) -> None:
        self._limit_w = device.limit_w
        self._ceiling_w = clean.ceiling_w(device)
        self._stuck_after_s = clean.stuck_after_s(device.counter_period_s)
        self._brief_s = brief_s
        self.stuck = 0
        self.glitches = 0
        self.resets = 0
        self.restart(from_s)

    def restart(self, from_s: float) -> None:
        """Forget all but the counts; energy begins at `from_s`."""
        self.from_s = from_s
        self.base: CounterPoint | None = None
        self.mean_w: float | None = None
        self._suspect: CounterPoint | None = None
        self._still_s = 0.0  # how long it was seen not to move
        self._edge_w: float | None = None  # power at the first value

    @property
    def doubtful(self) -> bool:
        """Whether the last value fits nothing known so far."""
        return self._suspect is not None

    def rebase(self, point: CounterPoint | None, *, from_s: float) -> None:
        """Go on from `point`; energy up to `from_s` was accounted for otherwise."""
        self.drop_suspect()
        self.base = point
        self.from_s = from_s

    def feed(
        self,
        now: CounterPoint,
        *,
        hint_w: float | None,
        by_power: Account | None,
        moment_w: float | None = None,
    ) -> Account | None:
        """Take in a value; return the energy it makes known, if any.

        Args:
            now: The value, and when it was true.
            hint_w: Power in W that the device states besides, if any.
            by_power: The power readings' account of the time since energy was last
                handed out, to bridge a reset with.
            moment_w: `hint_w`, where it is no mean over a time before.
        """
        base = self.base
        if base is None:
            self.base, self._edge_w = now, moment_w
            return None
        if now.at_s <= base.at_s:
            return None  # not renewed since
        found = step(base, now, ceiling_w=self._ceiling_w)
        if found.verdict is Verdict.BROKEN:
            return self._doubt(base, now, by_power)
        self.drop_suspect()
        if found.verdict is Verdict.STILL:
            self._still_s = now.at_s - base.at_s
            return None
        self.base = now
        stuck = hint_w is None and self._still_s >= self._stuck_after_s
        self._still_s = 0.0
        if found.verdict is Verdict.AMBIGUOUS:
            return self._unwrap(base, now, found.energy_j, hint_w)
        if stuck:
            return self._resume(base, now, found.energy_j)
        return self._account(base, now, found.energy_j)

    def _resume(
        self, base: CounterPoint, now: CounterPoint, energy_j: float
    ) -> Account | None:
        """Account for a counter that stood still and had no power to contradict it.

        If it comes back with less than half of what the power before would have made,
        it may have lost the rest: the middle of both is taken, the error spans both.
        """
        expected_j = (self.mean_w or 0.0) * (now.at_s - base.at_s)
        if energy_j >= expected_j / 2:
            return self._account(base, now, energy_j)
        self.stuck += 1
        half_j = (expected_j - energy_j) / 2
        return self._account(base, now, energy_j + half_j, bridged_error_j=half_j)

    def _unwrap(
        self,
        base: CounterPoint,
        now: CounterPoint,
        least_j: float,
        hint_w: float | None,
    ) -> Account | None:
        """Account for a gap in which the counter may have wrapped several times."""
        powers_w = [w for w in (self.mean_w, hint_w) if w is not None]
        expected_w = sum(powers_w) / len(powers_w) if powers_w else 0.0
        energy_j, error_j = resolve_wraps(
            least_j,
            wraps_at_j=now.wraps_at_j or 0.0,
            expected_j=expected_w * (now.at_s - base.at_s),
            most_j=most_between_j(base, now, ceiling_w=self._ceiling_w),
        )
        return self._account(base, now, energy_j, bridged_error_j=error_j)

    def drop_suspect(self) -> None:
        """Count a suspect, if there is one, as a glitch."""
        self.glitches += self.doubtful
        self._suspect = None

    def _doubt(
        self, base: CounterPoint, now: CounterPoint, by_power: Account | None
    ) -> Account | None:
        suspect = self._suspect
        if suspect is None:
            self._suspect = now
            return None
        found = step(suspect, now, ceiling_w=self._ceiling_w)
        if found.verdict is Verdict.STILL:
            return None
        if found.verdict is Verdict.BROKEN:
            self.drop_suspect()
            self._suspect = now
            return None
        self._suspect = None
        self.resets += 1
        self.base = now
        if by_power is not None:
            return by_power._replace(bridged=True)
        after_w = found.energy_j / (now.at_s - suspect.at_s)
        bridge_w = after_w if self.mean_w is None else (after_w + self.mean_w) / 2
        bridge_j = bridge_w * (suspect.at_s - base.at_s)
        total_j = bridge_j + found.energy_j
        return self._account(base, now, total_j, bridged_error_j=bridge_j)

    def _account(
        self,
        base: CounterPoint,
        now: CounterPoint,
        energy_j: float,
        *,
        bridged_error_j: float | None = None,
    ) -> Account | None:
        """Account for `base` to `now`, and for the time from `from_s` to `base`."""
        span_s = now.at_s - base.at_s
        mean_w = energy_j / span_s
        self.mean_w = mean_w
        lead_s = base.at_s - self.from_s
        if now.at_s <= self.from_s:
            return None  # all before the start
        lead = self._lead(lead_s, mean_w)
        ends_j = mean_w * hypot(base.slack_s, now.slack_s)
        error_j = hypot(ends_j, lead.error_j, bridged_error_j or 0.0)
        long_lead = lead_s > max(span_s, self._brief_s)
        bridged = bridged_error_j is not None or long_lead
        return Account(now.at_s, energy_j + lead.energy_j, error_j, bridged)

    def _lead(self, lead_s: float, mean_w: float) -> Estimate:
        """Return the energy from `from_s` to the first value, `lead_s` later.

        The edge of the run; negative where the counter was renewed before it. The
        power stated beside the first value fills it: a job that has just begun does
        not draw yet what it will. Without one, the mean of the first span does, and
        as a mean tells nothing of what went on within, only the limits are known.
        """
        edge_w, self._edge_w = self._edge_w, None
        if edge_w is not None:
            error_j = edge_error_j(lead_s, edge_w, limit_w=self._limit_w)
            return Estimate(lead_s * edge_w, error_j)
        lead_j = lead_s * mean_w
        return Estimate(
            lead_j, anything_error_j(abs(lead_j), abs(lead_s), self._limit_w)
        )
