"""Why one stretch fits nowhere on a curve, with the smallest change that would do."""

import numpy as np

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing.curve import SLIVER_S, Curve
from greenops.planner.timing.starts import window_costs
from greenops.planner.timing.task import Task
from greenops.planner.words import span


def no_window(
    curve: Curve, task: Task, earliest_s: float, deadline_s: float
) -> NoFeasiblePlanError:
    """Return the error for a job that has no stretch between two times.

    Args:
        curve: On which it found none.
        task: Of what run time.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.
    """
    lacks_s = task.duration_s - (deadline_s - earliest_s)
    if lacks_s <= SLIVER_S:
        return _not_known(curve, task, earliest_s, deadline_s)
    change = _later(curve, task, earliest_s, deadline_s) or (
        f"{deadline_later(lacks_s)}, with a forecast that reaches it"
    )
    slack_s = max(0.0, deadline_s - earliest_s)
    return NoFeasiblePlanError(
        f"{span(task.duration_s)} of running do not fit into the {span(slack_s)} "
        "before the deadline",
        binding="deadline",
        change=change,
    )


def deadline_later(by_s: float) -> str:
    """Return the words for a change of the deadline."""
    return f"a deadline at least {span(by_s)} later"


def _not_known(
    curve: Curve, task: Task, earliest_s: float, deadline_s: float
) -> NoFeasiblePlanError:
    """Return the error where there is time, but not enough of it is known."""
    start_s = window_costs(curve, task, earliest_s, deadline_s).start_s
    unknown_s = curve.unknown_s(start_s, start_s + task.duration_s)
    best = int(np.argmin(unknown_s))
    lacks_s = float(unknown_s[best])
    beyond_s = float(start_s[best]) + task.duration_s - curve.stop_s
    if lacks_s <= SLIVER_S:
        binding, change = "unknown hours", "hardware that is not held while it waits"
        what = "what holding the hardware costs is not known up to any possible start"
    elif lacks_s <= beyond_s + SLIVER_S:
        binding, change = "horizon", f"a forecast at least {span(lacks_s)} longer"
        what = f"the forecast ends before {span(task.duration_s)} of running would"
    else:
        binding, change = "unknown hours", f"the intensity of {span(lacks_s)} more"
        what = f"no {span(task.duration_s)} before the deadline are known throughout"
    later = _later(curve, task, earliest_s, deadline_s)
    return NoFeasiblePlanError(
        what, binding=binding, change=f"{later}, or {change}" if later else change
    )


def _later(curve: Curve, task: Task, earliest_s: float, deadline_s: float) -> str:
    """Return the later deadline that would do on this curve; empty: none would."""
    starts = window_costs(curve, task, earliest_s, max(curve.stop_s, earliest_s))
    usable_s = starts.start_s[np.isfinite(starts.cost_g)]
    if not usable_s.size:
        return ""
    return deadline_later(float(usable_s[0]) + task.duration_s - deadline_s)
