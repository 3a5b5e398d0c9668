import numpy as np
import pytest

from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.fleets import sites


@pytest.mark.parametrize(
    ("rate", "duration_s", "spells"),
    [
        pytest.param([1, 9, 9, 1, 1], 30, ((0, 10), (30, 50)), id="one pause"),
        pytest.param([9, 2, 1, 9, 9], 15, ((15, 30),), id="empty before, no pause"),
        pytest.param([9, 1, 2, 9, 9], 15, ((10, 25),), id="empty behind"),
        pytest.param([2, 9, 1, 9, 1], 25, ((0, 5), (20, 30), (40, 50)), id="apart"),
        pytest.param([1, 1, 1, 1, 1], 20, ((0, 20),), id="of equals the earliest"),
    ],
)
def test_a_paused_job_runs_in_the_cheapest_slots_with_no_pause_to_spare(
    rate, duration_s, spells
):
    where = sites([rate])
    jobs = jobs_at(
        where, units=[1], duration_s=duration_s, deadline_s=50, may_pause=True
    )
    (run,) = near_best(where, jobs).runs

    assert run.segments_s == spells


def test_a_late_run_says_by_how_much():
    where = sites([[np.nan, 1.0]])
    jobs = jobs_at(where, units=[1], duration_s=10, deadline_s=13, late_g_per_s=1)
    (run,) = near_best(where, jobs).runs

    assert run.late_s == pytest.approx(7)
    assert run.cost_g == pytest.approx(10 + 7)
