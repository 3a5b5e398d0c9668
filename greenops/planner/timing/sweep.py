"""The cheapest way through a grid of work done and time idled.

Coordinates: `p`, steps of work done, and `u`, steps of idling so far (overheads of
pauses included), so that the time is p + u. Working moves along p at the same u;
pausing moves along u at the same p. So one array over u is swept over p, and the
prefix minimum over u finds the best pause that ends anywhere. What happens is kept
in one bit per cell and kind, from which the plan is read backwards.

Why a grid is enough: for a given order of all events and edges, the cost is linear in
the u and p of the stretches, and every constraint bounds a single one of them or the
difference of two (with p counted downwards). Such a system is totally unimodular: its
vertices lie on every grid that holds all of its constants.
Source: Schrijver, Theory of Linear and Integer Programming (1986), chapter 19.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from greenops.planner.timing.grid import Grid
from greenops.planner.timing.whole_costs import NEVER, Whole, WholeCosts

Bits = NDArray[np.uint8]
PAUSED = 1
"""A pause costs this much on top, so that none is made that saves nothing."""


def cheapest(
    grid: Grid, costs: WholeCosts, max_pauses: int | None
) -> list[tuple[int, int]] | None:
    """Return the start and length of each stretch's work in steps; None: none fits.

    Among equals: the fewest pauses (where they are limited), then the earliest done.

    Args:
        grid: Lengths in steps, with at least one step of idling possible.
        costs: Over the same steps.
        max_pauses: None: any number; takes one layer of memory and time instead of
            one per pause.
    """
    sweep = _Sweep(grid, costs, 1 if max_pauses is None else max_pauses + 1)
    sweep.through()
    return sweep.backwards()


class _Sweep:
    """State of the sweep; rows are layers: pauses so far, or a single one for all."""

    def __init__(self, grid: Grid, costs: WholeCosts, layers: int) -> None:
        self.grid, self.costs, self.layers = grid, costs, layers
        self.gap = grid.pause + grid.resume
        shape = (layers, grid.idle)
        # Both as if no work had cost anything: the line's costs are taken off.
        self.working = np.full(shape, NEVER)
        self.ending = np.full(shape, NEVER)
        self.ending_from = np.zeros(shape, dtype=np.int32)
        self.begun = [np.full(shape, NEVER) for _ in range(grid.min_run)]
        self.line = np.zeros(grid.idle, dtype=np.int64)
        self.took: dict[int, Bits] = {}
        self.paused: dict[int, Bits] = {}
        # By the time of the pause, and by the time at which work goes on.
        wait, overhead = costs.wait, costs.overhead
        before, after = grid.pause, grid.resume
        ends = wait.size - before
        self.leaving = overhead[before:] - overhead[:ends] - wait[before:] + PAUSED
        self.coming = wait[: wait.size - after] + overhead[after:]
        self.coming -= overhead[: overhead.size - after]

    def through(self) -> None:
        """Sweep over the work, from none to all of it."""
        grid, least = self.grid, self.grid.min_run
        idle, first = grid.idle, grid.first
        waited = self.costs.wait[:idle]
        resumed = self.costs.overhead[first : first + idle]
        self.begun[0][0] = waited + resumed - self.costs.overhead[:idle]
        for done, line in enumerate(self._lines()):
            if done >= least:
                source = self.begun[done % least]
                self.took[done] = np.packbits(source < self.working, axis=-1)
                np.minimum(self.working, source, out=self.working)
            if 0 < done < grid.work:
                self.begun[done % least] = self._begun(done, line)
                if done > grid.work - least:
                    self._end_with(done)
        self.line = line

    def _lines(self) -> Iterator[Whole]:
        """Yield what working without a pause up to p costs at each u, for every p."""
        grid = self.grid
        line = np.zeros(grid.idle, dtype=np.int64)
        bounds = grid.knots.tolist()
        for costs, (low, high) in zip(self.costs.phases, pairwise(bounds), strict=True):
            ahead = costs[grid.first :]
            base = line - ahead[low : low + grid.idle]
            for done in range(low, high):
                yield base + ahead[done : done + grid.idle]
            line = base + ahead[high : high + grid.idle]
        yield line

    def _begun(self, done: int, line: Whole) -> Whole:
        """Return what it costs to go on at each u after a pause with `done` done."""
        begun = np.full_like(self.working, NEVER)
        room = self.grid.idle - self.gap
        if done < self.grid.min_run or room <= 0:
            return begun
        at = self.grid.first + done
        left = self.working[:, :room] + line[:room] + self.leaving[at : at + room]
        best = np.minimum.accumulate(left, axis=-1)
        is_new = np.ones(left.shape, dtype=bool)
        np.less(left[:, 1:], best[:, :-1], out=is_new[:, 1:])
        self.paused[done] = np.packbits(is_new, axis=-1)
        came = at + self.grid.pause
        best += self.coming[came : came + room] - line[self.gap :]
        if self.layers == 1:
            begun[:, self.gap :] = best
        else:
            begun[1:, self.gap :] = best[:-1]
        return begun

    def _end_with(self, done: int) -> None:
        """Note where the last stretch may begin, although it is a short one."""
        begun = self.begun[done % self.grid.min_run]
        better = begun < self.ending
        np.copyto(self.ending, begun, where=better)
        self.ending_from[better] = done

    def backwards(self) -> list[tuple[int, int]] | None:
        """Read the stretches from the last to the first."""
        total = np.minimum(self.working, self.ending) + self.line
        layer, idled = (int(i) for i in np.unravel_index(total.argmin(), total.shape))
        if total[layer, idled] >= self.costs.unknown // 2:
            return None
        done = self.grid.work
        if self.ending[layer, idled] < self.working[layer, idled]:
            begin = int(self.ending_from[layer, idled])
        else:
            begin = self._began(done, layer, idled)
        stretches = [(self._time(begin, idled), done - begin)]
        while begin:
            layer -= self.layers > 1
            ended = np.unpackbits(self.paused[begin][layer])[: idled - self.gap + 1]
            idled, done = int(np.flatnonzero(ended)[-1]), begin
            begin = self._began(done, layer, idled)
            stretches.append((self._time(begin, idled), done - begin))
        return stretches[::-1]

    def _time(self, done: int, idled: int) -> int:
        return self.grid.first + idled + done

    def _began(self, done: int, layer: int, idled: int) -> int:
        """Return where the stretch that had done `done` began."""
        byte, bit = divmod(idled, 8)
        while not self.took[done][layer, byte] & (128 >> bit):
            done -= 1
        return done - self.grid.min_run
