"""Moving the bounds of stretches off a rounded grid, for as long as that helps.

Two bounds move at a time, so that the work stays the same: along the way the cost is
linear until something meets an edge of the curve, a neighbour or a limit. So the
nearest such places are tried.
"""

import numpy as np

from greenops.planner.distinct import distinct
from greenops.planner.timing.curve import SLIVER_S, Floats
from greenops.planner.timing.problem import Problem
from greenops.planner.timing.starts import noise_g
from greenops.planner.timing.stretches import Draft

ROUNDS = 200
"""More than any problem seen has needed; each round is an improvement in itself."""
MOST_STRETCHES = 24
"""Ways of moving grow with the square of the stretches, and each has as many bounds."""
ROUNDING_S = 1e-9


def polished(problem: Problem, draft: Draft) -> Draft:
    """Return a draft that costs no more and that no such move makes cheaper.

    One of very many stretches is returned as it is: what rounding costs is spread thin.

    Args:
        problem: Which limits hold.
        draft: Keeps them; shape (k,).
    """
    if draft.work_s.size > MOST_STRETCHES:
        return draft
    cost_g = float(problem.costs_g(draft))
    least_g = noise_g(problem.curve, problem.task)
    for _ in range(ROUNDS):
        moved = _kept(problem, _moved(problem, draft))
        if not moved.work_s.size:
            break
        costs_g = np.nan_to_num(problem.costs_g(moved), nan=np.inf)
        best = int(np.argmin(costs_g))
        if not costs_g[best] < cost_g - least_g:
            break
        cost_g = float(costs_g[best])
        draft = Draft(moved.work_start_s[best], moved.work_s[best])
    return draft


def _moved(problem: Problem, draft: Draft) -> Draft:
    """Return every way of moving two bounds, shape (ways, k)."""
    count = draft.work_s.size
    # Bounds in order: start, stop, start, ...; a start that moves on takes work away.
    signs = np.tile([-1.0, 1.0], count)
    rows = []
    for i in range(count):
        steps_s = _steps_s(problem, draft, i)
        for bound in (2 * i, 2 * i + 1):
            for other in range(2 * count):
                if other != bound:
                    both = signs[bound] * signs[other]
                    rows += [(bound, s, other, -both * s) for s in steps_s]
    first, first_s, other, other_s = np.array(rows).T
    by_s = np.zeros((first.size, 2 * count))
    np.put_along_axis(by_s, first.astype(int)[:, None], first_s[:, None], axis=1)
    np.put_along_axis(by_s, other.astype(int)[:, None], other_s[:, None], axis=1)
    return Draft(
        draft.work_start_s + by_s[:, 0::2],
        draft.work_s - by_s[:, 0::2] + by_s[:, 1::2],
    )


def _steps_s(problem: Problem, draft: Draft, index: int) -> Floats:
    """Return by how much a bound of one stretch can move until something happens."""
    starts_s, stops_s = draft.starts_s(problem.pauses), draft.stops_s(problem.pauses)
    bounds_s = [problem.earliest_s, problem.deadline_s]
    anchors_s = distinct(
        np.concatenate((problem.curve.edges_s, bounds_s, starts_s, stops_s))
    )
    work_s, start_s = draft.work_s[index], draft.work_start_s[index]
    knots_s = problem.task.knots_s - draft.work_s[:index].sum()
    within_s = start_s + knots_s[(knots_s > 0) & (knots_s < work_s)]
    own_s = np.concatenate(
        ([starts_s[index], start_s, start_s + work_s, stops_s[index]], within_s)
    )
    after = np.searchsorted(anchors_s, own_s + SLIVER_S)
    before = np.searchsorted(anchors_s, own_s - SLIVER_S) - 1
    last = anchors_s.size - 1
    steps_s = np.concatenate(
        (
            anchors_s[np.minimum(after, last)] - own_s,
            anchors_s[np.maximum(before, 0)] - own_s,
        )
    )
    spare_s = work_s - problem.pauses.min_run_s
    return distinct(np.append(steps_s, [spare_s, -spare_s]))


def _kept(problem: Problem, draft: Draft) -> Draft:
    """Return the drafts that keep to all limits but unknown hours."""
    starts_s, stops_s = draft.starts_s(problem.pauses), draft.stops_s(problem.pauses)
    work_s = draft.work_s
    kept = (
        (starts_s[:, 0] >= problem.earliest_s - ROUNDING_S)
        & (stops_s[:, -1] <= problem.deadline_s + ROUNDING_S)
        & (starts_s[:, 1:] >= stops_s[:, :-1] - ROUNDING_S).all(axis=1)
        & (work_s[:, :-1] >= problem.pauses.min_run_s - ROUNDING_S).all(axis=1)
        & (work_s > SLIVER_S).all(axis=1)
    )
    return Draft(draft.work_start_s[kept], work_s[kept])
