import numpy as np
import pytest

from greenops.planner.fleet.columns import columns
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.fleets import sites


def starts(where, **fields):
    found = columns(where, jobs_at(where, units=[1], **fields))
    return list(
        zip(found.first.tolist(), found.stop.tolist(), found.start_s, strict=True)
    )


def test_a_run_starts_at_an_edge_where_its_first_slot_is_the_cheaper_one():
    where = sites([[1.0, 2.0]])

    assert starts(where, duration_s=15, deadline_s=20) == [(0, 2, 0.0)]


def test_a_run_stops_at_an_edge_where_its_last_slot_is_the_cheaper_one():
    where = sites([[2.0, 1.0]])

    assert starts(where, duration_s=15, deadline_s=20) == [(0, 2, 5.0)]


def test_a_window_too_tight_for_edges_is_used_at_its_bounds():
    where = sites([[2.0, 1.0, 1.0]])

    found = starts(where, duration_s=10, earliest_s=4, deadline_s=16)

    assert found == [(0, 2, 4.0), (0, 2, 6.0)]


def test_a_late_start_is_weighed_against_its_penalty_at_the_deadline_itself():
    where = sites([[9.0, 1.0]])

    found = starts(where, duration_s=12, deadline_s=15, late_g_per_s=8.5)

    assert found == [(0, 2, 3.0)]


def test_without_a_penalty_worth_waiting_for_a_soft_deadline_is_kept():
    where = sites([[9.0, 1.0, 1.0]])
    jobs = jobs_at(where, units=[1], duration_s=10, deadline_s=10, late_g_per_s=100)
    found = columns(where, jobs)

    assert found.start_s[found.cost_g.argmin()] == 0


@pytest.mark.parametrize(
    ("rate", "free", "first"),
    [
        pytest.param([1, np.nan, 1, 1], 1, [2], id="unknown"),
        pytest.param([1, 1, 1, 1], [[1, 0, 1, 1]], [2], id="taken"),
        pytest.param([1, 1, np.nan, 1], 1, [0], id="unknown later"),
    ],
)
def test_runs_leave_out_slots_that_are_unknown_or_taken(rate, free, first):
    where = sites([rate], free)

    found = starts(where, duration_s=20, deadline_s=40)

    assert [each[0] for each in found] == first


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"duration_s": 30, "deadline_s": 20}, id="too long"),
        pytest.param({"duration_s": 5, "deadline_s": -1}, id="deadline in the past"),
        pytest.param(
            {"duration_s": 5, "deadline_s": 20, "allowed": False}, id="nowhere"
        ),
        pytest.param(
            {"duration_s": 5, "deadline_s": 99, "earliest_s": 36}, id="beyond"
        ),
    ],
)
def test_a_job_that_fits_nowhere_has_no_columns(fields):
    assert starts(sites([[1.0, 1.0, 1.0, 1.0]]), **fields) == []


def test_capacity_is_paid_for_in_every_slot_that_is_touched():
    where = sites([[1.0, 1.0], [1.0, 1.0]], 5)
    jobs = jobs_at(where, units=[3], duration_s=12, deadline_s=20)
    found = columns(where, jobs)

    guided_g = found.guided_g(np.array([[0.0, 1.0], [2.0, 4.0]]))

    assert (guided_g - found.cost_g).tolist() == [3.0, 18.0]
