import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.attribute import cpu_share, gpu_share
from greenops.energy.split import cpu_shares, gpu_shares

OWNERS = {1: "a", 2: "a", 3: "b", 4: "c"}
BUSY = st.one_of(st.none(), st.floats(0, 1))


@pytest.mark.parametrize(
    ("used_s", "node_s", "shares"),
    [
        ({}, 5.0, {}),
        ({"a": 1.0}, 4.0, {"a": 0.25}),
        ({"a": 1.0, "b": 3.0}, 4.0, {"a": 0.25, "b": 0.75}),
        ({"a": 0.0}, 4.0, {}),
        ({"a": 0.0}, 0.0, {}),
        ({"a": 2.0, "b": 2.0}, 3.9, {"a": 0.5, "b": 0.5}),
    ],
    ids=["nobody", "one", "two", "one who slept", "all slept", "more than all"],
)
def test_processors_are_divided_by_cpu_time(used_s, node_s, shares):
    assert cpu_shares(used_s, node_s) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("processes", "shares"),
    [
        (None, {}),
        ({}, {}),
        ({1: None}, {"a": 1.0}),
        ({1: 0.0, 2: 0.0}, {"a": 1.0}),
        ({1: 0.2, 3: 0.6}, {"a": 0.25, "b": 0.75}),
        ({1: 0.5, 2: 0.25, 3: 0.25}, {"a": 0.75, "b": 0.25}),
        ({1: None, 2: None, 3: None}, {"a": 2 / 3, "b": 1 / 3}),
        ({1: 0.0, 3: 0.0}, {"a": 0.5, "b": 0.5}),
        ({9: 1.0}, {None: 1.0}),
        ({1: 0.5, 9: 0.5}, {"a": 0.5, None: 0.5}),
    ],
    ids=[
        "cannot tell", "nobody", "one", "one job, idle", "two", "three processes",
        "busy time unknown", "all idle", "a stranger", "a job and a stranger",
    ],
)  # fmt: skip
def test_a_gpu_is_divided_by_busy_time(processes, shares):
    assert gpu_shares(processes, OWNERS.get) == pytest.approx(shares)


@given(st.dictionaries(st.sampled_from(sorted(OWNERS)), BUSY, min_size=1))
def test_each_share_of_a_gpu_is_what_the_job_would_take_by_itself(processes):
    shares = gpu_shares(processes, OWNERS.get)

    assert sum(shares.values()) == pytest.approx(1.0)
    for owner in set(OWNERS.values()):
        own = {pid for pid, other in OWNERS.items() if other == owner}
        alone = gpu_share(processes, own.__contains__)
        assert shares.get(owner, 0.0) == pytest.approx(alone)


@given(
    st.dictionaries(st.sampled_from("abc"), st.floats(0, 10), min_size=1),
    st.floats(0, 100),
)
def test_each_share_of_the_processors_is_what_the_job_would_take_by_itself(
    used_s, rest_s
):
    node_s = sum(used_s.values()) + rest_s

    shares = cpu_shares(used_s, node_s)

    assert sum(shares.values()) <= 1.0 + 1e-9
    for owner, s in used_s.items():
        assert shares.get(owner, 0.0) == pytest.approx(cpu_share(s, node_s))
