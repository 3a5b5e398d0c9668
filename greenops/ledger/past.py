"""What the next run of a name will take, from those before: a pure estimate."""

from collections.abc import Sequence
from math import exp, log, sqrt

from greenops.model import Bounded, Past

ASSUMED_LOG_SD = 0.25
"""Spread of the logarithm of a run's duration or power that is assumed beforehand."""
ASSUMED_WEIGHT = 2
"""How many observations that assumption counts for beside the real ones."""
_T95 = (
    (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (6, 2.447), (7, 2.365), (8, 2.306),
    (9, 2.262), (10, 2.228), (12, 2.179), (15, 2.131), (20, 2.086), (30, 2.042),
    (60, 2.000), (120, 1.980),
)  # fmt: skip
"""Two-sided 95 % points of Student's t by degrees of freedom.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2."""


def past_of(durations_s: Sequence[float], powers_w: Sequence[float]) -> Past | None:
    """Return what past runs say of the next one; None: there were none.

    Args:
        durations_s: Of each; those not above 0 do not count.
        powers_w: Mean power of those that were measured; likewise.
    """
    durations = [d for d in durations_s if d > 0.0]
    if not durations:
        return None
    powers = [p for p in powers_w if p > 0.0]
    return Past(
        n=len(durations),
        duration_s=next_of(durations),
        power_w=next_of(powers) if powers else None,
    )


def next_of(values: Sequence[float]) -> Bounded:
    """Return the median of positive values, with the 95 % interval of the next one.

    The logarithms are taken as normal. Their variance is what the values show, joined
    with an assumed one that counts as two of them: a single value has no spread of its
    own, and two that happen to agree prove little.

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), 3.3: the predictive
    distribution under a conjugate prior of the variance is Student's t.
    """
    from statistics import median, variance  # some ms for those who only look at jobs

    n = len(values)
    logs = [log(v) for v in values]
    shown = (n - 1) * variance(logs) if n > 1 else 0.0
    freedom = ASSUMED_WEIGHT + n - 1
    joint = sqrt((ASSUMED_WEIGHT * ASSUMED_LOG_SD**2 + shown) / freedom)
    factor = exp(_t95(freedom) * joint * sqrt(1.0 + 1.0 / n))
    middle = median(values)
    return Bounded(central=middle, low=middle / factor, high=middle * factor)


def _t95(freedom: int) -> float:
    """Return the 95 % point for the next lower tabled degrees of freedom: wider."""
    return next(t for f, t in reversed(_T95) if f <= freedom)
