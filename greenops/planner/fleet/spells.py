"""From what a job holds to when it runs, in seconds."""

import numpy as np

from greenops.planner.fleet.board import Board, Stay
from greenops.planner.fleet.pauses import Windows
from greenops.planner.fleet.plan import Run
from greenops.planner.fleet.problem import ROUNDING, Ints

Spell = tuple[float, float]


def runs_of(board: Board) -> tuple[Run, ...]:
    """Return the run of every job that has a stay."""
    return tuple(
        _run(board, job, stay)
        for job, stay in enumerate(board.stays)
        if stay is not None
    )


def _run(board: Board, job: int, stay: Stay) -> Run:
    slot_s = board.sites.slot_s
    slots = np.arange(board.sites.slots)[stay.slots]
    if stay.short >= 0:
        spells = spells_s(board.rows, stay.index, slots, stay.short, slot_s)
    else:
        start_s = float(board.runs.start_s[stay.index])
        duration_s = float(board.jobs.duration_s[job, stay.place])
        spells = ((start_s, start_s + duration_s),)
    late_s = spells[-1][1] - float(board.jobs.deadline_s[job])
    return Run(
        job=job,
        place=stay.place,
        slots=slots,
        segments_s=spells,
        cost_g=stay.cost_g,
        late_s=late_s if late_s > ROUNDING * slot_s else 0.0,
    )


def spells_s(
    rows: Windows, row: int, slots: Ints, short: int, slot_s: float
) -> tuple[Spell, ...]:
    """Return when a paused run runs; what touches is one spell.

    The slot that is not filled is left empty at its end, or at its start where that
    spares a pause: where the run goes on after it, but does not come from before it.
    """
    partial = int(rows.first[row]) + short
    empty_s = float(rows.spare[row]) * slot_s
    held = set(slots.tolist())
    at_start = partial + 1 in held and partial - 1 not in held
    spells: list[Spell] = []
    for slot in slots.tolist():
        start_s, stop_s = slot * slot_s, (slot + 1) * slot_s
        if slot == partial and at_start:
            start_s += empty_s
        elif slot == partial:
            stop_s -= empty_s
        if spells and start_s - spells[-1][1] <= ROUNDING * slot_s:
            start_s = spells.pop()[0]
        spells.append((start_s, stop_s))
    return tuple(spells)
