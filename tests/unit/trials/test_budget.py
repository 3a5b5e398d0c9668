import math

import pytest

from greenops.trials.budget import Budget, payback_steps, quads_within


@pytest.mark.parametrize(
    "bad", [{"share": 0.0}, {"share": 2.0}, {"expected_j": 0.0}, {"steps_left": -1}]
)
def test_an_impossible_budget_is_refused(bad):
    with pytest.raises(ValueError, match=r"share|energy|steps"):
        Budget(**bad)


def test_a_percent_of_the_run_is_allowed_by_default():
    assert Budget(expected_j=5000.0).allowed_j(1.0) == 50.0
    assert Budget(steps_left=1000).allowed_j(2.0) == 20.0
    assert math.isinf(Budget().allowed_j(2.0))


@pytest.mark.parametrize(
    ("left_j", "quad_j", "quads"),
    [(10.0, 3.0, 3), (-1.0, 3.0, 0), (math.inf, 3.0, math.inf), (1.0, 0.0, math.inf)],
)
def test_only_whole_quads_fit(left_j, quad_j, quads):
    assert quads_within(left_j, quad_j) == quads


@pytest.mark.parametrize(
    ("cost_j", "saved_j", "steps"), [(10.0, 0.3, 34), (0.0, 0.3, 0), (10.0, 0.0, None)]
)
def test_a_cost_is_paid_back_by_what_is_saved(cost_j, saved_j, steps):
    assert payback_steps(cost_j, saved_j) == steps
