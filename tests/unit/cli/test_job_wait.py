"""Staying with a job until it has ended."""

import os
from datetime import UTC, datetime

import pytest

from greenops.agent.lifecycle import submitted
from greenops.cli.job_wait import INTERRUPTED, wait_for
from greenops.executors.job_folder import open_log
from greenops.ledger.jobs import LedgerJobs
from greenops.model import JobEvent, JobState
from tests.unit.ledger.job_records import JOB_ID, a_spec

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def store(home):
    jobs = LedgerJobs(
        home / "data" / "greenops" / "ledger.db", home / "state" / "greenops" / "jobs"
    )
    jobs.add(JOB_ID, a_spec(), submitted(JOB_ID, NOW, "ada", held=False))
    yield jobs
    jobs.close()


def log(home, text):
    fd = open_log(home / "state" / "greenops" / "jobs" / JOB_ID)
    os.write(fd, text)
    os.close(fd)


def end(store, state, **facts):
    ended = JobEvent(
        job_id=JOB_ID, seq=1, at=NOW, state=state, why="it ended", facts=facts
    )
    store.append(ended)


@pytest.mark.parametrize(
    ("state", "facts", "status"),
    [
        pytest.param(JobState.DONE, {"exit_code": 0}, 0, id="done"),
        pytest.param(JobState.FAILED, {"exit_code": 3}, 3, id="failed"),
        pytest.param(JobState.FAILED, {"exit_signal": 9}, 137, id="killed"),
        pytest.param(JobState.FAILED, {}, 1, id="nobody knows how"),
        pytest.param(JobState.CANCELLED, {}, 1, id="cancelled before it ran"),
    ],
)
def test_it_ends_as_the_job_did_and_shows_what_it_wrote(
    home, store, capfdbinary, state, facts, status
):
    log(home, b"epoch 1\n\xff\x00")
    end(store, state, **facts)

    assert wait_for(JOB_ID) == status
    said = capfdbinary.readouterr()
    assert said.out == b"epoch 1\n\xff\x00"
    assert f"job {JOB_ID} is {state}".encode() in said.err


def test_what_comes_while_it_waits_is_shown(home, store, capfdbinary):
    log(home, b"one\n")
    looks = iter(
        (lambda: log(home, b"two\n"), lambda: end(store, JobState.DONE, exit_code=0))
    )

    status = wait_for(JOB_ID, sleep=lambda _: next(looks)())

    assert status == 0
    assert capfdbinary.readouterr().out == b"one\ntwo\n"


@pytest.mark.usefixtures("store")
def test_an_interrupt_leaves_the_job_and_says_how_to_come_back(capfd):
    def interrupted(_):
        raise KeyboardInterrupt

    assert wait_for(JOB_ID, sleep=interrupted) == INTERRUPTED
    assert f"greenops logs -f {JOB_ID}" in capfd.readouterr().err
