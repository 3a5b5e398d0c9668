import numpy as np
import pytest

from greenops.planner.fleet.problem import Sites, jobs_at, whole_slots
from tests.unit.planner.fleet.fleets import sites


@pytest.mark.parametrize("slot_s", [0.0, -1.0, np.inf, np.nan])
def test_slots_without_a_length_are_refused(slot_s):
    with pytest.raises(ValueError, match="slot's length must be positive"):
        sites([[1.0]], slot_s=slot_s)


@pytest.mark.parametrize(
    ("rate", "free", "said"),
    [
        pytest.param([1.0], [1.0], "places, slots", id="one dimension"),
        pytest.param([[1.0, 2.0]], [[1.0]], "places, slots", id="shapes differ"),
        pytest.param([[np.inf]], [[1.0]], "finite or NaN", id="infinite rate"),
        pytest.param([[1.0]], [[np.nan]], "free units finite", id="unknown capacity"),
    ],
)
def test_strange_places_are_refused(rate, free, said):
    with pytest.raises(ValueError, match=said):
        Sites(slot_s=1.0, rate_g_per_j=np.array(rate), free_units=np.array(free))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("units", [1, 0]),
        ("units", [1, np.nan]),
        ("duration_s", [10, -1]),
        ("duration_s", [10, np.inf]),
        ("power_w", [1, -2]),
        ("earliest_s", [0, -1]),
        ("earliest_s", [0, np.nan]),
        ("fixed_g", [0, np.inf]),
        ("deadline_s", [9, np.nan]),
        ("late_g_per_s", [0, -1]),
    ],
)
def test_numbers_that_cannot_be_are_refused_by_name_and_job(field, values):
    fields = {"units": [1, 1], "duration_s": [9, 9], "deadline_s": [99, 99]}

    with pytest.raises(ValueError, match=rf"{field} must .*; it is not for jobs 1$"):
        jobs_at(sites([[1.0]]), **fields | {field: values})


def test_a_field_of_another_length_is_refused():
    with pytest.raises(ValueError, match="broadcast"):
        jobs_at(sites([[1.0]]), units=[1, 1], duration_s=[9, 9, 9], deadline_s=99)


def test_negative_free_units_mean_that_nothing_is_free():
    assert sites([[1.0, np.nan]], [[-3.0, 5.0]]).usable().tolist() == [[0.0, -1.0]]


def test_jobs_are_served_by_priority_then_by_how_long_they_wait_then_by_deadline():
    jobs = jobs_at(
        sites([[1.0]]),
        units=[1, 1, 1, 1],
        duration_s=1,
        deadline_s=[9, 9, 5, 9],
        priority=[0, 1, 0, 0],
        waiting_since_s=[-7, 0, -7, -8],
    )

    assert jobs.order().tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize(
    ("duration_s", "slots"), [(0.5, 1), (10, 1), (10 + 1e-9, 1), (10.1, 2), (30, 3)]
)
def test_a_duration_takes_the_fewest_slots_that_hold_it(duration_s, slots):
    assert whole_slots(np.array([duration_s]), 10.0).tolist() == [slots]
