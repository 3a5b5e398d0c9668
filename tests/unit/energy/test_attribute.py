import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.attribute import cpu_share, dram_share, gpu_share, node_share


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
        (None, {"assigned": False}, 0.0),
        ({}, {"assigned": False}, 0.0),
        ({7: 0.9}, {}, 0.0),
        ({7: None, 8: None}, {}, 0.0),
        (None, {}, 1.0),
        ({}, {"tenants": 3}, 1 / 3),
        (None, {"tenants": 0}, 1.0),
        ({1: 0.2}, {}, 1.0),
        ({1: 0.0, 2: None}, {"tenants": 3}, 1.0),
        ({1: 0.3, 7: 0.1}, {}, 0.75),
        ({1: 0.2, 2: 0.1, 7: 0.1}, {}, 0.75),
        ({1: 0.0, 7: 0.4}, {}, 0.0),
        ({1: 0.0, 7: 0.0}, {}, 0.5),
        ({1: 0.9, 7: None, 8: None}, {}, 1 / 3),
    ],
    ids=[
        "cannot tell, and not the job's GPU",
        "idle, and not the job's GPU",
        "only another is there",
        "only others, shares unknown",
        "cannot tell, the job's GPU",
        "idle, three may use it",
        "a count of nobody is one",
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

    shares = [gpu_share(processes, pids.__contains__, tenants=jobs) for pids in owned]

    assert sum(shares) <= 1 + 1e-9
    assert all(0 <= share <= 1 for share in shares)
