"""What a reading must be to be believed."""

from math import isfinite
from typing import NamedTuple

from greenops.model import Device, Reading

HEADROOM = 1.2
"""How far a believable power may exceed `Device.limit_w`, as a factor.

A power limit is held as a mean over a control window of up to seconds, so single
readings do exceed it; a fifth is our allowance. Source: Intel SDM vol. 3B, "Package
RAPL Domain" (limit 1 holds over a time window, limit 2 lies above it).
"""

UNSTATED_LIMIT_W = 15_000.0
"""Ceiling for a device that states none: no single metered thing on a node exceeds it.

Source: NVIDIA DGX B200 data sheet, about 14.3 kW for the largest whole node sold.
"""


class Believed(NamedTuple):
    """The parts of a reading that stand up; `rejected` counts those that do not."""

    counter_j: float | None
    power_w: float | None
    utilization: float | None
    rejected: int

    @property
    def usable(self) -> bool:
        """Whether it says anything about energy."""
        return self.counter_j is not None or self.power_w is not None


def ceiling_w(device: Device) -> float:
    """Return the highest mean power in W that `device` is believed to draw."""
    return HEADROOM * (device.limit_w or UNSTATED_LIMIT_W)


def believed(reading: Reading, *, ceiling_w: float) -> Believed:
    """Return what of `reading` is physically possible.

    A power that is negative, not a number, or beyond `ceiling_w` (W) is rejected, as is
    a counter that is negative or not a number; the other part of the reading stays.
    A utilisation outside 0 to 1 is unknown, not an error of energy.
    """
    counter_j, power_w, busy = reading.counter_j, reading.power_w, reading.utilization
    rejected = 0
    if counter_j is not None and not (isfinite(counter_j) and counter_j >= 0):
        counter_j, rejected = None, rejected + 1
    if power_w is not None and not 0 <= power_w <= ceiling_w:  # a NaN fails as well
        power_w, rejected = None, rejected + 1
    if busy is not None and not 0 <= busy <= 1:
        busy = None
    return Believed(counter_j, power_w, busy, rejected)


def long_gap_s(interval_s: float) -> float:
    """Return how long readings may be missing before a straight line is no estimate.

    Three sampling intervals, at least 5 s: within that, the power before and after
    still says something about the power between.
    """
    return max(3 * interval_s, 5.0)


def stuck_after_s(counter_period_s: float | None) -> float:
    """Return how long a live counter may stand still, in s.

    Ten of its renewal periods, at least 1 s. A period that is not known is taken as
    0.1 s, the slowest of the counters in use. Source: NVML renews its counter every
    20 to 100 ms, RAPL every 1 ms (Intel SDM vol. 3B, "Package RAPL Domain").
    """
    return max(1.0, 10 * (counter_period_s or 0.1))
