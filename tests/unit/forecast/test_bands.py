import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from greenops.forecast.bands import (
    LEAST_DAYS,
    LEAST_WIDTH,
    UNTESTED_FACTOR_95,
    WITHIN_80,
    bands,
    enough,
)

HOURS = 24


def errors(days, *, size=0.1, seed=7, hours=HOURS):
    return np.random.default_rng(seed).normal(0.0, size, (days, hours))


@pytest.mark.parametrize("days", [0, 1, LEAST_DAYS - 1])
def test_with_too_few_days_the_bands_are_those_of_an_untested_grid(days):
    found = bands(errors(days))

    far = np.log(UNTESTED_FACTOR_95)
    expected = [-far, -WITHIN_80 * far, WITHIN_80 * far, far]
    np.testing.assert_allclose(found, np.tile(expected, (HOURS, 1)).T)
    assert not enough(errors(days))


def test_days_of_which_nothing_is_known_are_none():
    tested = np.vstack((errors(LEAST_DAYS - 1), np.full((50, HOURS), np.nan)))

    assert not enough(tested)
    np.testing.assert_allclose(bands(tested)[3], np.log(UNTESTED_FACTOR_95))


def test_enough_days_make_bands_of_their_own():
    assert enough(errors(LEAST_DAYS))
    assert bands(errors(LEAST_DAYS))[3].max() < np.log(UNTESTED_FACTOR_95)


def test_a_forecast_that_was_never_off_has_the_width_that_rounding_has():
    found = bands(np.zeros((60, HOURS)))

    np.testing.assert_array_equal(np.abs(found), LEAST_WIDTH)
    assert (found[:2] < 0.0).all()


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(0, 40), st.integers(1, 30)),
        elements=st.one_of(st.just(np.nan), st.floats(-3, 3)),
    )
)
def test_ends_are_in_order_around_the_forecast(tested):
    low95, low80, high80, high95 = bands(tested)

    assert np.isfinite(bands(tested)).all()
    assert (low95 <= low80).all()
    assert (low80 <= -LEAST_WIDTH).all()
    assert (high80 >= 0.0).all()
    assert (high80 <= high95).all()


def test_errors_to_one_side_never_push_an_end_across_the_forecast():
    found = bands(np.abs(errors(60)) + 0.5)

    np.testing.assert_array_equal(found[:2], -LEAST_WIDTH)
    assert (found[2] > 0.5).all()


@pytest.mark.parametrize(("low", "high", "pct"), [(1, 2, 80.0), (0, 3, 95.0)])
def test_bands_hold_what_they_promise_for_days_they_have_not_seen(low, high, pct):
    inside = []
    for seed in range(60):
        drawn = errors(91, seed=seed)
        found = bands(drawn[:90])
        new = drawn[90]
        inside.append(((found[low] <= new) & (new <= found[high])).mean())

    # 60 days of 24 hours: three standard errors are 3.2 and 1.7 points.
    assert 100 * np.mean(inside) == pytest.approx(pct, abs=3.5)


def test_few_days_make_wider_bands_and_so_hold_as_much():
    """The hours of a day are off together: twenty days are twenty errors."""
    inside = []
    for seed in range(300):
        days = np.random.default_rng(seed).normal(0.0, 0.1, 21)
        _, low, high, _ = bands(np.tile(days[:20, None], HOURS))
        inside.append(low[0] <= days[20] <= high[0])

    # Three standard errors of 300 draws are 7 points; the plain quantiles hold 72.
    assert 100 * np.mean(inside) == pytest.approx(82, abs=6)


def test_bands_widen_with_the_hours_ahead_as_errors_do():
    growing = errors(90, hours=96) * np.linspace(0.2, 2.0, 96)

    found = bands(growing)

    assert found[3, -1] > 4 * found[3, 0]


@pytest.mark.parametrize(("factor", "wider"), [(3.0, True), (1 / 3, False)])
def test_bands_follow_when_errors_grow_or_shrink(factor, wider):
    steady = errors(120)
    changed = steady.copy()
    changed[-14:] *= factor
    width, usual = (np.subtract(*bands(e)[[3, 0]]).mean() for e in (changed, steady))

    assert (width > 1.15 * usual) if wider else (width < 0.9 * usual)


def test_days_whose_far_hours_are_still_to_come_do_not_look_like_better_days():
    """The last week is known for its first hours only, and those are the easy ones."""
    hours, days = 168, 120
    tested = errors(days, hours=hours) * np.linspace(0.1, 3.0, hours)
    complete = bands(tested)
    for back in range(1, 7):
        tested[-back, 24 * back :] = np.nan

    np.testing.assert_allclose(bands(tested), complete, rtol=0.1)
