"""What every store of jobs owes, wherever it keeps them."""

import contextlib
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest

from greenops.errors import JobChangedError, JobNotFoundError
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Answer, Bounded, IntensityKind, JobState, RequestKind
from greenops.ports import JobHistory, JobStore
from greenops.testing import MemoryJobs
from tests.unit.ledger.job_records import (
    JOB_ID,
    T0,
    a_decision,
    a_full_spec,
    a_spec,
    an_event,
    an_outcome,
)


class Jobs(JobStore, JobHistory, Protocol):
    """What a store is held to here."""


OTHER = "20260102-120000-bbbbbb"


@pytest.fixture(params=["ledger", "memory"])
def store(request, tmp_path):
    """A store without a job."""
    jobs: Jobs = MemoryJobs()
    if request.param == "ledger":
        jobs = LedgerJobs(tmp_path / "data" / "ledger.db", tmp_path / "jobs")
    yield jobs
    jobs.close()


@pytest.fixture
def submitted(store):
    """A store with one job that waits."""
    store.add(JOB_ID, a_spec(), an_event())
    return store


def test_a_submission_reads_back_as_it_was_written(store):
    first = an_event(facts={"by": "ada", "n": 1, "x": 0.5, "yes": True, "none": None})

    store.add(JOB_ID, a_full_spec(), first)

    assert store.job(JOB_ID) == (JOB_ID, a_full_spec(), [first])
    assert store.open_jobs() == {JOB_ID: (a_full_spec(), first)}
    assert store.unreadable() == {}


def test_an_empty_store_has_nothing_to_do(store):
    assert store.open_jobs() == {}
    assert list(store.requests()) == []
    assert list(store.decisions(JOB_ID)) == []
    with pytest.raises(JobNotFoundError):
        store.job("last")


def test_an_id_is_taken_once(submitted):
    with pytest.raises(JobChangedError, match=JOB_ID):
        submitted.add(JOB_ID, a_spec(name="another"), an_event())

    assert submitted.job(JOB_ID)[1].name == "train"


def test_a_first_event_is_number_0(store):
    with pytest.raises(ValueError, match="number 0"):
        store.add(JOB_ID, a_spec(), an_event(1))

    assert store.open_jobs() == {}


def test_events_are_appended_in_order_and_the_last_one_counts(submitted):
    starting = an_event(
        1, JobState.STARTING, attempt_id="a1", place="here", why="its time has come"
    )
    running = an_event(2, JobState.RUNNING, attempt_id="a1", place="here")

    submitted.append(starting)
    submitted.append(running)

    assert submitted.open_jobs()[JOB_ID][1] == running
    assert submitted.job(JOB_ID)[2] == [an_event(), starting, running]


@pytest.mark.parametrize("seq", [0, 2, 7], ids=["taken", "gap", "wide gap"])
def test_an_event_that_is_not_the_next_one_is_refused(submitted, seq):
    with pytest.raises(JobChangedError, match=JOB_ID):
        submitted.append(an_event(seq, JobState.HELD))

    assert submitted.job(JOB_ID)[2] == [an_event()]


def test_nothing_comes_after_the_end(submitted):
    submitted.append(an_event(1, JobState.CANCELLED))

    with pytest.raises(JobChangedError, match="cancelled"):
        submitted.append(an_event(2, JobState.WAITING))
    assert submitted.open_jobs() == {}


def test_nothing_comes_after_the_end_within_one_writing_either(submitted):
    with pytest.raises(JobChangedError):
        submitted.append(an_event(1, JobState.CANCELLED), an_event(2, JobState.WAITING))

    assert submitted.job(JOB_ID)[2] == [an_event()]


def test_an_event_of_a_job_that_is_not_there_is_refused(store):
    with pytest.raises(JobNotFoundError):
        store.append(an_event(1))


def test_of_several_events_all_are_written_or_none(submitted):
    submitted.add(OTHER, a_spec(), an_event(job_id=OTHER))
    number = submitted.ask(JOB_ID, RequestKind.HOLD, "ada", T0)

    with pytest.raises(JobChangedError, match=OTHER):
        submitted.append(
            an_event(1, JobState.HELD),
            an_event(5, JobState.HELD, job_id=OTHER),
            decisions=[a_decision()],
            answers=[Answer(request_id=number, at=T0, answer="held")],
        )

    assert submitted.job(JOB_ID)[2] == [an_event()]
    assert list(submitted.decisions(JOB_ID)) == []
    assert [r.request_id for r in submitted.requests()] == [number]


def test_several_events_of_one_job_may_be_written_at_once(submitted):
    events = [an_event(n, JobState.RUNNING) for n in range(1, 4)]

    submitted.append(*events)

    assert submitted.job(JOB_ID)[2] == [an_event(), *events]
    assert submitted.open_jobs()[JOB_ID][1] == events[-1]


