import pytest

from greenops.model import Pausing
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.task import Task
from tests.unit.planner.curves import NAN, H


@pytest.mark.parametrize(
    "limits",
    [
        {"pause_s": -1.0},
        {"resume_s": NAN},
        {"factor": -0.5},
        {"min_run_s": float("inf")},
        {"max_pauses": -1},
    ],
    ids=lambda limits: next(iter(limits)),
)
def test_limits_that_are_none_are_refused(limits):
    with pytest.raises(ValueError, match="pause"):
        Pauses(**limits)


@pytest.mark.parametrize(
    ("pausing", "resume_s", "factor"),
    [
        (Pausing(), 0.0, 1.0),
        (Pausing(pause_s=60.0, resume_s=120.0), 120.0, 1.0),
        (Pausing(pause_s=60.0, resume_s=120.0, energy_j=9000.0), 120.0, 1.5),
        (Pausing(energy_j=9000.0), 60.0, 1.5),
    ],
    ids=["free", "at the job's power", "with energy on top", "energy in no time"],
)
def test_all_energy_of_a_pause_is_drawn_by_its_overheads(pausing, resume_s, factor):
    pauses = Pauses.of(pausing, 100.0)

    assert (pauses.pause_s, pauses.resume_s) == (pausing.pause_s, resume_s)
    assert pauses.factor == pytest.approx(factor)


def test_limits_are_taken_over():
    pauses = Pauses.of(Pausing(min_run_s=H, max_pauses=2), 100.0, resuming=True)

    assert (pauses.min_run_s, pauses.max_pauses, pauses.resuming) == (H, 2, True)


def test_a_paused_job_in_one_stretch_resumes_before_its_phases():
    task = Task(H, ((0.5 * H, 1.0), (0.5 * H, 2.0)))
    pauses = Pauses(resume_s=60.0, factor=0.5)

    assert pauses.unbroken(task) is task
    resumed = Pauses(resume_s=60.0, factor=0.5, resuming=True).unbroken(task)
    assert resumed.duration_s == H + 60.0
    assert resumed.phases == ((60.0, 0.5), *task.phases)
