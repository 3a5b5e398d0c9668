"""What people ask of jobs: who may ask it, and what comes of it without a daemon."""

import os
import time
from datetime import UTC, datetime

import pytest

from greenops.agent.lifecycle import submitted
from greenops.agent.standing import Job, Standing
from greenops.config import Config
from greenops.errors import JobNotFoundError, LedgerUnavailableError
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.model import JobEvent, JobSpec, JobState, RequestKind
from greenops.wire.steer import Steering, may_steer_all

NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path):
    return Config(ledger_path=tmp_path / "ledger.db", state_path=tmp_path / "state")


@pytest.fixture
def store(config):
    made = LedgerJobs(config.ledger_path, config.state_path / "jobs")
    yield made
    made.close()


@pytest.fixture
def steering(config):
    """Make what asks, as somebody; everything is closed again."""
    made = []

    def make(**options):
        made.append(Steering(config, **{"user": "ada"} | options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def add(store, job_id="job-a", *, user="ada", to=()):
    """Add a job and lead it through the states `to`; attempts of it are live."""
    spec = JobSpec(name="train", argv=("true",), cwd="/", user=user)
    store.add(job_id, spec, submitted(job_id, NOW, user, held=False))
    for seq, state in enumerate(to, start=1):
        live = not state.final and state is not JobState.HELD
        facts = Standing(attempts=1, live=live, began=live).facts()
        store.append(
            JobEvent(job_id=job_id, seq=seq, at=NOW, state=state, why="so", facts=facts)
        )


def state(store, job_id="job-a"):
    return store.job(job_id)[2][-1].state


RUNNING = (JobState.STARTING, JobState.RUNNING)


@pytest.mark.parametrize("kind", RequestKind)
def test_somebody_elses_job_is_refused_with_the_reason(store, steering, kind):
    add(store, user="grace")

    (outcome,) = steering(all_theirs=lambda _: False).ask(("job-a",), kind)

    assert outcome.done is False
    assert "grace's" in outcome.words
    assert store.requests() == []
    assert state(store) is JobState.WAITING


def test_one_job_of_somebody_else_does_not_keep_ones_own_from_being_held(
    store, steering
):
    add(store, "job-a", user="grace")
    add(store, "job-b")

    asked = steering(all_theirs=lambda _: False).ask(
        ("job-a", "job-b"), RequestKind.HOLD
    )

    assert [(o.job_id, o.done) for o in asked] == [("job-a", False), ("job-b", True)]


def test_the_owner_of_a_ledger_steers_all_of_its_jobs(store, steering, config):
    add(store, user="grace")

    assert may_steer_all(config.ledger_path)
    (outcome,) = steering().ask(("job-a",), RequestKind.CANCEL)
    assert outcome.done
    assert state(store) is JobState.CANCELLED


@pytest.mark.parametrize("end", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
@pytest.mark.parametrize("kind", RequestKind)
def test_what_has_ended_is_answered_at_once_daemon_or_not(
    store, steering, config, end, kind
):
    add(store, to=(*RUNNING, end))
    seat = DaemonSeat(config.ledger_path)
    assert seat.take()
    try:
        (outcome,) = steering(wait_s=600.0).ask(("job-a",), kind)
    finally:
        seat.leave()

    assert f"ended already: it is {end}" in outcome.words
    assert outcome.done is (end is JobState.CANCELLED and kind is RequestKind.CANCEL)
    assert store.requests() == []


def test_all_silence_of_a_daemon_is_waited_for_once(store, steering, config):
    """A wait of its own for each of the three would be eighteen looks."""
    for name in ("job-a", "job-b", "job-c"):
        add(store, name)
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        time.sleep(seconds)

    seat = DaemonSeat(config.ledger_path)
    assert seat.take()
    try:
        works = steering(wait_s=0.3, sleep=sleep)
        asked = [*works.ask(("job-a", "job-b", "job-c"), RequestKind.HOLD)]
    finally:
        seat.leave()

    assert [o.done for o in asked] == [None] * 3
    assert len(looks) <= 7
    assert [r.job_id for r in store.requests()] == ["job-a", "job-b", "job-c"]


def test_run_now_is_kept_for_a_daemon(store, steering):
    add(store)

    (outcome,) = steering().ask(("job-a",), RequestKind.RUN_NOW)

    assert outcome.done is None
    assert "daemon --detach" in outcome.words
    assert [r.kind for r in store.requests()] == [RequestKind.RUN_NOW]


def test_a_daemon_that_starts_a_job_in_that_very_moment_is_left_to_cancel_it(
    store, steering, monkeypatch
):
    """It wrote its next event between the look at the seat and ours."""
    add(store)
    works = steering(wait_s=0.0)
    written = LedgerJobs.append
    raced: list[object] = []

    def race(self, *events, **more):
        if self is not store and not raced:
            raced.append(events)
            _, spec, before = store.job("job-a")
            job = Job(job_id="job-a", spec=spec, last=before[-1])
            live = Standing(attempts=1, live=True)
            written(store, job.then(JobState.STARTING, "its time", NOW, live))
        written(self, *events, **more)

    monkeypatch.setattr(LedgerJobs, "append", race)
    (outcome,) = works.ask(("job-a",), RequestKind.CANCEL)

    assert outcome.done is None
    assert state(store) is JobState.STARTING
    assert [r.kind for r in store.requests()] == [RequestKind.CANCEL]


def test_a_job_named_twice_is_asked_once(store, steering):
    add(store)

    asked = [*steering().ask(("job-a", "train", "last"), RequestKind.HOLD)]

    assert [o.job_id for o in asked] == ["job-a"]


def test_asking_leaves_the_seat_to_a_daemon_while_its_answers_are_read(
    store, steering, config
):
    add(store)
    asked = steering().ask(("job-a",), RequestKind.HOLD)
    next(asked)

    seat = DaemonSeat(config.ledger_path)
    assert seat.take()
    seat.leave()


@pytest.mark.parametrize(
    "name", ["", "%", "../job-a", "job-a\0", "\udcff", "x" * 100_000, "'; DROP TABLE"]
)
def test_a_hostile_name_finds_nothing_and_asks_nothing(store, steering, name):
    add(store)

    with pytest.raises(JobNotFoundError):
        list(steering().ask((name,), RequestKind.CANCEL))
    assert store.requests() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_ledger_that_cannot_be_written_is_said(store, steering, config):
    add(store)
    store.close()
    config.ledger_path.chmod(0o400)

    with pytest.raises(LedgerUnavailableError, match="cannot write"):
        list(steering().ask(("job-a",), RequestKind.HOLD))
