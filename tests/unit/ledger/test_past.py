import contextlib
import random
from math import exp
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.ledger.job_query import JobLedger
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.past import next_of, past_of
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import JOB_ID_TAG, JobState, RunStatus
from tests.unit.ledger.job_records import a_spec, an_event
from tests.unit.ledger.records import a_run, a_total, an_end

positive = st.floats(1e-3, 1e9)


@pytest.mark.parametrize("durations_s", [[], [0.0], [-1.0, 0.0]])
def test_nothing_is_said_where_nothing_ran(durations_s):
    assert past_of(durations_s, [100.0]) is None


def known(durations_s, powers_w):
    past = past_of(durations_s, powers_w)
    assert past is not None
    return past


def test_without_a_measured_power_none_is_said():
    assert known([10.0], []).power_w is None
    assert known([10.0], [0.0]).power_w is None


@given(st.lists(positive, min_size=1, max_size=60))
def test_the_estimate_is_the_median_and_its_bounds_hold_it(values):
    found = next_of(values)

    assert found.central == median(values)
    assert 0.0 < found.low < found.central < found.high


def test_one_value_proves_little_and_many_that_agree_much():
    spreads = [next_of([100.0] * n).high / 100.0 for n in (1, 2, 5, 20, 50)]

    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] > 3.0
    assert spreads[-1] < 1.15


def test_values_that_differ_widen_the_interval():
    assert next_of([50.0, 100.0, 200.0]).high > next_of([99.0, 100.0, 101.0]).high


@pytest.mark.parametrize("spread", [0.05, 0.25, 0.6])
@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_next_value_lies_within_in_about_95_of_100_cases(n, spread):
    dice, within = random.Random(n), 0
    for _ in range(1000):
        *seen, following = (exp(dice.gauss(4.0, spread)) for _ in range(n + 1))
        found = next_of(seen)
        within += found.low <= following <= found.high

    # The assumed spread makes few values that agree look less sure than they are.
    assert within >= 880


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def run(path, run_id, *, took_s, energy_j=None, job_id=None, name="train", ok=True):
    recorder = LedgerRecorder(path)
    tags = {} if job_id is None else {JOB_ID_TAG: job_id}
    recorder.begin(a_run(run_id, name=name, tags=tags))
    status = RunStatus.FINISHED if ok else RunStatus.FAILED
    totals = [] if energy_j is None else [a_total(job_energy_j=energy_j)]
    recorder.finish(an_end(run_id, duration_s=took_s, status=status), totals, None)
    assert recorder.flush(10.0)
    recorder.close()


def past_of_name(path, name="train"):
    past = JobLedger(path).past(name)
    assert past is not None
    return past


def power_w(past):
    assert past.power_w is not None
    return past.power_w.central


def ended(path, job_id, state, name="train"):
    with contextlib.closing(LedgerJobs(path, path.parent / "jobs")) as jobs:
        jobs.add(job_id, a_spec(name=name), an_event(job_id=job_id))
        if state.final:
            jobs.append(an_event(1, state, job_id=job_id))


def test_the_attempts_of_a_job_are_one_job_without_its_pauses(path):
    ended(path, "j1", JobState.DONE)
    run(path, "r1", took_s=100.0, energy_j=30_000.0, job_id="j1", ok=False)
    run(path, "r2", took_s=300.0, energy_j=10_000.0, job_id="j1")

    past = past_of_name(path)

    assert past.n == 1
    assert past.duration_s.central == 400.0
    assert power_w(past) == 100.0


def test_runs_outside_of_jobs_count_where_they_finished(path):
    run(path, "r1", took_s=100.0, energy_j=5_000.0)
    run(path, "r2", took_s=7.0, ok=False)
    run(path, "r3", took_s=9.0, name="another")

    past = past_of_name(path)

    assert (past.n, past.duration_s.central, power_w(past)) == (1, 100.0, 50.0)


@pytest.mark.parametrize(
    "state", [JobState.FAILED, JobState.CANCELLED, JobState.WAITING]
)
def test_a_job_that_is_not_done_says_nothing_of_how_long_one_takes(path, state):
    ended(path, "j1", state)
    run(path, "r1", took_s=100.0, job_id="j1")

    assert JobLedger(path).past("train") is None


def test_a_job_whose_attempts_were_not_all_measured_says_nothing_of_power(path):
    ended(path, "j1", JobState.DONE)
    run(path, "r1", took_s=100.0, energy_j=30_000.0, job_id="j1", ok=False)
    run(path, "r2", took_s=300.0, job_id="j1")

    past = past_of_name(path)

    assert (past.duration_s.central, past.power_w) == (400.0, None)


def test_the_name_of_the_job_counts_and_not_that_of_its_runs(path):
    ended(path, "j1", JobState.DONE, name="nightly")
    run(path, "r1", took_s=100.0, job_id="j1", name="train.py")

    assert past_of_name(path, "nightly").n == 1
    assert JobLedger(path).past("train.py") is None


def test_the_runs_of_a_job_are_those_that_bear_its_id(path):
    ended(path, "j1", JobState.DONE)
    run(path, "r2", took_s=1.0, job_id="j1")
    run(path, "r1", took_s=1.0, job_id="j1")
    run(path, "r3", took_s=1.0, job_id="j11")
    run(path, "r4", took_s=1.0)

    with contextlib.closing(LedgerJobs(path, path.parent / "jobs")) as jobs:
        assert sorted(jobs.run_ids("j1")) == ["r1", "r2"]
        assert jobs.past("train") == JobLedger(path).past("train")
