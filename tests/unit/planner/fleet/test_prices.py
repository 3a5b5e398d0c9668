import numpy as np
import pytest
from hypothesis import given, settings

from greenops.planner.fleet.columns import columns
from greenops.planner.fleet.exact import exact
from greenops.planner.fleet.pauses import windows
from greenops.planner.fleet.prices import Prices, bound_g
from greenops.planner.fleet.problem import jobs_at
from greenops.planner.fleet.relaxed import relaxed_g
from tests.unit.planner.fleet.fleets import fleets, sites


@settings(max_examples=100, deadline=None)
@given(fleets())
def test_no_prices_promise_more_than_the_best_plan_needs(drawn):
    where, jobs = drawn
    runs, rows = columns(where, jobs), windows(where, jobs)
    plan = exact(where, jobs)
    served = np.zeros(len(jobs), dtype=bool)
    served[[run.job for run in plan.runs]] = True
    any_g = np.random.default_rng(1).integers(0, 99, where.rate_g_per_j.shape)

    for price_g in (np.zeros_like(where.rate_g_per_j), any_g.astype(float)):
        assert bound_g(where, runs, rows, price_g, served) <= plan.cost_g + 1e-6


def test_prices_climb_to_the_optimum_of_the_relaxation():
    where = sites([[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]], 2)
    jobs = jobs_at(where, units=[1, 1, 2, 1], duration_s=[10, 20, 10, 8], deadline_s=30)
    prices = Prices.none(where)

    prices.climb(
        where,
        columns(where, jobs),
        windows(where, jobs),
        cost_g=exact(where, jobs).cost_g,
        steps=500,
    )

    assert prices.bound_g == pytest.approx(relaxed_g(where, jobs), rel=1e-3)


def test_prices_stay_at_zero_where_nobody_competes():
    where = sites([[1.0, 2.0, 4.0]], 9)
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=30)
    prices = Prices.none(where)

    prices.climb(
        where, columns(where, jobs), windows(where, jobs), cost_g=20.0, steps=50
    )

    assert not prices.price_g.any()
    assert prices.bound_g == pytest.approx(20.0)
