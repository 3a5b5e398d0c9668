"""Every start of a job that may not be paused, as far as it matters, with its cost.

Between two crossings of a slot's edge (by the start, by the end, by a change of phase)
the cost of a run is linear in its start. A minimum thus lies at a crossing or at a
bound, and trying those starts is exact.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from greenops.planner.distinct import distinct
from greenops.planner.timing.curve import SLIVER_S, Curve, Floats
from greenops.planner.timing.task import Task

NOISE = 1e-12
"""Costs that differ by less than this part of the whole curve's are equal."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Starts:
    """Starts in rising order with what they cost, each of one shape.

    Between neighbours with known costs the cost is linear. NaN: the run would touch an
    unknown hour, or the hardware would be held through one.
    """

    start_s: Floats
    run_g: Floats
    wait_g: Floats

    @property
    def cost_g(self) -> Floats:
        """Of running and waiting together."""
        return self.run_g + self.wait_g


def window_costs(
    curve: Curve, task: Task, earliest_s: float, deadline_s: float
) -> Starts:
    """Return every start at which the slope of the cost can change, with its costs.

    Empty where the job does not fit between the bounds.

    Args:
        curve: What running and waiting cost.
        task: Of what run time.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.

    Raises:
        ValueError: a bound is not finite.
    """
    if not (isfinite(earliest_s) and isfinite(deadline_s)):
        raise ValueError(
            f"the bounds must be finite, are {earliest_s} and {deadline_s} s"
        )
    last_s = deadline_s - task.duration_s
    if last_s < earliest_s - SLIVER_S:
        return costed(curve, task, np.empty(0), earliest_s)
    crossings_s = (curve.edges_s[:, None] - task.knots_s).ravel()
    inside = (crossings_s > earliest_s) & (crossings_s < last_s)
    bounds_s = [earliest_s, max(earliest_s, last_s)]
    start_s = distinct(np.append(crossings_s[inside], bounds_s))
    return costed(curve, task, start_s, earliest_s)


def costed(curve: Curve, task: Task, start_s: Floats, earliest_s: float) -> Starts:
    """Return the starts given, with what they cost when held from `earliest_s`."""
    return Starts(
        start_s=start_s,
        run_g=task.run_g(curve, start_s),
        wait_g=curve.wait_g(earliest_s, start_s),
    )


def noise_g(curve: Curve, task: Task) -> float:
    """Return below which difference two costs on this curve are equal."""
    return NOISE * curve.size_g(float(task.factors.max()))
