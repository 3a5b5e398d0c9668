import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.report.comparison import Compared, compare
from greenops.report.summary import summarize
from tests.unit.report import records as r


def compared(base, other):
    return Compared(key="energy_j", label="energy", base=base, other=other)


@pytest.mark.parametrize(
    ("base", "other", "verdict"),
    [
        pytest.param(
            r.bounded(100, 90, 110), r.bounded(50, 40, 60), "less", id="clearly-less"
        ),
        pytest.param(
            r.bounded(100, 90, 110), r.bounded(150, 140, 160), "more", id="clearly-more"
        ),
        pytest.param(
            r.bounded(100, 90, 110),
            r.bounded(115, 105, 125),
            "no difference can be claimed",
            id="overlap",
        ),
        pytest.param(
            r.bounded(100, 90, 110),
            r.bounded(120, 110, 130),
            "no difference can be claimed",
            id="touching-is-overlap",
        ),
        pytest.param(None, r.bounded(1), "not known for both", id="unknown"),
    ],
)
def test_a_difference_is_claimed_only_where_the_intervals_part(base, other, verdict):
    assert compared(base, other).verdict == verdict


def test_a_base_of_nothing_has_no_ratio():
    assert compared(r.bounded(0), r.bounded(5)).ratio is None
    assert compared(r.bounded(2), None).ratio is None


@given(*[st.tuples(st.floats(1, 1e6), st.floats(0, 1), st.floats(0, 1))] * 2)
def test_swapping_the_runs_swaps_the_verdict(one, two):
    a, b = (r.bounded(c, c * (1 - d), c * (1 + u)) for c, d, u in (one, two))
    there, back = compared(a, b), compared(b, a)

    assert there.overlap == back.overlap
    assert there.ratio * back.ratio == pytest.approx(1)
    if not there.overlap:
        assert {there.verdict, back.verdict} == {"less", "more"}


def test_runs_are_compared_by_what_both_may_have():
    gpu = summarize(r.record(r.total(energy_j=100), r.total(r.CPU, 50)))
    cpu = summarize(r.record(r.total(r.CPU, 50), duration_s=30))

    rows = {row.key: row for row in compare(gpu, cpu)}

    assert rows["duration_s"].ratio == pytest.approx(0.5)
    assert rows["energy_j"].ratio == pytest.approx(1 / 3)
    assert rows["gpu_energy_j"].other is None
    assert rows["cpu_energy_j"].verdict == "no difference can be claimed"
    assert rows["total_g"].base is None


def test_one_kind_of_device_is_not_listed_twice():
    run = summarize(r.record(r.total()))

    assert [row.key for row in compare(run, run)] == [
        "duration_s",
        "energy_j",
        "mean_power_w",
        "total_g",
    ]