def test_open_jobs_are_those_that_have_not_ended_the_oldest_first(store):
    for name in ("c", "a", "b"):
        store.add(name, a_spec(), an_event(job_id=name))

    store.append(an_event(1, JobState.DONE, job_id="a"))

    assert list(store.open_jobs()) == ["c", "b"]


def test_decisions_read_back_the_oldest_first(submitted):
    first = a_decision()
    second = a_decision(cause="capacity", chosen=None, predicted_saved_g=None)

    submitted.append(decisions=[first])
    submitted.append(decisions=[second])

    assert list(submitted.decisions(JOB_ID)) == [first, second]
    assert list(submitted.decisions(OTHER)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"inputs": {"x": float("nan")}},
        {"candidates": ({"x": object()},)},
        {"predicted_saved_g": float("inf")},
    ],
    ids=["nan", "object", "infinite"],
)
def test_a_decision_that_is_no_plain_data_is_refused_whole(submitted, changed):
    with pytest.raises(ValueError, match=r"plain|figure|float"):
        submitted.append(an_event(1, JobState.HELD), decisions=[a_decision(**changed)])

    assert submitted.open_jobs()[JOB_ID][1] == an_event()


def test_a_request_is_there_until_it_is_answered_and_is_answered_once(submitted):
    number = submitted.ask(JOB_ID, RequestKind.CANCEL, "grace", T0)
    (request,) = submitted.requests()
    assert (request.request_id, request.job_id, request.kind) == (
        number,
        JOB_ID,
        RequestKind.CANCEL,
    )
    assert (request.by_user, request.at) == ("grace", T0)
    assert submitted.answer(number) is None

    answer = Answer(request_id=number, at=T0, answer="cancelled")
    submitted.append(an_event(1, JobState.CANCELLED), answers=[answer])
    submitted.append(answers=[Answer(request_id=number, at=T0, answer="again")])

    assert list(submitted.requests()) == []
    assert submitted.answer(number) == answer


def test_requests_are_taken_in_the_order_they_were_made(submitted):
    kinds = [RequestKind.HOLD, RequestKind.RELEASE, RequestKind.RUN_NOW]

    numbers = [submitted.ask(JOB_ID, kind, "ada", T0) for kind in kinds]

    assert [r.kind for r in submitted.requests()] == kinds
    assert numbers == sorted(set(numbers))


def test_nothing_can_be_asked_of_a_job_that_is_not_there(store):
    with pytest.raises(JobNotFoundError):
        store.ask(JOB_ID, RequestKind.CANCEL, "ada", T0)

    assert list(store.requests()) == []


def test_a_job_is_found_by_what_people_call_it(store):
    for job_id, name in (("20260101-a", "x"), ("20260101-b", "y"), ("20260102-c", "x")):
        store.add(job_id, a_spec(name=name), an_event(job_id=job_id))

    assert store.job("20260101-a")[0] == "20260101-a"
    assert store.job("x")[0] == "20260102-c"
    assert store.job("20260102")[0] == "20260102-c"
    assert store.job("last")[0] == "20260102-c"
    with pytest.raises(JobNotFoundError, match="20260101-b"):
        store.job("20260101")
    for nobody in ("", "z", "%", "2026010_"):
        with pytest.raises(JobNotFoundError):
            store.job(nobody)


def test_secrets_in_a_command_are_run_and_not_shown(store):
    argv = ("python", "x.py", "--token", "hunter2", "\udc80\0é")

    store.add(JOB_ID, a_spec(argv=argv), an_event())

    assert store.open_jobs()[JOB_ID][0].argv == argv
    assert store.job(JOB_ID)[1].argv == (*argv[:3], "***", argv[4])


def test_a_store_says_that_something_was_written(store):
    assert store.changed()

    store.add(JOB_ID, a_spec(), an_event())
    store.changed()

    assert not store.changed()


def test_strange_text_comes_back_as_it_was(store):
    strange = "a\\b\0c\udc80 ü 'quoted'; DROP TABLE jobs; --"
    event = an_event(why=strange, place=strange, facts={strange[:3]: strange})

    store.add(JOB_ID, a_spec(name=strange, project=strange, user=strange), event)
    store.append(decisions=[a_decision(reason=strange, cause=strange)])

    assert store.job(strange) == (
        JOB_ID,
        a_spec(name=strange, project=strange, user=strange),
        [event],
    )
    assert [d.reason for d in store.decisions(JOB_ID)] == [strange]


def test_times_come_back_to_the_microsecond(submitted):
    at = T0 + timedelta(days=3650, microseconds=123457)

    submitted.append(an_event(1, JobState.HELD, at=at))

    assert submitted.open_jobs()[JOB_ID][1].at == at


def test_of_statements_of_an_outcome_the_newest_of_each_kind_counts(submitted):
    first, again = an_outcome(), an_outcome(stated_at=T0 + timedelta(1))
    marginal = an_outcome(
        kind=IntensityKind.MARGINAL, run_now_g=None, saved_g=None, how="not known"
    )
    for outcome in (first, marginal, again):
        submitted.state_outcome(outcome)

    assert submitted.outcomes(JOB_ID) == {
        IntensityKind.AVERAGE: again,
        IntensityKind.MARGINAL: marginal,
    }
    assert submitted.outcomes(OTHER) == {}


