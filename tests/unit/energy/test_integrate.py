import random
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.integrate import (
    PowerPoint,
    across_gap,
    between,
    blind_s,
    jittered_deadline,
    overlap_error_j,
    sampling_error_j,
    wants_jitter,
)
from greenops.model import Reading


@pytest.mark.parametrize(
    ("span_s", "window_s", "before_w", "after_w", "energy_j"),
    [
        (1.0, 0.0, 100.0, 200.0, 150.0),
        (1.0, 1.0, 100.0, 200.0, 200.0),
        (2.0, 1.0, 100.0, 200.0, 350.0),
        (0.5, 1.0, 100.0, 100.0, 50.0),
        (0.1, 1.0, 700.0, 630.0, 31.5),
        (0.1, 1.0, 300.0, 230.0, -8.5),
    ],
    ids=[
        "instantaneous: the trapezoid",
        "windows that touch: the window",
        "half seen: the window and the mean of both",
        "overlap at constant power",
        "overlap, power fell to nothing",
        "overlap, a step below nothing that the sum makes good",
    ],
)
def test_energy_between_two_readings(span_s, window_s, before_w, after_w, energy_j):
    found = between(
        PowerPoint(10.0, before_w, window_s),
        PowerPoint(10.0 + span_s, after_w, window_s),
        limit_w=700.0,
        seen=5,
    )

    assert found.energy_j == pytest.approx(energy_j)


@given(
    powers_w=st.lists(st.floats(0, 700), min_size=3, max_size=40),
    overlap=st.integers(1, 10),
)
def test_overlapping_windows_give_the_energy_between_flat_ends(powers_w, overlap):
    """However the power moves, windows that start and end flat sum to its energy."""
    chunks_w = [100.0] * 2 * overlap + powers_w + [50.0] * 2 * overlap
    chunk_s = 1.0 / overlap
    means_w = [
        sum(chunks_w[i - overlap : i]) / overlap
        for i in range(overlap, len(chunks_w) + 1)
    ]
    points = [
        PowerPoint(i * chunk_s, power_w, window_s=1.0)
        for i, power_w in enumerate(means_w)
    ]

    total_j = sum(
        between(a, b, limit_w=700.0, seen=9, paced=True).energy_j
        for a, b in pairwise(points)
    )

    true_j = sum(chunks_w[overlap:]) * chunk_s
    assert total_j == pytest.approx(true_j, abs=1e-6)


@pytest.mark.parametrize(
    ("span_s", "window_s", "paced", "blind"),
    [
        (1.0, 0.0, False, 1.0),
        (1.0, 0.75, False, 0.25),
        (1.0, 1.0, False, 0.0),
        (0.5, 1.0, True, 0.0),
        (0.1, 1.0, True, 0.0),
        (0.4, 1.0, True, 0.4 * 0.25 / 2.5),
        (0.5, 1.0, False, 0.25),
    ],
    ids=[
        "instantaneous",
        "a quarter unseen",
        "windows touch",
        "seen twice throughout",
        "seen ten times throughout",
        "seen two or three times",
        "a half step off the pace",
    ],
)
def test_badly_covered_time(span_s, window_s, paced, blind):
    assert blind_s(span_s, window_s, paced=paced) == pytest.approx(blind, abs=1e-9)


def test_windows_that_touch_leave_no_error():
    before, after = PowerPoint(0.0, 90.0, 1.0), PowerPoint(1.0, 650.0, 1.0)

    assert between(before, after, limit_w=700.0, seen=1).error_j == 0


def test_equal_samples_do_not_prove_a_constant_load():
    early = sampling_error_j(1.0, step_w=0.0, surprise_w=100.0, seen=1)
    late = sampling_error_j(1.0, step_w=0.0, surprise_w=100.0, seen=99)

    assert 0 < late < early
    assert early == pytest.approx(1.96 * 100 / 2**0.5)


@pytest.mark.parametrize(
    ("span_s", "long", "energy_j", "error_j"),
    [(3.0, False, 450.0, 150.0), (60.0, True, 9000.0, 33_000.0)],
    ids=["short: at least half the spread", "long: nothing to the limit"],
)
def test_gaps_are_bridged_from_end_to_end(span_s, long, energy_j, error_j):
    found = across_gap(
        PowerPoint(0.0, 100.0), PowerPoint(span_s, 200.0), limit_w=700.0, long=long
    )

    assert found.energy_j == pytest.approx(energy_j)
    assert found.error_j >= error_j


def test_a_long_gap_without_a_limit_is_off_by_at_most_itself():
    found = across_gap(
        PowerPoint(0.0, 100.0), PowerPoint(60.0, 100.0), limit_w=None, long=True
    )

    assert (found.energy_j, found.error_j) == (6000.0, 6000.0)


def test_the_ends_of_overlapping_windows_have_an_error_that_touching_ones_lack():
    last = PowerPoint(9.0, 300.0, window_s=1.0)

    assert overlap_error_j(last, span_s=1.0, limit_w=700.0) == 0
    assert overlap_error_j(last, span_s=0.1, limit_w=700.0) == pytest.approx(78.75)


@given(st.floats(0, 0.999999), st.floats(0.1, 60))
def test_jittered_samples_are_half_to_one_and_a_half_intervals_apart(unit, interval_s):
    next_s = jittered_deadline(5.0, interval_s, unit)

    assert 0.499 * interval_s <= next_s - 5.0 <= 1.501 * interval_s


def test_jittered_samples_see_every_phase_of_a_load_of_their_own_period():
    rng = random.Random(7)
    at_s, phases = 0.0, [0] * 10
    for _ in range(5000):
        at_s = jittered_deadline(at_s, 1.0, rng.random())
        phases[floor(at_s % 1.0 * 10)] += 1

    assert min(phases) > 400
    assert max(phases) < 600


@pytest.mark.parametrize(
    ("seen", "jitter"),
    [
        ([], False),
        ([{"counter_j": 5.0, "power_w": 9.0}], False),
        ([{"power_w": 9.0, "averaged_over_s": 1.0}], False),
        ([{"power_w": 9.0, "averaged_over_s": 0.1}], True),
        ([{"counter_j": 5.0}, {"power_w": 9.0}], True),
    ],
    ids=["nothing", "a counter", "a full window", "a short window", "a moment"],
)
def test_jitter_is_wanted_where_only_moments_are_seen(seen, jitter):
    readings = [Reading(device_id="dev", **parts) for parts in seen]

    assert wants_jitter(readings, interval_s=1.0) is jitter
