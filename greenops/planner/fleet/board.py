"""Which job holds what: the state that filling and mending work on."""

from dataclasses import dataclass

import numpy as np

from greenops.planner.fleet.columns import Columns
from greenops.planner.fleet.pauses import Windows, cheapest, cost_g
from greenops.planner.fleet.problem import Bools, Floats, Ints, Jobs, Sites

TOLERANCE = 1e-9
"""Units that rounding may leave too few of."""
TIE = 1e-9
"""Share of a cost within which two costs are equal; then the earlier start wins."""


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """A job's hold on capacity.

    Attributes:
        place: Where.
        slots: Which slots.
        cost_g: What it costs in all.
        index: The column it was taken from, or the row of windows if paused.
        short: Its slot that is not filled, counted from the row's first; -1: no pause.
    """

    place: int
    slots: slice | Ints
    cost_g: float
    index: int
    short: int = -1

    @property
    def hull(self) -> tuple[int, int]:
        """The first slot, and the one after the last."""
        if isinstance(self.slots, slice):
            return self.slots.start, self.slots.stop
        return int(self.slots[0]), int(self.slots[-1]) + 1


class Board:
    """Free capacity, and every job's stay.

    Jobs choose by guided cost: what a run costs, and what the capacity that it holds is
    worth to others (`Prices`).
    """

    def __init__(self, sites: Sites, jobs: Jobs, runs: Columns, rows: Windows) -> None:
        self.sites, self.jobs, self.runs, self.rows = sites, jobs, runs, rows
        self.free = sites.usable()
        self.stays: list[Stay | None] = [None] * len(jobs)
        self._hull = np.full((3, len(jobs)), -1, dtype=np.int64)
        self._blocked = np.zeros((sites.places, sites.slots + 1), dtype=np.int64)
        row = runs.place * (sites.slots + 1)
        self._from, self._to = row + runs.first, row + runs.stop
        self.guide()

    def guide(self, price_g: Floats | None = None) -> None:
        """Choose under these prices from now on; None: by true costs."""
        none = price_g is None
        self._price_g = np.zeros_like(self.free) if price_g is None else price_g
        self._guided_g = self.runs.cost_g if none else self.runs.guided_g(self._price_g)

    def cost_g(self) -> float:
        """Return what all stays cost."""
        return float(sum(stay.cost_g for stay in self.stays if stay))

    def fits(self, job: int, free: Floats) -> Bools:
        """Return which columns of `job` `free` would hold."""
        owned = self.runs.of(job)
        short = free < self.jobs.units[job] - TOLERANCE
        np.cumsum(short, axis=1, out=self._blocked[:, 1:])
        flat = self._blocked.reshape(-1)
        return np.asarray(flat[self._to[owned]] == flat[self._from[owned]])

    def best(self, job: int, free: Floats | None = None) -> tuple[float, Stay] | None:
        """Return the guided cost and stay that `job` would choose; None: no room.

        Args:
            job: Which.
            free: Shape (places, slots): chooses as if this were free; None: what is.
        """
        free = self.free if free is None else free
        found = self._best_column(job, free)
        owned = self.rows.of(job)
        if owned.stop == owned.start:
            return found
        paused = cheapest(self.rows, self._price_g, at=owned, free=free)
        row = int(paused.guided_g.argmin())
        guided_g = float(paused.guided_g[row])
        if not guided_g < (found[0] if found else np.inf):
            return found
        return guided_g, self._paused(
            owned.start + row, np.flatnonzero(paused.taken[row]), int(paused.short[row])
        )

    def column(self, index: int) -> Stay:
        """Return the stay of a column."""
        return Stay(
            place=int(self.runs.place[index]),
            slots=slice(int(self.runs.first[index]), int(self.runs.stop[index])),
            cost_g=float(self.runs.cost_g[index]),
            index=index,
        )

    def put(self, job: int, stay: Stay) -> None:
        """Have `job` hold its units."""
        self.stays[job] = stay
        self._hull[:, job] = stay.place, *stay.hull
        self.free[stay.place, stay.slots] -= self.jobs.units[job]

    def take(self, job: int) -> Stay:
        """Have `job` let go; return what it held."""
        stay = self.stays[job]
        if stay is None:
            raise ValueError(f"job {job} holds nothing")
        self.stays[job] = None
        self._hull[0, job] = -1
        self.free[stay.place, stay.slots] += self.jobs.units[job]
        return stay

    def neighbours(self, stay: Stay) -> list[int]:
        """Return the jobs that hold units in any slot of `stay`."""
        place, first, stop = self._hull
        start, end = stay.hull
        near = (place == stay.place) & (first < end) & (stop > start)
        asked = self.mask(stay)
        return [
            job
            for job in np.flatnonzero(near).tolist()
            if (its := self.stays[job]) and asked[its.slots].any()
        ]

    def mask(self, stay: Stay) -> Bools:
        """Return which slots `stay` holds, shape (slots,)."""
        mask = np.zeros(self.sites.slots, dtype=bool)
        mask[stay.slots] = True
        return mask

    def holds(self, stay: Stay, units: float) -> bool:
        """Say whether what is free would hold `units` more in all slots of `stay`."""
        return bool((self.free[stay.place, stay.slots] >= units - TOLERANCE).all())

    def _best_column(self, job: int, free: Floats) -> tuple[float, Stay] | None:
        owned = self.runs.of(job)
        if owned.stop == owned.start:
            return None
        guided_g = np.where(self.fits(job, free), self._guided_g[owned], np.inf)
        least_g = float(guided_g.min())
        if np.isinf(least_g):
            return None
        tied = np.flatnonzero(guided_g <= least_g + TIE * abs(least_g))
        best = int(tied[self.runs.start_s[owned][tied].argmin()])
        return float(guided_g[best]), self.column(owned.start + best)

    def _paused(self, row: int, taken: Ints, short: int) -> Stay:
        return Stay(
            place=int(self.rows.place[row]),
            slots=self.rows.first[row] + taken,
            cost_g=cost_g(self.rows, row, taken, short),
            index=row,
            short=short,
        )
