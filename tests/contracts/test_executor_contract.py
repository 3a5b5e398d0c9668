"""What every executor owes, whatever engine it drives."""

import time
from datetime import UTC

import pytest

from greenops.errors import ExecutorError, ExecutorRefusedError
from greenops.model import AttemptState, PlaceHealth
from tests.executors.rigs import FakeRig, LocalRig

RUNNING, FROZEN = AttemptState.RUNNING, AttemptState.FROZEN
ENDED, VOID, UNKNOWN = AttemptState.ENDED, AttemptState.VOID, AttemptState.UNKNOWN


@pytest.fixture(params=[LocalRig, FakeRig], ids=lambda rig: rig.kind)
def rig(request, tmp_path):
    """An executor, and jobs that wait for the test."""
    rig = request.param(tmp_path)
    yield rig
    rig.close()


def test_what_was_never_accepted_is_unknown(rig):
    statuses = rig.executor.poll(["a1", "a2"])

    assert {s.state for s in statuses.values()} == {UNKNOWN}
    assert list(statuses) == ["a1", "a2"]


def test_nothing_asked_is_nothing_answered(rig):
    assert rig.executor.poll([]) == {}


@pytest.mark.parametrize("code", [0, 1, 75, 255])
def test_an_attempt_runs_and_ends_with_its_exit_status(rig, code):
    rig.executor.submit(rig.attempt())
    running = rig.begin()
    rig.finish(code=code)
    ended = rig.wait_for(ENDED)

    assert (running.exit_code, running.exit_signal) == (None, None)
    assert (ended.exit_code, ended.exit_signal) == (code, None)
    assert rig.ran() == 1


def test_an_end_has_its_times_and_a_running_attempt_a_handle(rig):
    rig.executor.submit(rig.attempt())
    running = rig.begin()
    rig.finish()
    ended = rig.wait_for(ENDED)

    assert running.handle
    assert ended.started_at.tzinfo is UTC
    assert ended.started_at <= ended.ended_at


def test_handed_over_twice_it_runs_once(rig):
    for _ in range(2):
        rig.executor.submit(rig.attempt())
    rig.begin()
    rig.executor.submit(rig.attempt())
    rig.finish(code=3)
    rig.wait_for(ENDED)
    rig.executor.submit(rig.attempt())

    assert rig.status().exit_code == 3
    assert rig.ran() == 1


def test_the_exit_status_is_kept_until_it_is_forgotten(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.finish(code=7)
    rig.wait_for(ENDED)

    assert rig.again().poll(["a1"])["a1"].exit_code == 7
    rig.executor.forget("a1")
    rig.executor.forget("a1")
    assert rig.status().state is UNKNOWN
    assert rig.again().poll(["a1"])["a1"].state is UNKNOWN


def test_one_that_runs_is_not_forgotten(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()

    with pytest.raises(ExecutorError):
        rig.executor.forget("a1")

    assert rig.status().state is RUNNING


def test_the_next_daemon_finds_what_runs(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.executor = rig.again()

    assert rig.status().state is RUNNING
    rig.executor.submit(rig.attempt())
    rig.finish()
    assert rig.wait_for(ENDED).exit_code == 0
    assert rig.ran() == 1


def test_a_voided_attempt_never_begins(rig):
    assert rig.executor.void("a1")
    assert rig.executor.void("a1")
    with pytest.raises(ExecutorRefusedError):
        rig.executor.submit(rig.attempt())

    assert rig.status().state is VOID
    assert rig.ran() == 0


def test_one_that_has_begun_is_not_voided_and_goes_on(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()

    assert not rig.executor.void("a1")

    assert rig.status().state is RUNNING
    rig.finish(code=2)
    assert rig.wait_for(ENDED).exit_code == 2
    assert not rig.executor.void("a1")


def test_an_id_is_one_jobs_alone(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()

    with pytest.raises(ExecutorRefusedError):
        rig.executor.submit(rig.attempt(job_id="another"))


def test_a_signal_reaches_the_job(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.executor.signal("a1", "USR1")
    rig.pass_time(0.2)
    rig.finish(code=75)

    assert rig.wait_for(ENDED).exit_code == 75
    assert rig.got() == ["USR1"]


def test_a_frozen_job_says_so_and_goes_on_when_asked_to(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.executor.signal("a1", "STOP")
    rig.wait_for(FROZEN)
    rig.pass_time(0.1)
    assert rig.status().state is FROZEN

    rig.executor.signal("a1", "CONT")
    rig.wait_for(RUNNING)
    rig.finish()
    assert rig.wait_for(ENDED).exit_code == 0


def test_a_cancelled_job_is_asked_to_end(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.executor.cancel("a1", 30.0)
    ended = rig.wait_for(ENDED)

    assert (ended.exit_code, ended.exit_signal) == (None, 15)


def test_one_that_does_not_end_is_killed_after_its_grace(rig):
    rig.executor.submit(rig.stubborn())
    rig.begin()
    begun = time.monotonic()
    rig.executor.cancel("a1", 0.7)
    assert time.monotonic() - begun < 0.5
    assert rig.status().state is RUNNING
    rig.pass_time(0.8)
    ended = rig.wait_for(ENDED)

    assert (ended.exit_code, ended.exit_signal) == (None, 9)


def test_a_grace_may_be_shortened(rig):
    rig.executor.submit(rig.stubborn())
    rig.begin()
    rig.executor.cancel("a1", 3600.0)
    rig.executor.cancel("a1", 0.1)
    rig.executor.cancel("a1", 3600.0)
    rig.pass_time(0.2)

    assert rig.wait_for(ENDED).exit_signal == 9


def test_a_frozen_job_can_be_cancelled(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.executor.signal("a1", "STOP")
    rig.wait_for(FROZEN)
    rig.executor.cancel("a1", 30.0)

    assert rig.wait_for(ENDED).exit_signal == 15


def test_nothing_happens_to_what_is_not_there_or_is_over(rig):
    rig.executor.cancel("nobody", 1.0)
    rig.executor.signal("nobody", "USR1")
    rig.executor.forget("nobody")
    rig.executor.submit(rig.attempt())
    rig.begin()
    rig.finish(code=4)
    rig.wait_for(ENDED)
    rig.executor.cancel("a1", 0.0)
    rig.executor.signal("a1", "USR1")

    assert rig.status().exit_code == 4
    assert rig.status("nobody").state is UNKNOWN


def test_attempts_are_told_apart(rig):
    for name in ("a1", "a2", "a3"):
        rig.executor.submit(rig.attempt(name))
        rig.begin(name)
    rig.finish("a2", code=2)
    rig.wait_for(ENDED, "a2")
    rig.executor.cancel("a3", 30.0)
    rig.wait_for(ENDED, "a3")

    found = rig.executor.poll(["a3", "a1", "a2", "a4"])
    assert {k: s.state for k, s in found.items()} == {
        "a1": RUNNING, "a2": ENDED, "a3": ENDED, "a4": UNKNOWN,
    }  # fmt: skip
    assert (found["a2"].exit_code, found["a3"].exit_signal) == (2, 15)


def test_health_is_said_and_never_raised(rig):
    good = rig.executor.health("here", {})
    odd = rig.executor.health("no such place", {"nonsense": object()})

    assert good.usable
    assert good.at.tzinfo is UTC
    assert isinstance(odd, PlaceHealth)
