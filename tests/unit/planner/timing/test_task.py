import numpy as np
import pytest

from greenops.planner.timing.task import Task
from tests.unit.planner.curves import NAN, H, hourly


@pytest.mark.parametrize("duration_s", [0.0, -1.0, NAN, np.inf])
def test_a_run_time_that_is_none_is_refused(duration_s):
    with pytest.raises(ValueError, match="duration_s must be above 0 s"):
        Task(duration_s)


@pytest.mark.parametrize(
    ("phases", "said"),
    [
        (((H, 1.0), (H, 1.0)), "the phases last 7200.0 s, the job 3600.0 s"),
        (((H, NAN),), "factor of 0 or more"),
        (((0.0, 1.0), (H, 1.0)), "more than 0 s"),
        (((H, -1.0),), "factor of 0 or more"),
    ],
    ids=["too long", "no number", "no time", "negative"],
)
def test_phases_that_are_none_are_refused(phases, said):
    with pytest.raises(ValueError, match=said):
        Task(H, phases)


def test_phases_weigh_the_parts_of_a_run():
    task = Task(2 * H, ((0.5 * H, 2.0), (1.5 * H, 1.0)))
    curve = hourly(10, 20, 30, NAN)

    costs_g = task.run_g(curve, np.array([0.0, 0.5 * H, H, 1.5 * H]))

    # From 0: half an hour of 10 twice, the other half once, an hour of 20.
    assert costs_g.tolist() == pytest.approx([35.0, 45.0, 60.0, NAN], nan_ok=True)
