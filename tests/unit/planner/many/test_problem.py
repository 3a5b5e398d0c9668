import numpy as np
import pytest

from greenops.planner.many.problem import ManyJobs, Rates

SOUND = {
    "duration_s": [5.0, 5.0],
    "power_w": [1.0, 1.0],
    "earliest_s": [0.0, 0.0],
    "deadline_s": [9.0, np.inf],
    "may_pause": [False, True],
    "allowed": [[True], [True]],
}


def made(**fields):
    return ManyJobs(**{n: np.array(v) for n, v in (SOUND | fields).items()})


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("duration_s", [5.0, 0.0], "positive; it is not for job 1"),
        ("duration_s", [5.0, np.nan], "positive; it is not for job 1"),
        ("power_w", [-1.0, 1.0], "not negative; it is not for job 0"),
        ("earliest_s", [0.0, np.inf], "not negative; it is not for job 1"),
        ("deadline_s", [np.nan, 1.0], "must be a number; it is not for job 0"),
        ("allowed", [[True]], "allowed is not for 2 jobs"),
        ("fixed_g", [[1.0, 2.0], [1.0, 2.0]], "shape of allowed"),
        ("fixed_g", [[1.0], [np.inf]], "finite; it is not for job 1"),
    ],
)
def test_jobs_that_cannot_be_are_refused(field, values, said):
    with pytest.raises(ValueError, match=said):
        made(**{field: values})


@pytest.mark.parametrize(
    ("slot_s", "rate", "said"),
    [
        (0.0, [[1.0]], "length must be positive"),
        (1.0, [1.0], "places, slots"),
        (1.0, [[]], "places, slots"),
        (1.0, [[np.inf]], "finite, or NaN"),
    ],
)
def test_rates_that_cannot_be_are_refused(slot_s, rate, said):
    with pytest.raises(ValueError, match=said):
        Rates(slot_s=slot_s, rate_g_per_j=np.array(rate))


def test_places_with_the_same_hours_are_looked_at_once():
    rates = Rates(
        slot_s=1.0, rate_g_per_j=np.array([[2.0, np.nan], [1.0, 1.0], [2.0, np.nan]])
    )

    alike, kind = rates.alike()

    assert alike.places == 2
    assert np.array_equal(alike.rate_g_per_j[kind], rates.rate_g_per_j, equal_nan=True)


def test_of_places_alike_the_one_that_costs_least_to_reach_is_kept():
    jobs = made(
        allowed=[[True, True, False], [False, True, True]],
        fixed_g=[[3.0, 2.0, 1.0], [1.0, 7.0, 5.0]],
    )

    base_g, place = jobs.least_base_g(np.array([0, 1]), np.array([0, 1, 0]))

    assert base_g.tolist() == [[3.0, 2.0], [5.0, 7.0]]
    assert place.tolist() == [[0, 1], [2, 1]]
