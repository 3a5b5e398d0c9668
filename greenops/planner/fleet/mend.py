"""Finds room for jobs that filling left out, in the order in which they are served.

First others are moved, as long as every one of them finds another stay. Then those who
are served later give way; they may find room elsewhere, or are left out themselves. So
a job goes without only where even the absence of all that come after it would not help.
"""

import heapq
from collections.abc import Iterable

import numpy as np

from greenops.planner.fleet.board import TOLERANCE, Board, Stay
from greenops.planner.fleet.problem import Ints
from greenops.planner.ranges import least_in, least_table

MOST_TRIES = 4
"""Stretches tried per job when others are moved to make room."""


def mend(board: Board, left: Iterable[int]) -> list[int]:
    """Seat what can be seated; return the jobs that stay without, ascending."""
    rank = np.empty(len(board.jobs), dtype=np.int64)
    rank[board.jobs.order()] = np.arange(len(board.jobs))
    without = sorted(left, key=lambda job: rank[job])
    changed = bool(without)
    while changed:
        waiting = [(int(rank[job]), job) for job in without]
        without, changed = _round(board, rank, waiting)
    return sorted(without)


def _round(
    board: Board, rank: Ints, waiting: list[tuple[int, int]]
) -> tuple[list[int], bool]:
    """Try all who wait once, and whom they displaced; say if any was seated."""
    without, changed = [], False
    heapq.heapify(waiting)
    while waiting:
        job = heapq.heappop(waiting)[1]
        if _seat(board, job) or _make_room(board, job):
            changed = True
            continue
        displaced = _displace(board, job, rank)
        if displaced is None:
            displaced = _start_over(board, job, rank)
        if displaced is None:
            without.append(job)
            continue
        changed = True
        for other in displaced:
            heapq.heappush(waiting, (int(rank[other]), other))
    return without, changed


def _seat(board: Board, job: int) -> bool:
    found = board.best(job)
    if found is not None:
        board.put(job, found[1])
    return found is not None


def _make_room(board: Board, job: int) -> bool:
    """Seat `job` by moving others, none of which goes without; undo what fails."""
    return any(_moved(board, job, stay) for stay in _nearly_free(board, job))


def _nearly_free(board: Board, job: int) -> list[Stay]:
    """Return the few stretches of `job` that lack the fewest units."""
    owned = board.runs.of(job)
    if owned.stop == owned.start:
        return []
    runs = board.runs
    free = least_in(
        least_table(board.free), runs.place[owned], runs.first[owned], runs.stop[owned]
    )
    nearest = np.argsort(-free, kind="stable")[:MOST_TRIES]
    return [board.column(owned.start + int(index)) for index in nearest]


def _moved(board: Board, job: int, stay: Stay) -> bool:
    was: dict[int, Stay] = {}
    for other in reversed(_holders(board, stay)):
        if board.holds(stay, board.jobs.units[job]):
            break
        was[other] = board.take(other)
    board.put(job, stay)
    seated = []
    for other in reversed(was):
        if not _seat(board, other):
            break
        seated.append(other)
    if len(seated) == len(was):
        return True
    for other in [*seated, job]:
        board.take(other)
    for other, old in was.items():
        board.put(other, old)
    return False


def _displace(board: Board, job: int, rank: Ints) -> list[int] | None:
    """Seat `job` where only jobs served later give way; return these, or None."""
    free = board.free.copy()
    for other, stay in enumerate(board.stays):
        if stay is not None and rank[other] > rank[job]:
            free[stay.place, stay.slots] += board.jobs.units[other]
    found = board.best(job, free)
    if found is None:
        return None
    stay, gone = found[1], []
    for other in sorted(_holders(board, stay), key=lambda other: -rank[other]):
        if board.holds(stay, board.jobs.units[job]):
            break
        if _lacking(board, stay, other, board.jobs.units[job]):
            board.take(other)
            gone.append(other)
    board.put(job, stay)
    return gone


def _start_over(board: Board, job: int, rank: Ints) -> list[int] | None:
    """Seat `job` as if it were last, moving those before it; return who lost a stay."""
    later = np.flatnonzero(rank > rank[job]).tolist()
    was = {other: board.take(other) for other in later if board.stays[other]}
    seated = bool(was) and _make_room(board, job)
    gone = []
    for other, stay in was.items():
        if board.holds(stay, board.jobs.units[other]):
            board.put(other, stay)
        else:
            gone.append(other)
    return gone if seated else None


def _holders(board: Board, stay: Stay) -> list[int]:
    """Return who holds units where `stay` would, those that hold most first."""
    held = [
        (-float(board.jobs.units[other]) * int(board.mask(its).sum()), other)
        for other in board.neighbours(stay)
        if (its := board.stays[other])
    ]
    return [other for _, other in sorted(held)]


def _lacking(board: Board, stay: Stay, other: int, units: float) -> bool:
    """Say whether `other` holds units in a slot where too few are free for `stay`."""
    its = board.stays[other]
    if its is None:
        return False
    both = board.mask(its) & board.mask(stay)
    return bool((board.free[stay.place, both] < units - TOLERANCE).any())