def test_an_outcome_of_no_job_or_without_figures_is_refused(submitted):
    infinite = Bounded(central=1.0, low=0.0, high=float("inf"))

    with pytest.raises(JobNotFoundError):
        submitted.state_outcome(an_outcome(OTHER))
    with pytest.raises(ValueError, match="figure"):
        submitted.state_outcome(an_outcome(energy_j=infinite))
    assert submitted.outcomes(JOB_ID) == {}


def test_a_job_that_was_attempted_is_to_be_looked_at_from_its_end_on(submitted):
    end = an_event(1, JobState.FAILED, attempt_id="a1", place="here")
    assert list(submitted.outcomes_due(T0 + timedelta(days=9), 5)) == []
    submitted.append(end)

    (look,) = submitted.outcomes_due(end.at, 5)

    assert (look.job_id, look.ended_at, look.looks) == (JOB_ID, end.at, 0)
    assert list(submitted.outcomes_due(end.at - timedelta(seconds=1), 5)) == []
    assert list(submitted.outcomes_due(end.at, 0)) == []


def test_a_job_that_never_was_attempted_is_not_looked_at(submitted):
    submitted.append(an_event(1, JobState.CANCELLED))

    assert list(submitted.outcomes_due(T0 + timedelta(days=9), 5)) == []


def test_a_job_that_was_looked_at_is_due_again_when_told_or_never(submitted):
    end = an_event(1, JobState.DONE, attempt_id="a1", place="here")
    submitted.append(end)
    (look,) = submitted.outcomes_due(end.at, 5)

    submitted.looked(look, T0 + timedelta(hours=1))

    assert list(submitted.outcomes_due(end.at, 5)) == []
    (again,) = submitted.outcomes_due(T0 + timedelta(hours=1), 5)
    assert (again.looks, again.ended_at) == (1, end.at)
    submitted.looked(again, None)
    assert list(submitted.outcomes_due(T0 + timedelta(days=9), 5)) == []
    submitted.looked(replace(again, job_id=OTHER), T0)
    assert list(submitted.outcomes_due(T0 + timedelta(days=9), 5)) == []


def test_of_many_jobs_those_that_have_ended_are_told_with_their_time(submitted):
    submitted.add(OTHER, a_spec(), an_event(job_id=OTHER))
    end = an_event(1, JobState.CANCELLED, OTHER)
    submitted.append(end)

    asked = [JOB_ID, *(f"job-{n}" for n in range(1100)), OTHER]

    assert submitted.ended(asked) == {OTHER: end.at}
    assert submitted.ended([]) == {}


def test_the_last_decision_of_each_of_many_jobs_is_found(submitted):
    shared, near, far = {"places": [1]}, "job-1", "job-1099"
    for job_id in (near, far):
        submitted.add(job_id, a_spec(), an_event(job_id=job_id))
    first, again = a_decision(), a_decision(reason="a newer one")
    others = {name: a_decision(name, inputs=shared) for name in (near, far)}
    submitted.append(decisions=[first, again, *others.values()])

    found = submitted.last_decisions([JOB_ID, *(f"job-{n}" for n in range(1100))])

    assert found == {JOB_ID: again} | others
    assert submitted.last_decisions([]) == {}


def test_of_a_name_that_never_ran_nothing_is_known(submitted):
    assert submitted.past("train") is None
    assert list(submitted.run_ids(JOB_ID)) == []


def test_closing_twice_does_no_harm(submitted):
    submitted.close()
    submitted.close()


def test_of_two_that_write_the_next_event_one_wins(tmp_path):
    path = tmp_path / "ledger.db"
    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
        jobs.add(JOB_ID, a_spec(), an_event())
    won, lost = [], []

    def one(number):
        with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
            for seq in range(1, 21):
                try:
                    jobs.append(an_event(seq, JobState.RUNNING, why=str(number)))
                    won.append(seq)
                except JobChangedError:
                    lost.append(seq)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
        events = jobs.job(JOB_ID)[2]
    assert [e.seq for e in events] == list(range(len(events)))
    assert sorted(won) == [e.seq for e in events[1:]]
    assert len(won) + len(lost) == 80


def test_a_submission_may_bring_its_first_plan(store):
    store.add(JOB_ID, a_spec(), an_event(), [a_decision()])

    assert list(store.decisions(JOB_ID)) == [a_decision()]


def test_a_submission_whose_plan_cannot_be_kept_is_not_kept_either(store):
    with pytest.raises((JobNotFoundError, ValueError)):
        store.add(JOB_ID, a_spec(), an_event(), [a_decision(job_id=OTHER)])
    with pytest.raises(ValueError, match="plain"):
        store.add(JOB_ID, a_spec(), an_event(), [a_decision(chosen={"x": object()})])

    assert store.open_jobs() == {}
