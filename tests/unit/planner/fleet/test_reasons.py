import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.plan import Binding, Change
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.fleets import fleets, sites


@pytest.mark.parametrize(
    ("rate", "fields", "binding", "changes"),
    [
        pytest.param([1, 1], {"allowed": False}, "no_place", [], id="no place"),
        pytest.param(
            [1, 1], {"units": [3]}, "too_wide", [(0, 0.0, 1.0)], id="too wide"
        ),
        pytest.param(
            [1, 1, 1, 1],
            {"duration_s": 30, "deadline_s": 22},
            "window",
            [(0, 8.0, 0.0)],
            id="longer than its window",
        ),
        pytest.param(
            [1, 1], {"deadline_s": -5}, "window", [(0, 15.0, 0.0)], id="in the past"
        ),
        pytest.param(
            [1, 1],
            {"duration_s": 30, "deadline_s": 50},
            "horizon",
            [],
            id="the plan ends too soon",
        ),
        pytest.param(
            [np.nan, 1, 1],
            {"deadline_s": 15},
            "unknown",
            [(0, 5.0, 0.0)],
            id="hours not known",
        ),
        pytest.param(
            [np.nan, np.nan], {}, "unknown", [], id="no hour known at all"
        ),
    ],
)  # fmt: skip
def test_each_job_left_out_is_told_why_and_what_would_help(
    rate, fields, binding, changes
):
    where = sites([rate], 2)
    all_fields = {"units": [1], "duration_s": 10, "deadline_s": 20} | fields
    plan = near_best(where, jobs_at(where, **all_fields))

    assert plan.runs == ()
    assert [each.binding for each in plan.unserved] == [binding]
    found = plan.unserved[0].changes
    assert [(c.place, c.later_s, c.more_units) for c in found] == changes


def test_capacity_held_by_others_can_be_had_later_or_bought():
    where = sites([[1.0, 1.0, 1.0]], 2)
    jobs = jobs_at(
        where, units=[2, 1], duration_s=[20, 10], deadline_s=[20, 18], priority=[1, 0]
    )
    (left,) = near_best(where, jobs).unserved

    assert (left.job, left.binding) == (1, Binding.CAPACITY)
    assert left.changes == (
        Change(place=0, later_s=12.0),
        Change(place=0, more_units=1.0),
    )


@settings(max_examples=150, deadline=None)
@given(fleets())
def test_every_change_is_enough_with_all_others_as_they_are(drawn):
    where, jobs = drawn
    plan = near_best(where, jobs)
    free = where.free_units - plan.held_units(where, jobs)

    for each in plan.unserved:
        for change in each.changes:
            more = np.maximum(free, 0.0)
            more[change.place] += change.more_units
            later = jobs.deadline_s + change.later_s
            changed = dataclasses.replace(where, free_units=more)
            alone = dataclasses.replace(jobs, deadline_s=later)
            alone = alone.only(np.array([each.job]))
            assert len(near_best(changed, alone).runs) == 1


@settings(max_examples=150, deadline=None)
@given(fleets())
def test_no_smaller_change_of_the_deadline_or_of_a_place_is_enough(drawn):
    where, jobs = drawn
    plan = near_best(where, jobs)
    free = np.maximum(where.free_units - plan.held_units(where, jobs), 0.0)

    for each in plan.unserved:
        for change in each.changes:
            if change.later_s and change.more_units:
                continue
            more = free + max(change.more_units - 0.5, 0.0)
            later = jobs.deadline_s + max(change.later_s - 0.5, 0.0)
            changed = dataclasses.replace(where, free_units=more)
            alone = dataclasses.replace(jobs, deadline_s=later)
            alone = alone.only(np.array([each.job]))
            assert near_best(changed, alone).runs == ()
