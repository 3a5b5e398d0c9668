"""Energy between two readings of a cumulative counter."""

from enum import Enum, auto
from typing import NamedTuple


class Verdict(Enum):
    """What two readings of a counter say together."""

    SPENT = auto()
    """The difference is the energy used, wrap-around accounted for."""
    STILL = auto()
    """It has not moved: not renewed yet, stuck, or truly nothing used."""
    AMBIGUOUS = auto()
    """It may have wrapped more than once: energy is known up to whole wraps."""
    BROKEN = auto()
    """No possible power explains it: a reset, or one of the two is a glitch."""


class CounterPoint(NamedTuple):
    """A counter's value in J, and the monotonic time in s at which it was true.

    `slack_s` is how far off that time may be; `wraps_at_j` where the counter starts
    over (None: it never does).
    """

    at_s: float
    counter_j: float
    wraps_at_j: float | None = None
    slack_s: float = 0.0


class Step(NamedTuple):
    """The energy in J between two points, as far as `verdict` allows one to say."""

    verdict: Verdict
    energy_j: float


def step(before: CounterPoint, after: CounterPoint, *, ceiling_w: float) -> Step:
    """Return the energy spent from `before` to `after`.

    A counter that went down has wrapped if a wrap gives a possible mean power, and is
    broken otherwise. When `ceiling_w`, the highest mean power in W that is believed,
    leaves room for one more whole wrap, the least energy is returned as AMBIGUOUS.
    """
    wraps_at_j = after.wraps_at_j
    spent_j = after.counter_j - before.counter_j
    if spent_j == 0:
        return Step(Verdict.STILL, 0.0)
    if spent_j < 0 and wraps_at_j is not None and before.counter_j <= wraps_at_j:
        spent_j += wraps_at_j
    most_j = most_between_j(before, after, ceiling_w=ceiling_w)
    if not 0 <= spent_j <= most_j:
        return Step(Verdict.BROKEN, 0.0)
    if wraps_at_j is not None and spent_j + wraps_at_j <= most_j:
        return Step(Verdict.AMBIGUOUS, spent_j)
    return Step(Verdict.SPENT, spent_j)


def most_between_j(
    before: CounterPoint, after: CounterPoint, *, ceiling_w: float
) -> float:
    """Return the most energy in J that can lie between two points."""
    span_s = after.at_s - before.at_s + before.slack_s + after.slack_s
    return ceiling_w * span_s


def resolve_wraps(
    least_j: float, *, wraps_at_j: float, expected_j: float, most_j: float
) -> tuple[float, float]:
    """Return the likeliest energy of an ambiguous step and its largest error, in J.

    The energy is `least_j` plus a whole number of wraps, at most `most_j`. The choice
    nearest to `expected_j` (from the power around the gap) is taken; the error reaches
    to the farthest possible choice.
    """
    choices = int((most_j - least_j) // wraps_at_j)
    wraps = min(max(round((expected_j - least_j) / wraps_at_j), 0), choices)
    energy_j = least_j + wraps * wraps_at_j
    return energy_j, max(wraps, choices - wraps) * wraps_at_j
