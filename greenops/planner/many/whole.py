"""Sums over whole slots: what every run is a mean of."""

from dataclasses import dataclass

import numpy as np

from greenops.planner.many.problem import Floats, Ints, Rates
from greenops.planner.ranges import least_table

UNKNOWN = 1e200
"""Stands for the sum over unknown slots: dearer than anything, and still a number."""
IMPOSSIBLE = 1e150
"""Sums from here on hold some share of `UNKNOWN`."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """Rates summed over n, and over n + 1, whole slots from each slot on.

    Attributes:
        n: How many.
        fewer: Shape (places, slots + 1): over n slots; `UNKNOWN` where not all are.
        more: The same over n + 1 slots.
        from_edge: Shape (places, slots + 1): what a share of one more slot adds to a
            run that starts with a slot.
        to_edge: Shape (places, slots): the same to a run that stops with a slot; by
            the slot that it starts in.
        least_fewer: The `least_table` of `fewer`.
        least_more: The `least_table` of `more`.
    """

    n: int
    fewer: Floats
    more: Floats
    from_edge: Floats
    to_edge: Floats
    least_fewer: Floats
    least_more: Floats


class Sums:
    """Rates summed along the slots of each place."""

    def __init__(self, rates: Rates) -> None:
        known = ~np.isnan(rates.rate_g_per_j)
        self._sums = np.zeros((rates.places, rates.slots + 1))
        self._unknown: Ints = np.zeros(self._sums.shape, dtype=np.int64)
        np.cumsum(
            np.where(known, rates.rate_g_per_j, 0.0), axis=1, out=self._sums[:, 1:]
        )
        np.cumsum(~known, axis=1, out=self._unknown[:, 1:])

    def whole(self, n: int) -> Whole:
        """Return the sums over `n` and over `n + 1` slots."""
        fewer, more = self._over(n), self._over(n + 1)
        return Whole(
            n=n,
            fewer=fewer,
            more=more,
            from_edge=more - fewer,
            to_edge=more[:, :-1] - fewer[:, 1:],
            least_fewer=least_table(fewer),
            least_more=least_table(more),
        )

    def _over(self, count: int) -> Floats:
        over = np.full(self._sums.shape, UNKNOWN)
        stop = over.shape[1] - count
        known = self._unknown[:, count:] == self._unknown[:, :stop]
        sums = self._sums[:, count:] - self._sums[:, :stop]
        over[:, :stop][known] = sums[known]
        return over
