"""Where a loss should stay, from its recent past: at its present level, or below."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev

FEWEST = 20
"""Values a trajectory is fitted to, at least."""

RECENT = 1 / 3
"""The part of the past that tells the present level; a loss falls meanwhile, so that
its mean lies rather above than below where it stands."""

NORMAL_MAD = 1.4826
"""Standard deviation over median absolute deviation of normal noise."""

OUTLIER = 3.0
"""What lies further out counts as this far, in robust standard deviations."""

LEAST_SCALE = 1e-3
"""Spread as a fraction of the level, at least: a constant past makes no certainty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The level a quantity should not rise above, and the spread of single values."""

    level: float
    scale: float


def fit(values: Sequence[float]) -> Trajectory:
    """Return the trajectory of `values`, one per step, the last one now.

    A descent is taken out before the spread is found, but is not prolonged: a training
    slows down, and a descent that was promised and missed is a false alarm.

    Source: Theil (1950), Sen, JASA 63 (1968), for the slope.

    Raises:
        ValueError: fewer than `FEWEST` values, or not all finite.
    """
    n = len(values)
    if n < FEWEST:
        raise ValueError(f"{n} values tell no trajectory; {FEWEST} are needed")
    if not all(map(math.isfinite, values)):
        raise ValueError("the values before the change are not all finite")
    slope = median(
        (values[j] - values[i]) / (j - i) for i in range(n) for j in range(i + 1, n)
    )
    rests = [value - slope * i for i, value in enumerate(values)]
    middle = median(rests)
    robust = NORMAL_MAD * median(abs(rest - middle) for rest in rests)
    # the sum that is watched adds means: of a skewed loss the median says too little
    scale = max(robust, pstdev(_pulled_in(rests, middle, robust)))
    recent = values[-max(FEWEST, math.ceil(RECENT * n)) :]
    level = fmean(_pulled_in(recent, median(recent), scale))
    return Trajectory(level=level, scale=max(scale, LEAST_SCALE * abs(level), 1e-12))


def _pulled_in(values: Sequence[float], middle: float, scale: float) -> list[float]:
    reach = OUTLIER * scale
    return [min(max(value, middle - reach), middle + reach) for value in values]
