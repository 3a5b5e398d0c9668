"""When a job that may not be paused should start."""

from dataclasses import dataclass

import numpy as np

from greenops.planner.distinct import distinct
from greenops.planner.timing.curve import SLIVER_S, Curve
from greenops.planner.timing.refusal import no_window
from greenops.planner.timing.starts import Starts, costed, noise_g, window_costs
from greenops.planner.timing.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One stretch of running, with what it costs and what waiting for it does."""

    start_s: float
    stop_s: float
    run_g: float
    wait_g: float

    @property
    def cost_g(self) -> float:
        """Of running and waiting together."""
        return self.run_g + self.wait_g


@dataclass(frozen=True, slots=True)
class Choice:
    """The window chosen.

    Attributes:
        best: The cheapest, the earliest among equals.
        runner_up: The cheapest that starts at least a slot earlier or later; None:
            there is none.
    """

    best: Window
    runner_up: Window | None


def greenest_window(
    curve: Curve, task: Task, earliest_s: float, deadline_s: float
) -> Choice:
    """Return the cheapest stretch between two times, and the next one that differs.

    The cost is that of running plus that of holding the hardware from `earliest_s` to
    the start, where the curve has such. Unknown hours are never run in, and what
    lies behind the last edge is unknown; a window is not preferred for ending there.

    Args:
        curve: What running and waiting cost.
        task: Of what run time.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.

    Raises:
        NoFeasiblePlanError: the job does not fit between the bounds, or not without an
            unknown hour; carries the constraint and the change that would do.
        ValueError: a bound is not finite.
    """
    starts = window_costs(curve, task, earliest_s, deadline_s)
    best = _cheapest(starts, np.isfinite(starts.cost_g), noise_g(curve, task))
    if best is None:
        raise no_window(curve, task, earliest_s, deadline_s)
    at_s = float(starts.start_s[best])
    return Choice(
        best=_window(starts, best, task, deadline_s),
        runner_up=_runner_up(curve, task, starts, at_s, deadline_s),
    )


def _runner_up(
    curve: Curve, task: Task, starts: Starts, best_s: float, deadline_s: float
) -> Window | None:
    slot = np.searchsorted(curve.edges_s, best_s, side="right") - 1
    apart_s = float(np.diff(curve.edges_s)[slot])
    earliest_s, last_s = float(starts.start_s[0]), float(starts.start_s[-1])
    near_s = np.array([best_s - apart_s, best_s + apart_s])
    near_s = near_s[(near_s >= earliest_s) & (near_s <= last_s)]
    merged_s = distinct(np.append(starts.start_s, near_s))
    others = costed(curve, task, merged_s, earliest_s)
    differs = np.abs(merged_s - best_s) >= apart_s - SLIVER_S
    allowed = differs & np.isfinite(others.cost_g)
    second = _cheapest(others, allowed, noise_g(curve, task))
    return None if second is None else _window(others, second, task, deadline_s)


def _cheapest(starts: Starts, allowed: np.ndarray, noise_g: float) -> int | None:
    """Return the first index of least cost, give or take the noise of the sums."""
    if not allowed.any():
        return None
    cost_g = np.where(allowed, starts.cost_g, np.inf)
    return int(np.argmax(cost_g <= cost_g.min() + noise_g))


def _window(starts: Starts, index: int, task: Task, deadline_s: float) -> Window:
    start_s = float(starts.start_s[index])
    return Window(
        start_s=start_s,
        stop_s=min(start_s + task.duration_s, deadline_s),
        run_g=float(starts.run_g[index]),
        wait_g=float(starts.wait_g[index]),
    )
