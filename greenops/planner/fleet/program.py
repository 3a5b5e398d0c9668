"""The fleet as a linear program: who runs where and when, in zeros and ones.

A job takes one of its columns, or is paused at one place. There, `in` says which slots
it takes, and `short` which of these is the one that it does not fill. Any prices leave
each job a choice that needs no fractions, so that the relaxation equals the bound that
prices climb to (`prices`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from greenops.planner.fleet.columns import Columns
from greenops.planner.fleet.pauses import Windows
from greenops.planner.fleet.problem import Floats, Ints, Jobs, Sites

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Minimise `cost_g @ x` for x from 0 to 1, with rows of `matrix @ x` in bounds.

    Variables are, in this order: the columns; a row of windows is paused at all; its
    slot is taken; its slot is not filled. The last two exist for usable slots only.

    Attributes:
        cost_g: Shape (variables,).
        matrix: Sparse, shape (constraints, variables).
        low, high: Shape (constraints,).
        owner: Shape (variables,): the job of each.
        slot_row, slot_column: Shape (slots that can be taken,): which entry of the
            windows each pair of `in` and `short` stands for.
        capacity: How many constraints, the first ones, bound capacity.
    """

    cost_g: Floats
    matrix: "csr_matrix"
    low: Floats
    high: Floats
    owner: Ints
    slot_row: Ints
    slot_column: Ints
    capacity: int


class _Entries:
    """Entries of a sparse matrix, gathered block by block."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, Ints, Floats]] = []

    def add(self, row: Ints, column: Ints, value: "NDArray[Any] | float") -> None:
        """Add entries."""
        self._parts.append(
            (row, column, np.broadcast_to(value, row.shape).astype(float))
        )

    def matrix(self, shape: tuple[int, int]) -> "csr_matrix":
        """Return all as a compressed sparse matrix."""
        from scipy.sparse import csr_matrix

        row, column, value = (np.concatenate(p) for p in zip(*self._parts, strict=True))
        return csr_matrix((value, (row, column)), shape=shape)


def program(sites: Sites, jobs: Jobs, runs: Columns, rows: Windows) -> Program:
    """Return the program in which every job is served that has any choice."""
    cells, columns, paused = sites.places * sites.slots, len(runs), len(rows)
    slot_row, slot_column = np.nonzero(np.isfinite(rows.full_g))
    takes = len(slot_row)
    at_pause, at_in, at_short = columns, columns + paused, columns + paused + takes
    taken, short = at_in + np.arange(takes), at_short + np.arange(takes)
    owner = np.concatenate((runs.job, rows.job, np.tile(rows.job[slot_row], 2)))
    entries = _Entries()
    _hold(entries, sites, runs)
    entries.add(rows.cell[slot_row, slot_column], taken, rows.units[slot_row])
    entries.add(cells + runs.job, np.arange(columns), 1.0)
    entries.add(cells + rows.job, at_pause + np.arange(paused), 1.0)
    counted = cells + len(jobs)
    each = np.arange(paused)
    entries.add(counted + slot_row, taken, 1.0)
    entries.add(counted + each, at_pause + each, -rows.count)
    entries.add(counted + paused + slot_row, short, 1.0)
    entries.add(counted + paused + each, at_pause + each, -1.0)
    nested = counted + 2 * paused
    entries.add(nested + np.arange(takes), short, 1.0)
    entries.add(nested + np.arange(takes), taken, -1.0)
    single = nested + takes
    entries.add(single + np.arange(takes), taken, 1.0)
    entries.add(single + np.arange(takes), at_pause + slot_row, -1.0)
    full_g = rows.full_g[slot_row, slot_column]
    served = (np.diff(runs.begins) + np.diff(rows.begins) > 0).astype(float)
    none = np.full(2 * takes, -np.inf)
    return Program(
        cost_g=np.concatenate(
            (runs.cost_g, rows.fixed_g, full_g, -rows.spare[slot_row] * full_g)
        ),
        matrix=entries.matrix((single + takes, at_short + takes)),
        low=np.concatenate(
            (np.full(cells, -np.inf), served, np.zeros(2 * paused), none)
        ),
        high=np.concatenate(
            (_free(sites), served, np.zeros(2 * paused), np.zeros(2 * takes))
        ),
        owner=owner,
        slot_row=slot_row,
        slot_column=slot_column,
        capacity=cells,
    )


def _free(sites: Sites) -> Floats:
    return np.maximum(sites.usable(), 0.0).reshape(-1)


def _hold(entries: _Entries, sites: Sites, runs: Columns) -> None:
    size = runs.stop - runs.first
    column = np.repeat(np.arange(len(runs)), size)
    within = np.arange(len(column)) - np.repeat(np.cumsum(size) - size, size)
    cell = (runs.place * sites.slots + runs.first)[column] + within
    entries.add(cell, column, runs.units[column])
