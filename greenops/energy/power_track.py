"""The running integral of one device's power readings."""

from math import hypot
from typing import NamedTuple

from greenops.energy.integrate import (
    Estimate,
    PowerPoint,
    across_gap,
    anything_error_j,
    between,
    overlap_error_j,
)

PACE = 0.1
"""Steps that differ by less than this part count as one pace: a timer's own jitter."""


RENEWED_S = 0.1
"""The longest that a device shows one value before it renews it. Source: Yang et al.,
"Part-time Power Measurements" (arXiv 2312.02741): 20 to 100 ms."""


class Account(NamedTuple):
    """Energy in J up to `until_s`, its 95 % half-width, and whether a gap is in it."""

    until_s: float
    energy_j: float
    error_j: float
    bridged: bool


class PowerTrack:
    """Integrates power readings from `from_s` on; hands the energy out in accounts."""

    __slots__ = (
        "_bridged",
        "_energy_j",
        "_error_j",
        "_from_s",
        "_held",
        "_lead_s",
        "_limit_w",
        "_long_gap_s",
        "_seen",
        "_span_s",
        "last",
    )

    def __init__(
        self, from_s: float, *, limit_w: float | None, long_gap_s: float
    ) -> None:
        self._limit_w = limit_w
        self._long_gap_s = long_gap_s
        self.last: PowerPoint | None = None
        self._seen = 0
        self._held: PowerPoint | None = None  # first of several equal moments
        self._lead_s = 0.0
        self._span_s = 0.0  # between the last two readings
        self._clear(from_s)

    def _clear(self, from_s: float, energy_j: float = 0.0) -> None:
        self._from_s = from_s
        self._energy_j = energy_j
        self._error_j = 0.0
        self._bridged = False

    def feed(self, point: PowerPoint, *, dropped: bool) -> None:
        """Add a reading. `dropped`: a reading before it failed, or was not believed."""
        before, self.last = self.last, point
        if before is None:
            self._lead_s = max(point.at_s - self._from_s, 0.0)
            if point.window_s <= self._lead_s:
                self._add_edge(self._lead_s, point.power_w)
                self._lead_s = 0.0
        elif self._is_held(before, point) and not dropped:
            self._hold(before, point)
            return
        else:
            self._add_span(before, point, dropped=dropped)
            # An averaging window that reaches back before the start says little of
            # the time since; the next window stands in for the lead.
            self._add_edge(self._lead_s, point.power_w)
            self._lead_s = 0.0
        self._seen += 1

    def _is_held(self, before: PowerPoint, after: PowerPoint) -> bool:
        """Return whether two moments may be one renewal of the device, read twice."""
        moments = before.window_s == after.window_s == 0
        same = moments and before.power_w == after.power_w
        return same and after.at_s - (self._held or before).at_s <= RENEWED_S

    def _hold(self, before: PowerPoint, after: PowerPoint) -> None:
        """Go on at the same power; what it proves waits for a change, or the account.

        Devices renew what they state now and then. Reading one value twice proves no
        more than reading it once, and leaves the whole time in the dark.
        """
        self._held = self._held or before
        span_s = min(after.at_s - before.at_s, after.at_s - self._from_s)
        self._energy_j += max(span_s, 0.0) * after.power_w

    def _held_error_j(self) -> float:
        """Return the error of the equal moments so far, as of one sample."""
        if self._held is None or self.last is None:
            return 0.0
        ends = self._held, self.last
        return between(*ends, limit_w=self._limit_w, seen=self._seen).error_j

    def _settle_held(self) -> None:
        if self._held is not None:
            self._error_j = hypot(self._error_j, self._held_error_j())
            self._held = None
            self._seen += 1

    def _add_span(
        self, before: PowerPoint, after: PowerPoint, *, dropped: bool
    ) -> None:
        span_s = after.at_s - before.at_s
        long = span_s > self._long_gap_s
        covered = after.window_s >= (1 - PACE) * span_s  # its window saw the gap
        if (long or dropped) and not covered:
            found = across_gap(before, after, limit_w=self._limit_w, long=long)
            self._bridged = True
        else:
            found = self._integrate(before, after)
        self._held = None
        self._span_s = span_s
        part = min(1.0, (after.at_s - self._from_s) / span_s)  # began before the start
        self._energy_j += part * found.energy_j
        self._error_j = hypot(self._error_j, part * found.error_j)

    def _integrate(self, before: PowerPoint, after: PowerPoint) -> Estimate:
        span_s = after.at_s - before.at_s
        paced = abs(span_s - self._span_s) < PACE * span_s
        limit_w, seen = self._limit_w, self._seen
        found = between(before, after, limit_w=limit_w, seen=seen, paced=paced)
        if self._held is None:
            return found
        in_the_dark = between(self._held, after, limit_w=limit_w, seen=seen)
        return found._replace(error_j=in_the_dark.error_j)

    def _add_edge(self, span_s: float, power_w: float) -> None:
        """Extend a known power over time before the first or after the last reading."""
        if span_s <= 0:
            return
        energy_j = span_s * power_w
        error_j = anything_error_j(energy_j, span_s, self._limit_w)
        self._energy_j += energy_j
        self._error_j = hypot(self._error_j, error_j)
        self._bridged |= span_s > self._long_gap_s

    @property
    def ready(self) -> bool:
        """Whether there is something to hand out.

        A first reading whose window reaches back before the start waits for a second.
        """
        return self.last is not None and self._lead_s == 0

    def take(self) -> Account:
        """Hand out everything up to the last reading.

        Where overlapping windows fell so fast that the step is negative, the account
        is 0 and the debt stays for the next one.
        """
        self._settle_held()
        until_s = max(self.last.at_s, self._from_s) if self.last else self._from_s
        account = Account(
            until_s, max(self._energy_j, 0.0), self._error_j, self._bridged
        )
        self._clear(until_s, min(self._energy_j, 0.0))
        return account

    def peek(self, at_s: float) -> Account | None:
        """Return what `take` would hand out, if there was a reading at `at_s`."""
        if not self.ready or self.last is None or self.last.at_s != at_s:
            return None
        energy_j = max(self._energy_j, 0.0)
        error_j = hypot(self._error_j, self._held_error_j())
        return Account(at_s, energy_j, error_j, self._bridged)

    def close(self, at_s: float, *, interval_s: float) -> Account:
        """Hand out everything up to `at_s`, the last power held until then."""
        self._settle_held()
        if self.last is not None:
            self._add_edge(self._lead_s, self.last.power_w)
            self._lead_s = 0.0
            self._add_edge(at_s - self.last.at_s, self.last.power_w)
            end_j = overlap_error_j(self.last, span_s=interval_s, limit_w=self._limit_w)
            self._error_j = hypot(self._error_j, end_j)
        account = Account(at_s, max(self._energy_j, 0.0), self._error_j, self._bridged)
        self._clear(at_s)
        return account

    def forget_until(self, at_s: float) -> None:
        """Drop the energy before `at_s`: somebody else has accounted for it."""
        self._clear(at_s)
        self._held = None
        self._lead_s = 0.0
        if self.last is not None:
            self._add_edge(self.last.at_s - at_s, self.last.power_w)
