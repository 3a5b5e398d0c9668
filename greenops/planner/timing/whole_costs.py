"""Costs as whole numbers, so that equal plans cost equally much, to the last bit.

With floats, the order of adding decides between equal plans. Whole numbers add up
exactly; an unknown step costs more than any known plan, and can be counted.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from greenops.planner.timing.curve import SLIVER_S, Curve, Floats
from greenops.planner.timing.grid import Grid
from greenops.planner.timing.problem import Problem

Between = Callable[[Floats, Floats], Floats]
Whole = NDArray[np.int64]
NEVER = 1 << 61
"""What cannot be. Beside it there is room for every sum that is formed."""
MOST_BITS = 40


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WholeCosts:
    """Running sums over the bounds of the steps, each of shape (steps+1,).

    Attributes:
        phases: Of working in each phase.
        overhead: Of pausing or resuming.
        wait: Of holding the hardware.
        unknown: What an unknown step counts; a plan that costs half of it is none.
    """

    phases: tuple[Whole, ...]
    overhead: Whole
    wait: Whole
    unknown: int


def whole_costs(problem: Problem, grid: Grid) -> WholeCosts:
    """Return the costs of every step, to 2^-24 of the highest rate or finer."""
    curve, task, pauses = problem.curve, problem.task, problem.pauses
    run = _rates(curve.run_g_per_s, curve, curve.run_g, grid)
    wait = np.zeros_like(run)
    if curve.held:
        wait = _rates(curve.wait_g_per_s, curve, curve.wait_g, grid)
    size = grid.steps.bit_length()
    unknown = 1 << (60 - size)
    bits = min(MOST_BITS, 56 - 2 * size)
    factors = [*task.factors, pauses.factor]
    peak = max(_peak(run) * max(factors), _peak(wait)) or 1.0

    def summed(rate: Floats) -> Whole:
        lost = np.isnan(rate)
        units = np.rint(np.where(lost, 0.0, rate / peak) * 2.0**bits).astype(np.int64)
        return np.append(0, np.cumsum(np.where(lost, unknown, units)))

    return WholeCosts(
        phases=tuple(summed(run * factor) for factor in task.factors),
        overhead=summed(run * pauses.factor),
        wait=summed(wait),
        unknown=unknown,
    )


def _rates(rate_g_per_s: Floats, curve: Curve, between: Between, grid: Grid) -> Floats:
    """Return the rate of every step: its slot's own, so that equals stay equal.

    A step of a rounded grid may lie across an edge; then it has the mean.
    """
    times_s = grid.times_s()
    low = np.searchsorted(curve.edges_s, times_s[:-1] + SLIVER_S, side="right") - 1
    high = np.searchsorted(curve.edges_s, times_s[1:] - SLIVER_S, side="left") - 1
    mean = between(times_s[:-1], times_s[1:]) / grid.step_s
    own = rate_g_per_s[np.clip(low, 0, rate_g_per_s.size - 1)]
    return np.asarray(np.where(low == high, own, mean))


def _peak(rate: Floats) -> float:
    return float(np.nan_to_num(np.abs(rate)).max(initial=0.0))
