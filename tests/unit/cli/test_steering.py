"""Jobs are steered from the command line, with a daemon or without one."""

import json
import threading
import time
from datetime import UTC, datetime

import pytest

from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Answer, JobState, RequestKind
from tests.unit.cli.job_life import add, run_it, state

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("command", ["cancel", "hold", "release", "run-now", "job"])
def test_an_unknown_job_is_bad_input_with_near_ones(greenops, store, command):
    add(store)

    result = greenops(command, "job-x")

    assert result.exit_code == 2
    assert "job-a" in result.stderr


@pytest.mark.parametrize("command", ["jobs", "job", "logs"])
def test_without_a_ledger_it_says_how_a_job_is_made(greenops, command):
    result = greenops(command)

    assert "Traceback" not in result.stderr
    assert "no job" in result.stderr.lower()


def test_nothing_is_asked_of_any_where_one_is_unknown(greenops, store):
    add(store)

    assert greenops("cancel", "job-a", "nope").exit_code == 2
    assert state(store) is JobState.WAITING
    assert store.requests() == []


def test_without_a_daemon_what_does_not_run_is_steered_at_once(greenops, store):
    add(store)
    for command, then in (
        ("hold", JobState.HELD),
        ("release", JobState.WAITING),
        ("cancel", JobState.CANCELLED),
    ):
        result = greenops(command, "job-a")
        assert result.exit_code == 0
        assert state(store) is then
    assert store.requests() == []


def test_several_jobs_are_steered_each_with_its_answer(greenops, store):
    add(store, "job-a")
    add(store, "job-b", held=True)

    result = greenops("hold", "--json", "job-a", "job-b")

    assert [(o["job_id"], o["done"]) for o in json.loads(result.stdout)] == [
        ("job-a", True), ("job-b", True),
    ]  # fmt: skip


def test_releasing_what_is_not_held_says_how_it_stands(greenops, store):
    add(store)

    assert "it is not held: it is waiting" in greenops("release", "job-a").stdout


def test_holding_what_has_ended_fails(greenops, store):
    add(store)
    greenops("cancel", "job-a")

    result = greenops("hold", "job-a")
    assert result.exit_code == 1
    assert "ended already" in result.stdout


def test_what_runs_waits_for_a_daemon_and_is_written_down(greenops, store):
    add(store)
    run_it(store)

    result = greenops("cancel", "job-a")

    assert (result.exit_code, state(store)) == (0, JobState.RUNNING)
    assert "greenops daemon" in result.stdout
    assert [r.kind for r in store.requests()] == [RequestKind.CANCEL]


def test_a_daemon_is_left_to_answer(greenops, store, home):
    """Its seat is held by a thread that answers as a daemon would."""
    add(store)
    seat = DaemonSeat(home / "data" / "greenops" / "ledger.db")
    assert seat.take()

    def answer():
        mine = LedgerJobs(store._path, home / "state" / "greenops" / "jobs")
        until_s = time.monotonic() + 20.0
        while not (asked := mine.requests()) and time.monotonic() < until_s:
            time.sleep(0.01)
        number = asked[0].request_id
        mine.append(
            answers=[Answer(request_id=number, at=datetime.now(UTC), answer="so be it")]
        )
        mine.close()

    daemon = threading.Thread(target=answer)
    daemon.start()
    try:
        result = greenops("run-now", "job-a")
    finally:
        daemon.join()
        seat.leave()

    assert "so be it" in result.stdout
    assert state(store) is JobState.WAITING  # it was not steered past the daemon


def test_a_silent_daemon_is_not_waited_for_when_told_so(greenops, store, home):
    add(store)
    seat = DaemonSeat(home / "data" / "greenops" / "ledger.db")
    assert seat.take()
    try:
        result = greenops("hold", "--no-wait", "job-a")
    finally:
        seat.leave()

    assert result.exit_code == 0
    assert "has not answered yet" in result.stdout
    assert len(store.requests()) == 1
