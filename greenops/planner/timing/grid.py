"""The grid of times on which pauses are searched."""

from dataclasses import dataclass
from math import ceil, floor, gcd, isclose

import numpy as np
from numpy.typing import NDArray

from greenops.planner.timing.curve import SLIVER_S, Floats
from greenops.planner.timing.problem import Problem

CELLS = 16_000_000
"""Steps of work x steps of idling that are searched in about a quarter of a second.

A job of a day in a week has 12 million of a minute.
"""
ROUGH_CELLS = 4_000_000
"""The same for a rounded grid: finer ones gave no better plans on real hours."""
STEPS = 1 << 15
"""More of them than this would leave too few bits for the costs."""
ROUND_S = (
    *(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30),
    *(60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400),
)
"""Steps that divide an hour or a day, for times that have no common step."""
PER_S = 1000
"""Times are compared in milliseconds."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Grid:
    """Lengths of a problem in whole steps from `origin_s` on.

    Attributes:
        steps: Until the deadline or the horizon.
        work: Run time of the job.
        knots: Where phases start and stop in the work.
        min_run: At least 1.
        first: Overhead before the first stretch.
        exact: Every time of the problem lies on it. Else lengths are rounded up and
            spans are rounded inwards.
    """

    origin_s: float
    step_s: float
    steps: int
    work: int
    knots: NDArray[np.int64]
    min_run: int
    pause: int
    resume: int
    first: int
    exact: bool

    @property
    def idle(self) -> int:
        """How many different sums of idling there are before the work is done."""
        return self.steps - self.work - self.first + 1

    @property
    def searchable(self) -> bool:
        """Whether it is small enough."""
        cells = CELLS if self.exact else ROUGH_CELLS
        return self.work * self.idle <= cells and self.steps <= STEPS

    def times_s(self) -> Floats:
        """Return the bounds of its steps, shape (steps+1,)."""
        return np.asarray(self.origin_s + self.step_s * np.arange(self.steps + 1))


def laid_out(problem: Problem) -> Grid:
    """Return the coarsest grid that holds every time, or else a round, rounded one."""
    curve, pauses = problem.curve, problem.pauses
    first_s = max(problem.earliest_s, curve.start_s)
    last_s = min(problem.deadline_s, curve.stop_s)
    inner_s = curve.edges_s[(curve.edges_s > first_s) & (curve.edges_s < last_s)]
    lengths_s = (pauses.min_run_s, pauses.pause_s, pauses.resume_s)
    step_s = common_step_s(
        [*(inner_s - first_s), last_s - first_s, *problem.task.knots_s[1:], *lengths_s]
    )
    if step_s:
        whole = _in_steps(problem, step_s, (first_s, last_s), exact=True)
        if whole.searchable:
            return whole
    for round_s in ROUND_S:
        ahead = ceil((first_s - curve.start_s) / round_s - SLIVER_S)
        span_s = (curve.start_s + ahead * round_s, last_s)
        coarse = _in_steps(problem, float(round_s), span_s, exact=False)
        if coarse.searchable:
            break
    return coarse


def common_step_s(times_s: list[float]) -> float:
    """Return the greatest step of which all are multiples; 0: none of whole ms."""
    whole = [round(PER_S * t) for t in times_s]
    if not all(
        isclose(w, PER_S * t, abs_tol=1e-3) for w, t in zip(whole, times_s, strict=True)
    ):
        return 0.0
    return gcd(*whole) / PER_S


def _in_steps(
    problem: Problem, step_s: float, span_s: tuple[float, float], *, exact: bool
) -> Grid:
    def steps(length_s: float) -> int:
        return ceil(length_s / step_s - SLIVER_S)

    task, pauses = problem.task, problem.pauses
    knots = np.rint(task.knots_s / step_s).astype(np.int64)
    knots[-1] = steps(task.duration_s)
    return Grid(
        origin_s=span_s[0],
        step_s=step_s,
        steps=max(0, floor((span_s[1] - span_s[0]) / step_s + SLIVER_S)),
        work=int(knots[-1]),
        knots=np.minimum(knots, knots[-1]),
        min_run=max(1, steps(pauses.min_run_s)),
        pause=steps(pauses.pause_s),
        resume=steps(pauses.resume_s),
        first=steps(pauses.first_s),
        exact=exact,
    )
