import contextlib
import time
from statistics import median
from typing import Any

import pytest

from greenops.errors import JobNotFoundError
from greenops.ledger.job_query import JobLedger
from greenops.ledger.jobs import LedgerJobs
from greenops.model import IntensityKind, JobState, RequestKind
from tests.bench.make_jobs import make_jobs
from tests.unit.ledger.job_records import T0, a_spec, an_event, an_outcome

JOBS = 100_000
FAST_S = 0.05


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def jobs(path, tmp_path):
    """A store with a job of each of four names."""
    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
        wanted: dict[str, dict[str, Any]] = {
            "a": {"name": "x", "project": "p", "user": "ada"},
            "b": {"name": "y", "project": "p", "user": "grace"},
            "c": {"name": "x", "user": "grace", "deadline": T0},
            "d": {"name": "50%_", "argv": ("x", "--token=s3cret")},
        }
        for job_id, fields in wanted.items():
            jobs.add(job_id, a_spec(**fields), an_event(job_id=job_id))
        jobs.append(
            an_event(1, JobState.RUNNING, job_id="b", place="here", why="it runs"),
            an_event(1, JobState.DONE, job_id="c"),
            an_event(1, JobState.FAILED, job_id="d"),
        )
        yield jobs


def ids(path, **chosen):
    return "".join(line.job_id for line in JobLedger(path).find_jobs(**chosen))


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, "dcba"),
        ({"limit": 2}, "dc"),
        ({"limit": 0}, ""),
        ({"open_only": True}, "ba"),
        ({"state": "done"}, "c"),
        ({"state": JobState.RUNNING}, "b"),
        ({"name": "x"}, "ca"),
        ({"name": "50%_"}, "d"),
        ({"name": "%"}, ""),
        ({"user": "grace", "state": "running"}, "b"),
        ({"project": "p", "open_only": True, "limit": 1}, "b"),
        ({"name": "x", "user": "ada", "project": "p"}, "a"),
        ({"name": None, "state": None}, "dcba"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("jobs")
def test_the_list_is_narrowed_and_has_the_newest_first(path, chosen, found):
    assert ids(path, **chosen) == found
    if "limit" not in chosen:
        assert JobLedger(path).count_jobs(**chosen) == len(found)


@pytest.mark.usefixtures("jobs")
def test_a_state_that_is_none_is_refused(path):
    with pytest.raises(ValueError, match="dreaming"):
        ids(path, state="dreaming")


def test_a_line_says_how_a_job_stands_and_what_is_asked_of_it(jobs, path):
    jobs.ask("b", RequestKind.HOLD, "ada", T0)
    jobs.state_outcome(an_outcome("c"))
    jobs.state_outcome(
        an_outcome("c", kind=IntensityKind.MARGINAL, saved_g=None, run_now_g=None)
    )

    d, c, b, a = JobLedger(path).find_jobs()

    assert (b.state, b.place, b.why) == (JobState.RUNNING, "here", "it runs")
    assert (b.request, a.request) == ("hold", "")
    assert (b.submitted_at, b.since) == (an_event(0).at, an_event(1).at)
    assert (c.saved_g, a.saved_g) == (300.0, None)
    assert (c.deadline, a.deadline) == (T0, None)
    assert d.command == ("x", "--token=***")
    assert (a.user, a.project, a.team) == ("ada", "p", None)


@pytest.mark.usefixtures("jobs")
def test_states_are_counted(path):
    assert JobLedger(path).count_states() == {
        JobState.WAITING: 1,
        JobState.RUNNING: 1,
        JobState.DONE: 1,
        JobState.FAILED: 1,
    }


def test_a_ledger_that_is_not_there_holds_no_job(path):
    ledger = JobLedger(path)

    assert ledger.find_jobs() == []
    assert ledger.count_jobs(state="done") == 0
    assert ledger.count_states() == {}
    assert ledger.past("x") is None
    assert ledger.outcomes("x") == {}
    with pytest.raises(JobNotFoundError, match="no job yet"):
        ledger.job("last")
    assert not path.exists()


def test_what_the_store_reads_the_faces_read_too(jobs, path):
    ledger = JobLedger(path)

    assert ledger.job("x") == jobs.job("x")
    assert list(ledger.decisions("a")) == []
    ledger.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A ledger with very many jobs that have ended, and two that have not."""
    folder = tmp_path_factory.mktemp("many")
    path = folder / "ledger.db"
    make_jobs(path, jobs=JOBS)
    with contextlib.closing(LedgerJobs(path, folder / "jobs")) as jobs:
        for job_id in ("open-1", "open-2"):
            jobs.add(job_id, a_spec(name="rare"), an_event(job_id=job_id))
    return path


def took_s(do):
    """The median processor time of some goes: a busy machine is no failure."""
    goes = []
    for _ in range(5):
        began_s = time.process_time()
        do()
        goes.append(time.process_time() - began_s)
    return median(goes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"open_only": True},
        {"state": "done"},
        {"state": "cancelled"},
        {"state": "waiting"},
        {"user": "grace"},
        {"user": "grace", "state": "done"},
        {"user": "ada", "state": "cancelled"},
        {"name": "rare", "user": "ada"},
        {"name": "train-3", "project": "project-1", "state": "failed"},
        {"name": "nobody", "user": "ada", "state": "done"},
        {"user": "ada", "state": "waiting"},
    ],
    ids=str,
)
def test_a_hundred_thousand_jobs_that_are_done_slow_no_list(many, chosen):
    ledger = JobLedger(many)

    assert took_s(lambda: ledger.find_jobs(limit=20, **chosen)) < FAST_S


@pytest.mark.slow
def test_a_hundred_thousand_jobs_that_are_done_do_not_slow_the_daemon(many, tmp_path):
    with contextlib.closing(LedgerJobs(many, tmp_path)) as jobs:
        assert list(jobs.open_jobs()) == ["open-1", "open-2"]
        assert took_s(jobs.open_jobs) < 0.01
        assert took_s(jobs.requests) < 0.01
        assert took_s(lambda: jobs.job("open-1")) < 0.01
        assert took_s(lambda: jobs.job("rare")) < 0.01


@pytest.mark.slow
def test_past_runs_are_looked_up_fast_beside_a_hundred_thousand_jobs(many):
    ledger = JobLedger(many)

    assert took_s(lambda: ledger.past("train-3")) < FAST_S
