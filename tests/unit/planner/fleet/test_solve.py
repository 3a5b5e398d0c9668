from greenops.planner.fleet.problem import jobs_at
from greenops.planner.fleet.solve import plan_fleet
from tests.unit.planner.fleet.fleets import assert_sound, sites
from tests.unit.planner.fleet.test_fast import crowd


def test_a_small_fleet_gets_the_best_plan():
    where = sites([[1.0, 3.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=20)
    plan = plan_fleet(where, jobs)

    assert plan.exact
    assert plan.cost_g == 40


def test_a_large_fleet_gets_one_near_it_and_is_told_how_near():
    where, jobs = crowd(1)
    plan = plan_fleet(where, jobs)

    assert_sound(where, jobs, plan)
    assert not plan.exact
    assert 0 < plan.bound_g < plan.cost_g
