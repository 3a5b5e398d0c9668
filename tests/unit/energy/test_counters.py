import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.counters import CounterPoint, Verdict, resolve_wraps, step


@pytest.mark.parametrize(
    ("before_j", "after_j", "wraps_at_j", "verdict", "energy_j"),
    [
        (50, 0, None, Verdict.BROKEN, 0),
        (162_143, 0, 262_143, Verdict.BROKEN, 0),
        (10, 100_000, 262_143, Verdict.BROKEN, 0),
        (300, 10, 262, Verdict.BROKEN, 0),
        (60, 60, 262_143, Verdict.STILL, 0),
        (10, 60, 262_143, Verdict.SPENT, 50),
        (10, 60, None, Verdict.SPENT, 50),
        (262_130, 37, 262_143, Verdict.SPENT, 50),
        (10, 60, 100, Verdict.AMBIGUOUS, 50),
    ],
    ids=[
        "restarts at nothing",
        "a failed read that came as zero, 100 kJ before the wrap",
        "jumps beyond what the device can draw",
        "a value beyond its own range",
        "stands still",
        "climbs",
        "climbs and never wraps",
        "wraps",
        "may have wrapped once more",
    ],
)
def test_two_values_of_a_counter_are_judged(
    before_j, after_j, wraps_at_j, verdict, energy_j
):
    found = step(
        CounterPoint(0.0, before_j),
        CounterPoint(1.0, after_j, wraps_at_j),
        ceiling_w=200.0,
    )

    assert found.verdict is verdict
    assert found.energy_j == energy_j


def test_time_that_may_be_off_leaves_room_for_more_energy():
    before, after = CounterPoint(0.0, 0.0), CounterPoint(1.0, 105.0)
    loose = CounterPoint(1.0, 105.0, slack_s=0.05)

    assert step(before, after, ceiling_w=100.0).verdict is Verdict.BROKEN
    assert step(before, loose, ceiling_w=100.0).verdict is Verdict.SPENT


@given(
    start_j=st.floats(0, 999),
    spent_j=st.floats(0.001, 999),
)
def test_a_wrap_anywhere_loses_no_energy(start_j, spent_j):
    before = CounterPoint(0.0, start_j, 1000.0)
    after = CounterPoint(1.0, (start_j + spent_j) % 1000.0, 1000.0)

    found = step(before, after, ceiling_w=1000.0)

    assert found.verdict is Verdict.SPENT
    assert found.energy_j == pytest.approx(spent_j, abs=1e-9)


@given(
    wraps=st.integers(0, 9),
    least_j=st.floats(0, 99),
    guess=st.floats(-0.49, 0.49),
)
def test_a_good_guess_finds_the_number_of_wraps(wraps, least_j, guess):
    true_j = least_j + wraps * 100.0

    energy_j, error_j = resolve_wraps(
        least_j, wraps_at_j=100.0, expected_j=true_j + guess * 100, most_j=1000.0
    )

    assert energy_j == pytest.approx(true_j)
    assert energy_j - error_j <= least_j + 1e-9  # no wrap at all stays possible
    assert energy_j + error_j >= 900.0  # and so does the most


def test_wraps_beyond_the_possible_are_not_assumed():
    energy_j, error_j = resolve_wraps(
        5.0, wraps_at_j=100.0, expected_j=5000.0, most_j=310.0
    )

    assert energy_j == 305.0
    assert error_j == 300.0
