"""The signed-rank test, its interval, its estimate: exact for every sample size.

Source: Wilcoxon (1945); Hodges, Lehmann, "Estimates of location based on rank tests",
Annals of Mathematical Statistics 34 (1963). Nothing is assumed of the noise but that
it is symmetric, which the shuffled order of the blocks provides by itself.
"""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate


def walsh_averages(values: Sequence[float]) -> list[float]:
    """Return the means of all pairs, each value with itself included, sorted."""
    n = len(values)
    return sorted((values[i] + values[j]) / 2 for i in range(n) for j in range(i, n))


def centre(values: Sequence[float]) -> float:
    """Return the Hodges-Lehmann estimate: the median of the Walsh averages.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values to find the centre of")
    averages = walsh_averages(values)
    middle = len(averages) // 2
    if len(averages) % 2:
        return averages[middle]
    return (averages[middle - 1] + averages[middle]) / 2


def p_below(values: Sequence[float], null: float = 0.0) -> float:
    """Return how likely values so far below `null` are if they lie around it.

    The one-sided p value for a centre below `null`. Ties with `null` count against it.
    """
    above = sum(average >= null for average in walsh_averages(values))
    return _tail(len(values))[above]


def interval(values: Sequence[float], error: float) -> tuple[float, float] | None:
    """Return the narrowest interval for the centre that is wrong at most so often.

    Args:
        values: Independent, from one symmetric distribution.
        error: Two-sided probability of missing the centre, such as 0.1.

    Returns:
        Low and high end; None where so few values allow no interval of that error.
    """
    averages = walsh_averages(values)
    inside = 0
    for probability in _tail(len(values)):
        if 2 * probability > error:
            break
        inside += 1
    if inside == 0 or 2 * inside > len(averages):
        return None
    return averages[inside - 1], averages[-inside]


@cache
def _tail(n: int) -> tuple[float, ...]:
    """Return P(W <= w) of the rank sum W of `n` values for w = 0 .. n(n+1)/2."""
    ways = [1]
    for rank in range(1, n + 1):
        longer = [*ways, *[0] * rank]
        for i, count in enumerate(ways):
            longer[i + rank] += count
        ways = longer
    return tuple(total / 2**n for total in accumulate(ways))
