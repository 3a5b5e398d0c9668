"""Cuts off what a last interval holds beyond the end of a run."""

from dataclasses import replace

from greenops.model import Interval


def cut_off(
    interval: Interval, stop_s: float, *, power_w: float | None = None
) -> Interval | None:
    """Return the part of `interval` before `stop_s`; None if nothing is left.

    The last reading comes a little after the job has ended. What was used in between
    is the power read then times the overshoot, or the interval's mean where no power
    is known; the error grows by as much, as the device may have fallen idle at once.

    Args:
        interval: Energy over a stretch that ends after `stop_s`.
        stop_s: Monotonic end of the run, in s.
        power_w: Power at the end of the interval, in W.
    """
    if interval.start_s >= stop_s:
        return None
    over_s = interval.stop_s - stop_s
    kept_j = interval.energy_j * (stop_s - interval.start_s) / interval.duration_s
    if power_w is not None:
        kept_j = min(max(interval.energy_j - power_w * over_s, 0.0), interval.energy_j)
    over_j = interval.energy_j - kept_j
    return replace(
        interval,
        stop_s=stop_s,
        energy_j=kept_j,
        error_j=interval.error_j + over_j,
    )
