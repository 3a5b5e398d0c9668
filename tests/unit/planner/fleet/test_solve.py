import pytest
from hypothesis import given, settings

from greenops.planner.fleet.exact import exact
from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.problem import jobs_at
from greenops.planner.fleet.solve import plan_fleet
from tests.unit.planner.fleet.fleets import assert_sound, fleets, sites
from tests.unit.planner.fleet.test_fast import crowd


def test_a_small_fleet_gets_the_best_plan():
    where = sites([[1.0, 3.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=20)
    plan = plan_fleet(where, jobs)

    assert plan.exact
    assert plan.cost_g == 40


@settings(max_examples=60, deadline=None)
@given(fleets())
def test_whatever_is_called_the_best_is_the_best(drawn):
    where, jobs = drawn
    plan, best = plan_fleet(where, jobs), exact(where, jobs)

    assert plan.exact
    assert plan.cost_g == pytest.approx(best.cost_g, abs=1e-6)
    assert [run.job for run in plan.runs] == [run.job for run in best.runs]


def test_where_nobody_competes_the_best_plan_needs_no_solver():
    where, jobs = crowd(1, times=1000.0)

    assert near_best(where, jobs).exact


def test_a_large_fleet_gets_one_near_it_and_is_told_how_near():
    where, jobs = crowd(1)
    plan = plan_fleet(where, jobs)

    assert_sound(where, jobs, plan)
    assert not plan.exact
    assert 0 < plan.bound_g < plan.cost_g
