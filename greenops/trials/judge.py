"""Whether the quads measured so far settle a trial.

At a few planned looks an exact one-sided test asks whether the candidate uses less.
The allowed error is divided among the looks, so that looking often finds no more false
savings than looking once; so is that of the interval, which therefore holds wherever
the trial stops.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from greenops.trials.signed_rank import centre, interval, p_below


class Verdict(StrEnum):
    """What a trial found."""

    SAVES = "saves"
    SAVES_NOTHING = "saves nothing"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """When to look, and how sure to be.

    Attributes:
        at: Numbers of quads after which to look, rising; the last ends the trial.
        false_saving: Greatest probability that a change which does nothing is found to
            save, over all looks.
        interval_error: Probability that the interval misses the ratio, over all looks.
        margin: The least saving worth telling, as a fraction (0.02 is 2 %).
    """

    at: tuple[int, ...] = (12, 24, 48)
    false_saving: float = 0.015
    interval_error: float = 0.10
    margin: float = 0.02

    def __post_init__(self) -> None:
        if not self.at or self.at[0] < 1 or list(self.at) != sorted(set(self.at)):
            raise ValueError(f"looks must be rising numbers of quads: {self.at}")
        errors = (self.false_saving, self.interval_error)
        if not all(0 < e < 1 for e in errors) or not 0 <= self.margin < 1:
            raise ValueError(f"errors lie between 0 and 1: {self}")
        if 2.0 ** -self.at[-1] > self.false_saving / len(self.at):
            raise ValueError(f"{self.at[-1]} quads can never prove a saving; take more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the quads say: ratio of J/sample, candidate over base, and its interval.

    `verdict` is None while the trial should go on. Ends are None where so few quads
    allow none.
    """

    quads: int
    ratio: float
    low: float | None
    high: float | None
    p_value: float
    verdict: Verdict | None


def judge(log_ratios: Sequence[float], looks: Looks) -> Judgement:
    """Return what `log_ratios` say at this moment.

    Args:
        log_ratios: One per quad, in the order they were measured.
        looks: The plan; between its looks nothing is decided.

    Raises:
        ValueError: there are no quads yet.
    """
    n = len(log_ratios)
    ratio = math.exp(centre(log_ratios))
    ends = interval(log_ratios, looks.interval_error / len(looks.at))
    low, high = (math.exp(ends[0]), math.exp(ends[1])) if ends else (None, None)
    p_value = p_below(log_ratios)
    verdict = None
    if n in looks.at or n > looks.at[-1]:
        verdict = _verdict(ratio, low, p_value, looks)
        if verdict is None and n >= looks.at[-1]:
            verdict = Verdict.UNDECIDED
    return Judgement(
        quads=n, ratio=ratio, low=low, high=high, p_value=p_value, verdict=verdict
    )


def _verdict(
    ratio: float, low: float | None, p_value: float, looks: Looks
) -> Verdict | None:
    if p_value <= looks.false_saving / len(looks.at) and ratio <= 1 - looks.margin:
        return Verdict.SAVES
    if low is not None and low > 1 - looks.margin:
        return Verdict.SAVES_NOTHING
    return None
