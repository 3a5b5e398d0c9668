"""How bounds are combined. One rule for sums, one for products.

A `Bounded` is an estimate with the two ends of its 95 % interval.

* Sum, one source: the errors are one error, so ends add to ends.
* Sum, several sources: the distances to each end add in quadrature, ends apart.
* Sum of random errors over time: in quadrature (`quadrature`).
* Product: distances are taken as logarithms and add in quadrature, ends apart. A
  factor bounded on one side only is a limit, not a spread: its end multiplies fully.
"""

from collections.abc import Iterable, Sequence
from math import exp, hypot, isfinite, log

from greenops.model.carbon import Bounded


def exact(value: float) -> Bounded:
    """Return `value` without any uncertainty, as for a number the user states."""
    return Bounded(central=value, low=value, high=value)


def quadrature(half_widths: Iterable[float]) -> float:
    """Return the half-width of a sum of independent errors."""
    return hypot(*half_widths)


def scaled(value: Bounded, factor: float) -> Bounded:
    """Return `value` times an exact factor that is not negative."""
    return Bounded(
        central=value.central * factor,
        low=value.low * factor,
        high=value.high * factor,
    )


def sum_of_one_source(parts: Sequence[Bounded]) -> Bounded:
    """Return the sum of amounts whose errors are the same error."""
    return Bounded(
        central=sum(p.central for p in parts),
        low=sum(p.low for p in parts),
        high=sum(p.high for p in parts),
    )


def sum_of_independent(parts: Sequence[Bounded]) -> Bounded:
    """Return the sum of amounts whose errors have nothing to do with each other.

    With amounts not below 0 the sum is not below 0: the root of the squares of the
    distances is at most their sum, and that is at most the sum of the amounts.
    """
    central = sum(p.central for p in parts)
    below = quadrature(p.central - p.low for p in parts)
    above = quadrature(p.high - p.central for p in parts)
    low = max(central - below, sum(p.low for p in parts))  # differs by rounding only
    return Bounded(
        central=central, low=min(low, central), high=max(central + above, central)
    )


def product(factors: Sequence[Bounded]) -> Bounded:
    """Return the product of independent amounts, none of them below 0.

    Raises:
        ValueError: a factor is negative or not finite.
    """
    for factor in factors:
        if not (isfinite(factor.low) and isfinite(factor.high)) or factor.low < 0:
            raise ValueError(f"a factor must be finite and not negative: {factor}")
    central, widest = 1.0, 1.0
    for factor in factors:
        central *= factor.central
        widest *= factor.high
    if central == 0.0:
        # Without a ratio to the centre there is no logarithm: take the far corner.
        return Bounded(central=0.0, low=0.0, high=widest)
    low = central * exp(-_joint([_below(f) for f in factors], factors))
    high = central * exp(_joint([_above(f) for f in factors], factors))
    return Bounded(central=central, low=min(low, central), high=max(high, central))


def _joint(distances: Sequence[float], factors: Sequence[Bounded]) -> float:
    spreads = [d for d, f in zip(distances, factors, strict=True) if _two_sided(f)]
    limits = [d for d, f in zip(distances, factors, strict=True) if not _two_sided(f)]
    return quadrature(spreads) + sum(limits)


def _two_sided(factor: Bounded) -> bool:
    return factor.low < factor.central < factor.high


def _below(factor: Bounded) -> float:
    # An end at 0 is infinitely far in logarithms; exp then brings the product to 0.
    return log(factor.central / factor.low) if factor.low > 0 else float("inf")


def _above(factor: Bounded) -> float:
    return log(factor.high / factor.central)
