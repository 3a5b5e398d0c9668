from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from greenops.planner.fleet.pauses import cheapest, cost_g, windows
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.fleets import fleets, sites


@settings(max_examples=200, deadline=None)
@given(fleets(most_slots=8))
def test_slots_chosen_under_prices_are_the_cheapest_there_are(drawn):
    where, jobs = drawn
    rows = windows(where, jobs)
    prices = np.random.default_rng(0).integers(0, 90, where.rate_g_per_j.shape)
    found = cheapest(rows, prices.astype(float), free=None)

    for row in range(len(rows)):
        least_g = np.inf
        for slots in combinations(range(rows.width[row]), int(rows.count[row])):
            at = list(slots)
            full_g = rows.full_g[row, at]
            if np.isfinite(full_g).all():
                held_g = rows.units[row] * prices.reshape(-1)[rows.cell[row, at]].sum()
                run_g = full_g.sum() - rows.spare[row] * full_g.max()
                least_g = min(least_g, rows.fixed_g[row] + run_g + held_g)
        assert found.guided_g[row] == pytest.approx(least_g)


def test_the_slot_that_is_not_filled_is_the_dearest_of_those_taken():
    where = sites([[5.0, 1.0, 4.0, 2.0]])
    jobs = jobs_at(where, units=[1], duration_s=25, deadline_s=40, may_pause=True)
    rows = windows(where, jobs)
    found = cheapest(rows, np.zeros((1, 4)), free=None)

    assert found.taken[0].tolist() == [False, True, True, True]
    assert found.short[0] == 2
    assert cost_g(rows, 0, np.array([1, 2, 3]), 2) == 10 + 20 + 20


def test_a_dear_slot_is_taken_where_leaving_it_empty_pays_for_it():
    where = sites([[1.0, 1.0, 9.0, 9.0]])
    jobs = jobs_at(where, units=[1], duration_s=10.5, deadline_s=40, may_pause=True)
    rows = windows(where, jobs)
    prices = np.array([[0.0, 50.0, 0.0, 90.0]])
    found = cheapest(rows, prices, free=None)

    assert found.taken[0].tolist() == [True, False, True, False]
    assert found.guided_g[0] == pytest.approx(10 + 0.5 * 9)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"may_pause": False, "duration_s": 15}, id="may not pause"),
        pytest.param({"may_pause": True, "duration_s": 8}, id="a single slot"),
        pytest.param({"may_pause": True, "duration_s": 39}, id="no room for a pause"),
        pytest.param(
            {"may_pause": True, "duration_s": 15, "allowed": False}, id="nowhere"
        ),
    ],
)
def test_no_window_is_made_where_a_pause_is_of_no_use(fields):
    where = sites([[1.0, 1.0, 1.0, 1.0]])
    jobs = jobs_at(where, units=[1], deadline_s=40, **fields)

    assert len(windows(where, jobs)) == 0


def test_too_few_slots_left_cost_more_than_anything():
    where = sites([[1.0, 1.0, 1.0, 1.0]])
    jobs = jobs_at(where, units=[1], duration_s=20, deadline_s=40, may_pause=True)
    free = np.array([[0.0, 0.0, 1.0, 0.0]])

    assert np.isinf(cheapest(windows(where, jobs), free * 0, free=free).guided_g[0])
