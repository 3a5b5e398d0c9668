"""Seats jobs one after the other, then moves each to where it is cheaper."""

from collections.abc import Iterable

import numpy as np

from greenops.planner.fleet.board import Board, Stay
from greenops.planner.fleet.problem import Ints, Jobs, whole_slots

LEAST_GAIN = 1e-12
"""Share of the cost below which a gain is rounding."""


def hardest_first(jobs: Jobs, slot_s: float) -> Ints:
    """Return the jobs that are hardest to fit between others first: long, wide ones.

    By slots times the root of units: by slots alone wide jobs, by their product long
    ones find no good place any more. Measured: `docs/decisions/0146-*`.
    """
    slots = whole_slots(jobs.duration_s, slot_s).min(axis=1, initial=1 << 62)
    return np.lexsort((-slots, -slots * np.sqrt(jobs.units))).astype(np.int64)


def seat(board: Board, order: Iterable[int]) -> list[int]:
    """Seat each job at its best; return those that found no room, in order."""
    left = []
    for job in order:
        found = board.best(job)
        if found is None:
            left.append(job)
        else:
            board.put(job, found[1])
    return left


def settle(board: Board, order: Iterable[int]) -> bool:
    """Move each job to its cheapest free stay, true costs counting; say if any moved.

    No job is made worse, so that the plan costs less after every move.
    """
    moved = False
    board.guide()
    for job in order:
        if board.stays[job] is not None:
            old = board.take(job)
            new = _better(board, job, old)
            moved |= new is not old
            board.put(job, new)
    return moved


def _better(board: Board, job: int, old: Stay) -> Stay:
    found = board.best(job)
    if found is None:
        return old
    gain_g = old.cost_g - found[1].cost_g
    return found[1] if gain_g > LEAST_GAIN * abs(old.cost_g) else old
