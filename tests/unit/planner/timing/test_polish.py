import tracemalloc

import numpy as np
import pytest

from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.polish import MOST_STRETCHES, polished
from greenops.planner.timing.problem import Problem
from greenops.planner.timing.stretches import drafted
from greenops.planner.timing.task import Task
from tests.unit.planner.curves import H, hourly

MIB = 1 << 20


def problem_of(hours, work_s):
    rates = 1.0 + np.arange(hours) % 3
    return Problem(
        curve=hourly(*rates),
        task=Task(work_s),
        pauses=Pauses(),
        earliest_s=0.0,
        deadline_s=hours * H,
    )


def test_bounds_move_to_the_edges_where_that_is_cheaper():
    problem = problem_of(4, 1800.0)  # rates 1, 2, 3, 1
    draft = drafted([H / 2, 3 * H + 600.0], [1200.0, 600.0])

    moved = polished(problem, draft)

    assert problem.costs_g(moved) <= problem.costs_g(draft)
    assert moved.work_s.sum() == pytest.approx(1800.0)


def test_very_many_stretches_are_left_as_they_are_in_little_memory():
    count = 40 * MOST_STRETCHES
    problem = problem_of(count, 600.0 * count)
    draft = drafted(np.arange(count) * H, np.full(count, 600.0))

    tracemalloc.start()
    moved = polished(problem, draft)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert moved is draft
    assert peak < MIB
