import numpy as np
import pytest
from hypothesis import given, settings

from greenops.planner.fleet.exact import exact
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.brute import best
from tests.unit.planner.fleet.fleets import assert_sound, fleets, sites


@settings(max_examples=150, deadline=None)
@given(fleets(most_jobs=4, most_slots=4))
def test_no_plan_serves_more_or_costs_less(drawn):
    where, jobs = drawn
    plan = exact(where, jobs)

    assert_sound(where, jobs, plan)
    served, cost_g = best(where, jobs)
    runs = {run.job for run in plan.runs}
    assert tuple(job in runs for job in jobs.order().tolist()) == served
    assert plan.cost_g == pytest.approx(cost_g, abs=1e-6)


def test_of_two_jobs_for_one_place_the_higher_priority_is_served():
    where = sites([[1.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=10, priority=[0, 1])

    plan = exact(where, jobs)

    assert [run.job for run in plan.runs] == [1]


def test_a_high_priority_is_not_outvoted_by_several_low_ones():
    where = sites([[1.0, 1.0]])
    jobs = jobs_at(
        where,
        units=[1, 1, 1],
        duration_s=[20, 10, 10],
        deadline_s=20,
        priority=[1, 0, 0],
    )

    plan = exact(where, jobs)

    assert [run.job for run in plan.runs] == [0]


def test_of_equals_the_longest_waiting_is_served():
    where = sites([[1.0]])
    jobs = jobs_at(
        where, units=[1, 1], duration_s=10, deadline_s=10, waiting_since_s=[-5, -90]
    )

    assert [run.job for run in exact(where, jobs).runs] == [1]


def test_a_fleet_without_jobs_has_an_empty_plan():
    where = sites([[1.0]])
    plan = exact(where, jobs_at(where, units=[], duration_s=[], deadline_s=[]))

    assert plan.runs == ()
    assert plan.cost_g == 0


def test_what_the_best_plan_costs_is_its_own_bound():
    where = sites([[3.0, 1.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=20)
    plan = exact(where, jobs)

    assert plan.exact
    assert plan.bound_g == plan.cost_g == pytest.approx(40.0)
    assert np.array_equal(plan.held_units(where, jobs), [[1.0, 1.0]])
