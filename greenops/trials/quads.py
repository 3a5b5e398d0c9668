"""Four blocks in a row, two of each side: what a trial's statistics are made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Which of the two trainings a block belongs to."""

    BASE = "base"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One side's steps in a row: their energy in J, time in s, samples and loss."""

    side: Side
    energy_j: float
    duration_s: float
    steps: int
    samples: int
    loss: float | None = None

    @property
    def j_per_sample(self) -> float:
        """Energy per sample in J."""
        return self.energy_j / self.samples

    @property
    def j_per_step(self) -> float:
        """Energy per step in J."""
        return self.energy_j / self.steps


def order(*, base_outside: bool) -> tuple[Side, Side, Side, Side]:
    """Return base, candidate, candidate, base, or the reverse.

    Either order cancels a load or a temperature that drifts at a constant rate.
    """
    outer, inner = Side.BASE, Side.CANDIDATE
    if not base_outside:
        outer, inner = inner, outer
    return (outer, inner, inner, outer)


def log_ratio(blocks: Sequence[Block]) -> float | None:
    """Return ln(candidate / base) of the energy per sample of one quad.

    None where a block has no energy: a counter that stood still says nothing.
    """
    base = [b.j_per_sample for b in blocks if b.side is Side.BASE]
    candidate = [b.j_per_sample for b in blocks if b.side is Side.CANDIDATE]
    if not base or not candidate or min(*base, *candidate) <= 0:
        return None
    # the sums of both, not the means of their logarithms: a drift is a sum
    return math.log(sum(candidate) / len(candidate)) - math.log(sum(base) / len(base))
