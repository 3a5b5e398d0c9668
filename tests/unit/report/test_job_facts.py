"""The attempts at a job, as its events tell them."""

from datetime import UTC, datetime, timedelta

from greenops.model import JobEvent, JobState
from greenops.report.job_facts import attempts_of

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIVE = {"live": True}


def told(*steps):
    """Make events of `(state, number of the attempt, facts)`, one a minute."""
    return [
        JobEvent(
            job_id="a",
            seq=seq,
            at=at(seq),
            state=state,
            why="so",
            attempt_id=f"a.{number}" if number else None,
            place="lab" if number else None,
            facts=facts,
        )
        for seq, (state, number, facts) in enumerate(steps)
    ]


def at(minute):
    return T0 + timedelta(minutes=minute)


def test_a_job_that_waits_was_not_attempted():
    assert attempts_of(told((JobState.WAITING, 0, {}))) == []


def test_an_attempt_that_was_refused_never_began():
    (one,) = attempts_of(
        told(
            (JobState.WAITING, 0, {}),
            (JobState.STARTING, 1, LIVE),
            (JobState.WAITING, 1, {"refusals": 1}),
        )
    )

    assert (one.handed_over_at, one.began_at, one.ended_at) == (at(1), None, at(2))
    assert (one.exit_code, one.exit_signal) == (None, None)


def test_an_attempt_that_runs_has_not_ended():
    (one,) = attempts_of(
        told(
            (JobState.STARTING, 1, LIVE),
            (JobState.RUNNING, 1, LIVE | {"run_id": "r1", "handle": "17"}),
            (JobState.RUNNING, 1, LIVE),
        )
    )

    assert (one.began_at, one.ended_at) == (at(1), None)
    assert (one.run_id, one.handle) == ("r1", "17")


def test_each_attempt_ends_in_its_own_way_whatever_comes_between():
    """A job that waits, is held and is released keeps the id of its last attempt."""
    first, second = attempts_of(
        told(
            (JobState.STARTING, 1, LIVE),
            (JobState.RUNNING, 1, LIVE),
            (JobState.PAUSING, 1, LIVE),
            (JobState.PAUSED, 1, {"exit_code": 75, "run_id": "r1"}),
            (JobState.HELD, 1, {}),
            (JobState.PAUSED, 1, {}),
            (JobState.STARTING, 2, LIVE),
            (JobState.RUNNING, 2, LIVE),
            (JobState.FAILED, 2, {"exit_signal": 9, "run_id": "r2"}),
        )
    )

    assert (first.exit_code, first.ended_at, first.run_id) == (75, at(3), "r1")
    assert (second.exit_signal, second.ended_at, second.run_id) == (9, at(8), "r2")
    assert (first.place, second.place) == ("lab", "lab")


def test_facts_of_another_kind_than_expected_are_left_out():
    (one,) = attempts_of(
        told((JobState.DONE, 1, {"exit_code": "0", "run_id": 3, "handle": None}))
    )

    assert (one.exit_code, one.run_id, one.handle) == (None, None, None)
