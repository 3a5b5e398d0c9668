"""Prices on capacity, under which each job can be planned as if it were alone.

With a price for a unit in every place and slot, the jobs no longer meet: each takes
its cheapest run. What that costs, less the prices of all capacity, is at most what any
plan costs. Prices are raised where too much is asked for, and lowered where too little;
that climbs to the highest such bound, the optimum of the linear relaxation.

Source: Fisher 1981 (doi:10.1287/mnsc.27.1.1) for the bound; Held, Wolfe and Crowder
1974 (doi:10.1007/BF01580223) for the steps.
"""

from dataclasses import dataclass

import numpy as np

from greenops.planner.fleet.columns import Columns
from greenops.planner.fleet.pauses import Windows, cheapest
from greenops.planner.fleet.problem import Bools, Floats, Ints, Sites

PATIENCE = 5
"""Steps without a higher bound after which steps are shortened."""
SHORTER = 0.7
LEAST_GAP = 1e-3
"""Share of the bound taken for the gap where the plan known is nearly as good."""


@dataclass(slots=True, eq=False)
class Prices:
    """Prices as they climb.

    Attributes:
        price_g: Shape (places, slots): g per unit and slot, at the best bound so far.
        bound_g: No plan that serves every job costs less.
    """

    price_g: Floats
    bound_g: float
    _now_g: Floats
    _step: float = 1.0
    _stalled: int = 0

    @classmethod
    def none(cls, sites: Sites) -> "Prices":
        """Return prices of zero, and no bound yet."""
        return cls.at(np.zeros(sites.rate_g_per_j.shape))

    @classmethod
    def at(cls, price_g: Floats) -> "Prices":
        """Return prices that climb from others, which may be of another fleet."""
        return cls(price_g=price_g, bound_g=-np.inf, _now_g=price_g)

    def climb(
        self, sites: Sites, runs: Columns, rows: Windows, *, cost_g: float, steps: int
    ) -> None:
        """Take up to `steps` steps.

        Args:
            sites: The places.
            runs: Runs without a pause.
            rows: Runs with pauses.
            cost_g: What a plan that serves every job costs, or a guess of it.
            steps: How many.
        """
        free = np.maximum(sites.free_units, 0.0)
        for _ in range(steps):
            asked_g, asked = _asked(sites, runs, rows, self._now_g)
            self._note(asked_g - float((self._now_g * free).sum()))
            over = asked - free
            over[(self._now_g <= 0) & (over < 0)] = 0.0
            norm = float((over * over).sum())
            if norm == 0:
                return
            gap_g = max(cost_g - self.bound_g, LEAST_GAP * abs(self.bound_g))
            self._now_g = np.maximum(self._now_g + self._step * gap_g / norm * over, 0)

    def _note(self, bound_g: float) -> None:
        if bound_g > self.bound_g:
            self.bound_g, self.price_g, self._stalled = bound_g, self._now_g, 0
            return
        self._stalled += 1
        if self._stalled >= PATIENCE:
            self._step, self._stalled = self._step * SHORTER, 0


def bound_g(
    sites: Sites, runs: Columns, rows: Windows, price_g: Floats, served: Bools
) -> float:
    """Return what any plan costs at least that serves these jobs.

    Args:
        sites: The places.
        runs: Runs without a pause.
        rows: Runs with pauses.
        price_g: Shape (places, slots), none negative.
        served: Shape (jobs,).
    """
    least_g, _, _ = _choices(runs, rows, price_g)
    worth_g = float((price_g * np.maximum(sites.free_units, 0.0)).sum())
    return float(least_g[served].sum()) - worth_g


def _asked(
    sites: Sites, runs: Columns, rows: Windows, price_g: Floats
) -> tuple[float, Floats]:
    """Return what all jobs cost at their cheapest, and the units that they ask for."""
    least_g, column, paused = _choices(runs, rows, price_g)
    asked = _held(sites, runs, column[column >= 0])
    if paused is not None:
        row, taken = paused
        cells = rows.cell[row][taken]
        weights = np.repeat(rows.units[row], taken.sum(axis=1))
        flat = np.bincount(cells, weights, minlength=asked.size)
        asked = asked + flat.reshape(asked.shape)
    return float(least_g[np.isfinite(least_g)].sum()), asked


def _choices(
    runs: Columns, rows: Windows, price_g: Floats
) -> tuple[Floats, Ints, tuple[Ints, Bools] | None]:
    """Return each job's least cost, its column or -1, and the rows paused instead."""
    least_g, column = _least_of(runs.guided_g(price_g), runs.begins)
    if not len(rows):
        return least_g, column, None
    paused = cheapest(rows, price_g, free=None)
    paused_g, row = _least_of(paused.guided_g, rows.begins)
    better = paused_g < least_g
    column[better] = -1
    chosen = row[better]
    return np.minimum(least_g, paused_g), column, (chosen, paused.taken[chosen])


def _least_of(values: Floats, begins: Ints) -> tuple[Floats, Ints]:
    """Return the least value of each group, and where; infinite and -1 of none."""
    counts = np.diff(begins)
    some = np.flatnonzero(counts)
    least = np.full(len(counts), np.inf)
    where = np.full(len(counts), -1, dtype=np.int64)
    if len(some):
        least[some] = np.minimum.reduceat(values, begins[:-1][some])
        hits = np.flatnonzero(values == np.repeat(least, counts))
        group = np.searchsorted(begins, hits, side="right") - 1
        first = np.concatenate(([True], group[1:] != group[:-1]))
        where[group[first]] = hits[first]
    return least, where


def _held(sites: Sites, runs: Columns, chosen: Ints) -> Floats:
    """Return the units that chosen columns hold, shape (places, slots)."""
    width = sites.slots + 1
    row, units = runs.place[chosen] * width, runs.units[chosen]
    size = sites.places * width
    begun = np.bincount(row + runs.first[chosen], units, minlength=size)
    ended = np.bincount(row + runs.stop[chosen], units, minlength=size)
    change = np.asarray(begun - ended, dtype=float)
    return np.cumsum(change.reshape(sites.places, width), axis=1)[:, :-1]
