"""Where a training's steps come to a steady pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

SLOW = 1.5
"""A step that takes so many times the steady time belongs to the warm-up."""
WINDOW = 5
"""Steps judged together: one slow step is a checkpoint, or a busy neighbour."""
LEAST = 2 * WINDOW

Point = tuple[float, int]
"""A time in epoch s, and the steps made by then."""


@dataclass(frozen=True, slots=True)
class Pace:
    """From when on the pace is steady: `steps` were made before `at_epoch_s`."""

    at_epoch_s: float
    steps: int


def steady_from(points: Sequence[Point]) -> Pace | None:
    """Return where the steady pace begins; None: too few steps to tell.

    The steady time of a step is the median over the later half of the time. The warm-up
    ends before the first window of steps whose median is not slow against it.

    Args:
        points: In time order; the first one is the beginning, with no step made.
    """
    spans = [
        (before, (after[0] - before[0]) / (after[1] - before[1]))
        for before, after in pairwise(points)
        if after[1] > before[1]
    ]
    if len(spans) < LEAST:
        return None
    times_s = [time_s for _, time_s in spans]
    steady_s = median(times_s[len(times_s) // 2 :])
    for i in range(len(times_s) - WINDOW + 1):
        # The first step alone may hold the whole compilation.
        if times_s[i] > SLOW * steady_s:
            continue
        if median(times_s[i : i + WINDOW]) <= SLOW * steady_s:
            return Pace(*spans[i][0])
    return None
