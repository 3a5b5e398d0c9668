"""What a job needs of a machine: its run time, with its power over it."""

from dataclasses import dataclass
from math import inf, isclose

import numpy as np

from greenops.planner.timing.curve import Curve, Floats


@dataclass(frozen=True, slots=True)
class Task:
    """A job of known run time.

    Attributes:
        duration_s: Run time, pauses and their overheads not counted.
        phases: Consecutive (duration_s, factor): the run rate of a curve is multiplied
            by the factor over that part of the work. Empty: factor 1 throughout.
    """

    duration_s: float
    phases: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.duration_s < inf:
            raise ValueError(f"duration_s must be above 0 s, is {self.duration_s}")
        if not all(0.0 < s < inf and 0.0 <= f < inf for s, f in self.phases):
            raise ValueError("a phase lasts more than 0 s at a factor of 0 or more")
        total_s = sum(s for s, _ in self.phases)
        if self.phases and not isclose(total_s, self.duration_s, rel_tol=1e-9):
            raise ValueError(
                f"the phases last {total_s} s, the job {self.duration_s} s"
            )

    @property
    def knots_s(self) -> Floats:
        """Where phases start and stop in the work, from 0 to `duration_s`."""
        inner_s = np.cumsum([s for s, _ in self.phases[:-1]])
        return np.concatenate(([0.0], inner_s, [self.duration_s]))

    @property
    def factors(self) -> Floats:
        """Of the phases, in order; a single 1 where there are none."""
        return np.array([f for _, f in self.phases] or [1.0])

    def run_g(self, curve: Curve, start_s: Floats) -> Floats:
        """Return what running from each start to the end costs in g; NaN: unknown."""
        at_s = np.asarray(start_s)[..., None] + self.knots_s
        parts_g = curve.run_g(at_s[..., :-1], at_s[..., 1:])
        return np.asarray(parts_g @ self.factors)
