"""What a trial may spend, and after how many steps it is paid back."""

import math
from dataclasses import dataclass

SHARE = 0.01
"""A trial spends at most this part of the run's expected energy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Energy in J a trial may spend.

    `expected_j` is the run's expected energy, where it is known; else it follows from
    `steps_left` and the energy of a step. With neither nothing bounds the trial but
    its number of quads.
    """

    share: float = SHARE
    expected_j: float | None = None
    steps_left: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"the share of the run's energy lies in (0, 1]: {self}")
        if self.expected_j is not None and self.expected_j <= 0:
            raise ValueError(f"the expected energy must be positive: {self}")
        if self.steps_left is not None and self.steps_left < 0:
            raise ValueError(f"steps left cannot be negative: {self}")

    def allowed_j(self, step_j: float) -> float:
        """Return what may be spent, in J, when a step of the base takes `step_j`."""
        if self.expected_j is not None:
            return self.share * self.expected_j
        if self.steps_left is not None:
            return self.share * self.steps_left * step_j
        return math.inf


def quads_within(left_j: float, quad_j: float) -> float:
    """Return how many whole quads of `quad_j` each fit into `left_j`; maybe inf."""
    if math.isinf(left_j):
        return math.inf
    return max(0, math.floor(left_j / quad_j)) if quad_j > 0 else math.inf


def payback_steps(cost_j: float, saved_j_per_step: float) -> int | None:
    """Return after how many steps `cost_j` is saved again; None: never."""
    if saved_j_per_step <= 0:
        return None
    return math.ceil(max(0.0, cost_j) / saved_j_per_step)
