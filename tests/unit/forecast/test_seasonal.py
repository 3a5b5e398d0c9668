import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H
from greenops.forecast.seasonal import persistence, seasonal, week_mean
from tests.unit.forecast.grids import FIRST, habitual, history


@pytest.mark.parametrize("hours", [0, 1, 23])
def test_less_than_a_day_is_too_little(hours):
    with pytest.raises(SignalError, match=f"there are {hours}"):
        seasonal(history(np.full(hours, 100.0)))


def test_a_day_full_of_gaps_is_too_little():
    values = np.full(48, np.nan)
    values[::3] = 100.0

    with pytest.raises(SignalError, match="there are 16"):
        seasonal(history(values))


def test_a_history_of_gaps_alone_is_too_little():
    with pytest.raises(SignalError, match="there are 0"):
        seasonal(history(np.full(500, np.nan)))


@pytest.mark.parametrize(
    ("hours", "method", "tested"),
    [
        (24, "the day before", 0),
        (47, "the day before", 0),
        (48, "mean of the last 2 days", 0),
        (72, "mean of the last 3 days", 0),
        (8 * 24, "mean of the last 7 days", 1),
        (60 * 24, "mean of the last 7 days", 53),
        (300 * 24, "mean of the last 7 days", 60),
    ],
)
def test_short_histories_are_answered_by_as_many_days_as_there_are(
    hours, method, tested
):
    found = seasonal(history(habitual(300)[:hours]))

    assert found.method == method
    assert found.log_g.shape == (WEEK_H,)
    assert np.isfinite(found.log_g).all()
    assert found.past.said.shape == found.past.came.shape == (tested, WEEK_H)


def test_a_day_is_carried_on_hour_by_hour():
    day = np.arange(100.0, 124.0)

    found = seasonal(history(day, first=FIRST + 5 * HOUR))

    np.testing.assert_allclose(np.exp(found.log_g), np.tile(day, 7))


@pytest.mark.parametrize("g", [0.0, 0.3, 1.0, 250.0])
def test_a_constant_grid_stays_as_it_is(g):
    found = seasonal(history(np.full(30 * DAY_H, g)))

    np.testing.assert_allclose(np.exp(found.log_g), max(g, 1.0))
    errors = found.past.errors
    np.testing.assert_allclose(errors[np.isfinite(errors)], 0.0, atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(24, 400), st.integers(1, 300))
def test_whatever_comes_after_the_origin_changes_nothing(seed, hours, more):
    rng = np.random.default_rng(seed)
    values = rng.uniform(5.0, 800.0, hours + more)
    values[rng.random(len(values)) < 0.05] = np.nan
    known = history(values).until(FIRST + hours * HOUR)
    if np.isfinite(values[:hours]).sum() < 24:
        return

    one, two = seasonal(known), seasonal(history(values[:hours]))

    np.testing.assert_array_equal(one.log_g, two.log_g)
    np.testing.assert_array_equal(one.past.came, two.past.came)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(20, 80))
def test_a_past_day_is_forecast_as_it_would_have_been_then(seed, days):
    values = np.random.default_rng(seed).uniform(5.0, 800.0, days * DAY_H)
    full = seasonal(history(values))

    for said, origin in zip(full.past.said, full.past.origins, strict=True):
        then = seasonal(history(values[:origin]))
        np.testing.assert_allclose(said, then.log_g, atol=1e-12)


@given(st.integers(24, 24 * 20))
def test_fifty_times_the_level_is_fifty_times_the_forecast(hours):
    values = habitual(20, level=20.0)[:hours]

    low, high = seasonal(history(values)), seasonal(history(50 * values))

    np.testing.assert_allclose(np.exp(high.log_g), 50 * np.exp(low.log_g))


def test_persistence_and_the_week_mean_are_what_they_are_called():
    values = np.concatenate((np.full(6 * DAY_H, 70.0), np.arange(24.0)))

    np.testing.assert_array_equal(persistence(values, 30)[[0, 23, 24]], [0, 23, 0])
    np.testing.assert_allclose(week_mean(values, 30)[[0, 7]], [60.0, 61.0])
