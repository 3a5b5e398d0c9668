"""Tidying up in a real state folder, beside a real ledger."""

import contextlib
import sys
from datetime import timedelta

import pytest

from greenops.agent.lifecycle import submitted
from greenops.config import Config
from greenops.executors.job_folder import write_environment
from greenops.ledger.jobs import LedgerJobs
from greenops.model import AttemptState, JobState
from greenops.wire.agent_tidying import Tidier
from greenops.wire.executors import open_local_executor
from tests.executors.rigs import LocalRig
from tests.unit.agent.worlds import T0
from tests.unit.ledger.job_records import a_spec, an_event

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="jobs are run on Linux only"
)


@pytest.fixture
def config(tmp_path):
    return Config(ledger_path=tmp_path / "ledger.db", state_path=tmp_path / "state")


@pytest.fixture
def jobs(config):
    """A ledger with a job that has ended, one that runs, and a folder of neither."""
    folder = config.state_path / "jobs"
    store = LedgerJobs(config.ledger_path, folder)
    for job_id in ("ended", "open"):
        store.add(job_id, a_spec(), submitted(job_id, T0, "ada", held=False))
    store.append(an_event(1, JobState.CANCELLED, "ended", at=T0))
    for job_id in ("ended", "open", "foreign"):
        write_environment(folder / job_id, {b"HF_TOKEN": b"x"})
        (folder / job_id / "checkpoints").mkdir()
    yield folder
    store.close()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_only_what_the_ledger_says_has_ended_is_taken_down(config, jobs):
    with contextlib.closing(Tidier(config, T0, elapsed_s=lambda: 0.0)) as tidier:
        assert tidier.round(T0) == 0
        assert names(jobs / "ended") == ["checkpoints"]
        assert names(jobs / "open") == ["checkpoints", "environment"]
        assert names(jobs / "foreign") == ["checkpoints", "environment"]

    late = T0 + timedelta(days=90)
    with contextlib.closing(Tidier(config, late, elapsed_s=lambda: 0.0)) as tidier:
        assert tidier.round(late) == 1
    assert names(jobs) == ["foreign", "open"]
    with contextlib.closing(LedgerJobs(config.ledger_path, jobs)) as store:
        assert store.job("ended")[2][-1].state is JobState.CANCELLED


def test_an_attempt_that_a_killed_daemon_left_behind_goes_and_its_log_stays(
    config, jobs, tmp_path
):
    rig = LocalRig(tmp_path, runner=("/bin/true",))
    executor = open_local_executor(config.state_path)
    for job_id in ("ended", "open"):
        attempt = rig.attempt(f"{job_id}.1", job_id=job_id, folder=str(jobs / job_id))
        executor.submit(attempt)
        executor.void(attempt.attempt_id)
    late = T0 + timedelta(hours=1)

    with contextlib.closing(Tidier(config, late, elapsed_s=lambda: 0.0)) as tidier:
        tidier.round(late)

    assert executor.attempts() == ["open.1"]
    assert executor.poll(["open.1"])["open.1"].state is AttemptState.VOID
    assert (jobs / "ended" / "output.log").exists()
