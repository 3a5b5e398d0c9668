"""The measured runs of a job's attempts, with their bounds."""

import contextlib

import pytest

from greenops.ledger.job_query import JobLedger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import JOB_ID_TAG, RunStatus
from tests.unit.report import records as r


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def recorder(path):
    made = LedgerRecorder(path)
    yield made
    made.close()


def begin(recorder, run_id, job_id):
    recorder.begin(r.run(run_id, "train", tags={JOB_ID_TAG: job_id}, recorder_pid=1))
    recorder.add_devices(run_id, [r.GPU, r.CPU])


def found(path, job_id):
    with contextlib.closing(JobLedger(path)) as ledger:
        return ledger.attempt_runs(job_id)


def test_without_a_ledger_there_are_no_runs(path):
    assert found(path, "job-a") == []


def test_a_run_that_goes_on_has_no_figures_yet(path, recorder):
    begin(recorder, "r1", "job-a")
    assert recorder.flush(10)

    (run,) = found(path, "job-a")
    assert run.status is RunStatus.RUNNING
    assert (run.duration_s, run.energy_j, run.total_g) == (None, None, None)


def test_the_bounds_are_those_of_its_footprint(path, recorder):
    begin(recorder, "r1", "job-a")
    stated = r.footprint(1100.0, 5.0)
    recorder.finish(
        r.end("r1", 10), [r.total(r.GPU, 1000.0), r.total(r.CPU, 100.0)], stated
    )
    assert recorder.flush(10)

    (run,) = found(path, "job-a")
    assert run.energy_j == stated.energy_j
    assert run.total_g == stated.total_g
    assert run.duration_s == 10


def test_without_a_footprint_energy_is_that_of_the_devices(path, recorder):
    begin(recorder, "r1", "job-a")
    totals = [r.total(r.GPU, 1000.0), r.total(r.CPU, 100.0)]
    recorder.finish(r.end("r1", 10), totals, None)
    assert recorder.flush(10)

    (run,) = found(path, "job-a")
    assert run.energy_j is not None
    assert run.energy_j.central == 1100.0
    assert run.energy_j.low == pytest.approx(sum(t.job_low_j for t in totals))
    assert run.total_g is None


def test_only_runs_of_that_very_job_are_found(path, recorder):
    for i, job_id in enumerate(("job-a", "job-ab", "x" * 500, "x" * 500 + "y")):
        begin(recorder, f"r{i}", job_id)
    assert recorder.flush(10)

    assert [run.run_id for run in found(path, "job-a")] == ["r0"]
    assert [run.run_id for run in found(path, "x" * 500)] == ["r2"]
