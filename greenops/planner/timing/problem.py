"""One job that may be paused, on one curve, between two times."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from greenops.planner.timing.curve import Curve, Floats
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.stretches import Draft, SlotPlan, stretches_of
from greenops.planner.timing.task import Task


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Problem:
    """What is asked. Waiting counts from `earliest_s` on, where hardware is held."""

    curve: Curve
    task: Task
    pauses: Pauses
    earliest_s: float
    deadline_s: float

    def __post_init__(self) -> None:
        if not (isfinite(self.earliest_s) and isfinite(self.deadline_s)):
            raise ValueError(
                "the bounds must be finite, "
                f"are {self.earliest_s} and {self.deadline_s} s"
            )

    def costs_g(self, draft: Draft) -> Floats:
        """Return what drafts cost in all, shape (...); NaN: unknown."""
        parts = draft.costs_g(self.curve, self.task, self.pauses, self.earliest_s)
        return np.asarray(sum(parts))

    def plan(self, draft: Draft, *, step_s: float, exact: bool) -> SlotPlan:
        """Return one draft, shape (k,), as a plan."""
        parts = draft.costs_g(self.curve, self.task, self.pauses, self.earliest_s)
        run_g, overhead_g, wait_g = (float(part) for part in parts)
        return SlotPlan(
            stretches=stretches_of(draft, self.pauses),
            run_g=run_g,
            overhead_g=overhead_g,
            wait_g=wait_g,
            step_s=step_s,
            exact=exact,
        )
