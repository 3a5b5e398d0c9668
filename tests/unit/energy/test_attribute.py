import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.attribute import (
    GRACE_S,
    cpu_share,
    dram_share,
    gpu_share,
    idle_share,
    node_share,
)


@pytest.mark.parametrize(
    ("job_cpu_s", "node_cpu_s", "share"),
    [(1.0, 0.0, 0), (0.0, 0.0, 0), (-0.1, 2.0, 0), (3.0, 2.0, 1), (0.5, 2.0, 0.25)],
    ids=["nobody busy", "idle", "counted backwards", "more than all", "a quarter"],
)
def test_processor_energy_follows_the_busy_time(job_cpu_s, node_cpu_s, share):
    assert cpu_share(job_cpu_s, node_cpu_s) == share
    assert dram_share(job_cpu_s, node_cpu_s) == share
    assert node_share(job_cpu_s, node_cpu_s) == share


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.floats(0, 100))
def test_processor_shares_of_all_jobs_never_exceed_the_node(jobs_cpu_s, others_cpu_s):
    node_cpu_s = sum(jobs_cpu_s) + others_cpu_s

    shares = [cpu_share(cpu_s, node_cpu_s) for cpu_s in jobs_cpu_s]

    assert sum(shares) <= 1 + 1e-9


MINE = {1, 2}.__contains__


@pytest.mark.parametrize(
    ("processes", "options", "share"),
    [
        ({7: 0.9}, {}, 0.0),
        ({7: None, 8: None}, {}, 0.0),
        (None, {}, 1.0),
        ({}, {"idle": 1 / 3}, 1 / 3),
        (None, {"idle": 0.0}, 0.0),
        ({1: 0.2}, {}, 1.0),
        ({1: 0.0, 2: None}, {"idle": 1 / 3}, 1.0),
        ({1: 0.3, 7: 0.1}, {}, 0.75),
        ({1: 0.2, 2: 0.1, 7: 0.1}, {}, 0.75),
        ({1: 0.0, 7: 0.4}, {}, 0.0),
        ({1: 0.0, 7: 0.0}, {}, 0.5),
        ({1: 0.9, 7: None, 8: None}, {}, 1 / 3),
    ],
    ids=[
        "only another is there",
        "only others, shares unknown",
        "cannot tell, the job's alone",
        "idle, three may use it",
        "cannot tell, others pay",
        "only the job is there",
        "only the job, shares unknown",
        "by busy time",
        "several of the job's own",
        "the job waits, another computes",
        "both wait",
        "one share unknown",
    ],
)
def test_gpu_energy_is_shared_by_rule(processes, options, share):
    assert gpu_share(processes, MINE, **options) == pytest.approx(share)


@given(
    processes=st.dictionaries(
        st.integers(0, 30), st.none() | st.floats(0, 1), max_size=12
    ),
    jobs=st.integers(1, 5),
)
def test_gpu_shares_of_disjoint_jobs_never_exceed_the_gpu(processes, jobs):
    owned = [{pid for pid in processes if pid % (jobs + 1) == j} for j in range(jobs)]

    shares = [gpu_share(processes, pids.__contains__, idle=1 / jobs) for pids in owned]

    assert sum(shares) <= 1 + 1e-9
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize(
    ("since_s", "others_s", "share"),
    [
        (100.0, [], 1.0),
        (100.0, [99.0], 0.0),
        (100.0, [101.0], 1.0),
        (90.0, [80.0], 1 / 2),
        (90.0, [80.0, 70.0], 1 / 3),
        (90.0, [101.0], 1.0),
        (100.0, [90.0, 101.0], 0.0),
        (98.0, [98.5], 1 / 2),
    ],
    ids=[
        "alone and new",
        "new, beside one a little older",
        "new, beside one a little newer",
        "two of long standing",
        "three of long standing",
        "a newcomer does not pay yet",
        "new among old and new",
        "the eldest, beside one that pays by the end",
    ],
)
def test_an_idle_gpu_is_paid_for_by_those_of_long_standing(since_s, others_s, share):
    found = idle_share(since_s, others_s, start_s=101.0, stop_s=102.0)

    assert found == pytest.approx(share)


@st.composite
def job_beside_others(draw):
    """A job's announcement, the length of its intervals and the age of its knowledge."""
    return (
        draw(st.floats(0, 20)),
        draw(st.floats(0.05, 10)),
        draw(st.floats(0, GRACE_S * 0.9)),
    )


@given(
    jobs=st.lists(
        job_beside_others(), min_size=1, max_size=6, unique_by=lambda j: j[0]
    ),
    at_s=st.floats(0, 40),
)
def test_idle_shares_never_exceed_the_gpu_at_any_moment(jobs, at_s):
    """Each cuts time into intervals of its own, and knows of the others with delay."""
    total = 0.0
    for since_s, length_s, stale_s in jobs:
        if at_s < since_s:
            continue
        start_s = since_s + (at_s - since_s) // length_s * length_s
        stop_s = start_s + length_s
        known = [
            other_s
            for other_s, _, _ in jobs
            if other_s != since_s
            # At the time of the announcement, and at each look, all that there are.
            and other_s <= max(since_s, stop_s - stale_s)
        ]
        total += idle_share(since_s, known, start_s=start_s, stop_s=stop_s)

    assert total <= 1 + 1e-9


def test_an_idle_gpu_of_one_job_or_of_old_ones_is_paid_for_in_full():
    for count in (1, 2, 5):
        since_s = [float(i) for i in range(count)]
        shares = [
            idle_share(s, [o for o in since_s if o != s], start_s=50.0, stop_s=51.0)
            for s in since_s
        ]
        assert sum(shares) == pytest.approx(1.0)
