"""Energy from power readings, with an honest error."""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from greenops.model import Reading

Z95 = 1.96
"""Half-width of a 95 % interval in standard deviations of a normal distribution."""


class PowerPoint(NamedTuple):
    """A power in W read at a monotonic time in s; a mean over the `window_s` before it.

    `window_s` is 0 for an instantaneous reading.
    """

    at_s: float
    power_w: float
    window_s: float = 0.0


class Estimate(NamedTuple):
    """An energy in J and the half-width in J of its 95 % interval."""

    energy_j: float
    error_j: float


def between(
    before: PowerPoint,
    after: PowerPoint,
    *,
    limit_w: float | None,
    seen: int,
    paced: bool = False,
) -> Estimate:
    """Return the energy between two successive readings of power.

    With `d` the time between them and `w` the window of the later one,

        energy = d (p0 + p1) / 2 + w / 2 (p1 - p0).

    That is the trapezoid for instantaneous readings (w = 0), the window's own energy
    where the windows touch (w = d: exact), the window plus the mean of both for the
    part that no window saw (w < d), and a reading moved back to the middle of its
    window where windows overlap (w > d). There a single step may be negative; the
    sum over a run is right.

    The error is that of the time that the windows cover badly (see `blind_s` and
    `sampling_error_j`), plus, on the first step, what an overlapping window brought in
    from before the start.

    Args:
        before: The earlier reading.
        after: The later reading.
        limit_w: Physical ceiling in W, if known.
        seen: How many readings came before `after` in this run.
        paced: Whether this step is as long as the one before it.
    """
    span_s, window_s = after.at_s - before.at_s, after.window_s
    rise_w = after.power_w - before.power_w
    mean_w = (before.power_w + after.power_w) / 2
    error_j = sampling_error_j(
        blind_s(span_s, window_s, paced=paced),
        step_w=rise_w,
        surprise_w=surprise_w(mean_w, limit_w),
        # What goes on within a window stays hidden, however many windows are seen.
        seen=seen if window_s < span_s / 2 else 0,
    )
    if seen <= 1:
        error_j += overlap_error_j(after, span_s=span_s, limit_w=limit_w)
    return Estimate(span_s * mean_w + window_s / 2 * rise_w, error_j)


def blind_s(span_s: float, window_s: float, *, paced: bool) -> float:
    """Return for how long of a step the power counts too much or too little, in s.

    Without overlap, that is the time that no window saw: d - w. With it, some of the
    time lies in one window more than the rest: with w / d = k + f (k whole, f below
    1), windows at a steady pace leave d f (1 - f) / (k + f), which is nothing where
    windows overlap a whole number of times; a step off the pace leaves d (w - d) / w.
    """
    if window_s <= span_s:
        return span_s - window_s
    if not paced:
        return span_s * (window_s - span_s) / window_s
    times = window_s / span_s
    part = times % 1.0
    return span_s * part * (1 - part) / times


def across_gap(
    before: PowerPoint, after: PowerPoint, *, limit_w: float | None, long: bool
) -> Estimate:
    """Return the energy of a gap between two readings of power.

    The energy is that of `between`. The error of a short gap is half the spread of
    its ends over its length; a `long` one may hold anything from nothing to the
    limit (to twice the estimate where no limit is known).
    """
    span_s = after.at_s - before.at_s
    near = between(before, after, limit_w=limit_w, seen=1)
    if not long:
        spread_j = span_s * abs(after.power_w - before.power_w) / 2
        return Estimate(near.energy_j, max(spread_j, near.error_j))
    energy_j = max(near.energy_j, 0.0)
    return Estimate(energy_j, anything_error_j(energy_j, span_s, limit_w))


def anything_error_j(energy_j: float, span_s: float, limit_w: float | None) -> float:
    """Return the error in J of a span of which only the physical limits are known."""
    return max(energy_j, (limit_w or 0.0) * span_s - energy_j)


def edge_error_j(span_s: float, power_w: float, *, limit_w: float | None) -> float:
    """Return the 95 % error in J of a power held over an edge, read at one end of it.

    For the time between the start of a run and its first reading: one sample of what
    went on there, so the rule of `sampling_error_j` for `seen` = 1.
    """
    surprise = surprise_w(power_w, limit_w)
    return sampling_error_j(abs(span_s), step_w=0.0, surprise_w=surprise, seen=1)


def sampling_error_j(
    unseen_s: float, *, step_w: float, surprise_w: float, seen: int
) -> float:
    """Return the 95 % error in J of `unseen_s` seconds judged by a sample at each end.

        1.96 unseen sqrt(step^2 / 2 + surprise^2 / (seen + 1))

    Half the squared step between successive samples estimates the variance within an
    interval without being misled by slow drift (von Neumann 1941, Annals of
    Mathematical Statistics 12, "Distribution of the ratio of the mean square
    successive difference to the variance"). Samples that agree do not prove that
    nothing lies between them: after `seen` samples, the chance of something new is
    1 / (seen + 1) up to a constant (Laplace's rule of succession).
    """
    return Z95 * unseen_s * sqrt(step_w * step_w / 2 + surprise_w**2 / (seen + 1))


def surprise_w(mean_w: float, limit_w: float | None) -> float:
    """Return how far an unseen level may lie from `mean_w`, as a deviation in W.

    Down to nothing or up to the limit, whichever is farther, and anything between
    equally likely: the deviation of a uniform distribution, 1 / sqrt(3) of its reach.
    """
    return max(mean_w, (limit_w or 0.0) - mean_w) / sqrt(3)


def overlap_error_j(last: PowerPoint, *, span_s: float, limit_w: float | None) -> float:
    """Return the largest error in J at one end of a run of overlapping windows.

    Within a window of length `w` whose mean is known, power moved from one end to the
    other shifts the energy by at most w / 8 of the power's range; nothing where the
    windows touch without overlap.
    """
    if last.window_s <= span_s:
        return 0.0
    most_w = max(limit_w or 0.0, last.power_w)
    return last.window_s / 8 * most_w * (1 - span_s / last.window_s)


def jittered_deadline(previous_s: float, interval_s: float, unit: float) -> float:
    """Return when to take the next instantaneous sample, in the scale of `previous_s`.

    Samples at a fixed pace see a load of the same period (or a whole fraction of it)
    always in the same phase and are wrong by any amount, without a sign of it. Steps
    drawn evenly from half to one and a half intervals see every phase (additive
    random sampling). Source: Shapiro and Silverman 1960, J. SIAM 8, "Alias-free
    sampling of random noise".

    Args:
        previous_s: The deadline before.
        interval_s: Mean time between samples, in s.
        unit: A fresh random number in [0, 1).
    """
    return previous_s + interval_s * (0.5 + unit)


def wants_jitter(readings: Iterable[Reading], *, interval_s: float) -> bool:
    """Return whether the next sampling times should be drawn by `jittered_deadline`.

    They should where a device shows mere moments of its power: no counter, and a window
    that covers less than half of the interval. Windows as long as the interval are
    best read at a fixed pace, and counters do not mind.
    """
    return any(
        reading.counter_j is None and (reading.averaged_over_s or 0.0) < interval_s / 2
        for reading in readings
    )
