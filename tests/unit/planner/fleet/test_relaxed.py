import pytest
from hypothesis import given, settings

from greenops.errors import GreenopsError
from greenops.planner.fleet.exact import exact
from greenops.planner.fleet.problem import jobs_at
from greenops.planner.fleet.relaxed import relaxed_g
from tests.unit.planner.fleet.fleets import fleets, sites


@settings(max_examples=60, deadline=None)
@given(fleets())
def test_the_relaxation_never_costs_more_than_the_best_plan(drawn):
    where, jobs = drawn
    plan = exact(where, jobs)
    if any(each.binding == "capacity" for each in plan.unserved):
        return

    assert relaxed_g(where, jobs) <= plan.cost_g + 1e-6


def test_half_a_job_here_and_half_there_costs_less_than_one_whole():
    where = sites([[1.0, 9.0], [1.0, 9.0]], [[3, 4], [3, 4]])
    jobs = jobs_at(where, units=[2, 2, 2], duration_s=10, deadline_s=20)

    assert exact(where, jobs).cost_g == pytest.approx(10 + 10 + 90)
    assert relaxed_g(where, jobs) == pytest.approx(30)


def test_jobs_that_do_not_fit_even_in_parts_are_told():
    where = sites([[1.0]], 1)
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=10)

    with pytest.raises(GreenopsError, match="no optimum"):
        relaxed_g(where, jobs)


def test_no_jobs_cost_nothing():
    where = sites([[1.0]])

    assert relaxed_g(where, jobs_at(where, units=[], duration_s=[], deadline_s=[])) == 0
