import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from greenops.planner.fleet.exact import exact
from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.fleets import assert_sound, fleets, sites


def crowd(seed, jobs=300, *, may_pause=False, times=3.0):
    """Return jobs of all sizes over four days in three places."""
    rng = np.random.default_rng(seed)
    hour = np.arange(120)
    day = 2 + np.sin(2 * np.pi * (hour / 24 + rng.random((3, 1))))
    rate = day * rng.uniform(1, 3, (3, 1)) + 0.2 * rng.random((3, 120))
    units = rng.choice([1.0, 1.0, 1.0, 2.0, 4.0], jobs)
    duration_s = np.exp(rng.normal(8, 1, jobs)).clip(300, 40_000)
    earliest_s = rng.uniform(0, 60 * 3600, jobs)
    work = (units * np.ceil(duration_s / 3600)).sum()
    where = sites(rate, np.ceil(times * work / rate.size), slot_s=3600.0)
    return where, jobs_at(
        where,
        units=units,
        duration_s=duration_s,
        deadline_s=earliest_s + duration_s + 24 * 3600,
        earliest_s=earliest_s,
        power_w=units,
        may_pause=may_pause,
    )


@settings(max_examples=250, deadline=None)
@given(fleets())
def test_no_rule_is_ever_broken(drawn):
    where, jobs = drawn

    assert_sound(where, jobs, near_best(where, jobs))


@settings(max_examples=150, deadline=None)
@given(fleets())
def test_the_bound_holds_and_the_best_plan_lies_between(drawn):
    where, jobs = drawn
    fast, best = near_best(where, jobs), exact(where, jobs)

    assert fast.bound_g <= fast.cost_g + 1e-6
    if [run.job for run in fast.runs] == [run.job for run in best.runs]:
        assert fast.bound_g - 1e-6 <= best.cost_g <= fast.cost_g + 1e-6


@settings(max_examples=150, deadline=None)
@given(fleets())
def test_nobody_goes_without_while_a_lower_one_holds_all_that_it_needs(drawn):
    where, jobs = drawn
    plan = near_best(where, jobs)
    rank = {job: place for place, job in enumerate(jobs.order().tolist())}

    for each in plan.unserved:
        free = where.free_units - plan.held_units(where, jobs)
        for run in plan.runs:
            if rank[run.job] > rank[each.job]:
                free[run.place, run.slots] += jobs.units[run.job]
        alone = dataclasses.replace(where, free_units=free)
        assert near_best(alone, jobs.only(np.array([each.job]))).runs == ()


@pytest.mark.parametrize("may_pause", [False, True])
@pytest.mark.parametrize(("seed", "times"), [(1, 3.0), (2, 3.0), (3, 2.0)])
def test_many_jobs_come_within_a_few_percent_of_the_bound(seed, times, may_pause):
    where, jobs = crowd(seed, may_pause=may_pause, times=times)
    plan = near_best(where, jobs)

    assert_sound(where, jobs, plan)
    assert plan.unserved == ()
    assert plan.cost_g <= 1.04 * plan.bound_g


def test_a_plan_is_the_same_when_made_again():
    where, jobs = crowd(4, jobs=80, may_pause=True)
    one, other = near_best(where, jobs), near_best(where, jobs)

    assert [run.segments_s for run in one.runs] == [
        run.segments_s for run in other.runs
    ]


def test_scaling_all_rates_changes_no_run():
    where, jobs = crowd(5, jobs=80)
    dirtier = dataclasses.replace(where, rate_g_per_j=where.rate_g_per_j * 8)

    one, other = near_best(where, jobs), near_best(dirtier, jobs)

    assert [run.segments_s for run in one.runs] == [
        run.segments_s for run in other.runs
    ]


def test_with_flat_rates_jobs_start_at_once():
    where = sites(np.full((2, 30), 0.3), 5)
    jobs = jobs_at(where, units=[1, 2, 2], duration_s=[7, 33, 50], deadline_s=290)

    assert [run.segments_s[0][0] for run in near_best(where, jobs).runs] == [0, 0, 0]


def test_a_crowd_too_large_is_served_by_priority():
    where = sites([[1.0, 1.0]], 2)
    jobs = jobs_at(
        where,
        units=np.ones(6),
        duration_s=10,
        deadline_s=20,
        priority=[0, 2, 1, 0, 2, 1],
    )
    plan = near_best(where, jobs)

    assert [run.job for run in plan.runs] == [1, 2, 4, 5]
    assert [each.binding for each in plan.unserved] == ["capacity", "capacity"]
