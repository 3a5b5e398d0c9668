import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.forecast.bands import LEAST_WIDTH, bands
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, History
from greenops.forecast.own import LEAST_HISTORY, REPLAYED_DAYS, train
from greenops.forecast.score import cover_pct
from tests.unit.forecast.grids import FIRST, habitual, history

DAYS = 150
STOP = FIRST + DAYS * DAY_H * HOUR
LEAST_DAYS = LEAST_HISTORY.days


@pytest.fixture(scope="module")
def grid():
    """Twenty days more than is known at `STOP`."""
    return history(habitual(DAYS + 20, seed=11))


@pytest.fixture(scope="module")
def model(grid):
    return train(grid.until(STOP))


@pytest.mark.parametrize("hours", [0, 23, 24, 72, 60 * 24, LEAST_DAYS * 24 - 1])
def test_a_short_history_is_not_learnt_from(hours):
    with pytest.raises(SignalError, match=f"{LEAST_DAYS} days of history"):
        train(history(habitual(LEAST_DAYS)[:hours]))


@pytest.mark.parametrize("first_hour", [0, 5])
def test_the_least_history_is_learnt_from_and_tested(first_hour):
    known = history(habitual(LEAST_DAYS, seed=1), first=FIRST + first_hour * HOUR)

    ahead = train(known).ahead(known)

    assert ahead.method == "own"
    assert len(ahead.past.said) >= 14


@pytest.mark.parametrize("days", range(LEAST_DAYS, LEAST_DAYS + 20, 3))
def test_every_longer_history_is_learnt_from_too(days):
    known = history(habitual(days, seed=1))

    assert len(train(known).tested_from) == days - LEAST_DAYS + 15


def test_a_history_full_of_gaps_is_not_learnt_from():
    values = habitual(DAYS)
    for day in range(0, DAYS, 5):
        values[day * DAY_H : (day + 1) * DAY_H] = np.nan

    with pytest.raises(SignalError, match="can be learnt from"):
        train(history(values))


def test_a_history_of_gaps_alone_is_not_learnt_from():
    with pytest.raises(SignalError):
        train(history(np.full(DAYS * DAY_H, np.nan)))


def test_a_gap_of_a_month_long_ago_costs_that_month_only():
    values = habitual(DAYS + 60, seed=1)
    values[40 * DAY_H : 70 * DAY_H] = np.nan
    known = history(values)

    ahead = train(known).ahead(known)

    assert np.isfinite(ahead.log_g).all()


def test_a_year_is_tested_on_its_last_days():
    known = history(habitual(365, seed=1))

    ahead = train(known).ahead(known)

    assert len(ahead.past.origins) == REPLAYED_DAYS
    assert ahead.past.origins[-1] == 364 * DAY_H
    assert np.isfinite(ahead.past.came[-1, :DAY_H]).all()
    assert np.isnan(ahead.past.came[-1, DAY_H:]).all()


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_whatever_is_appended_changes_no_forecast(seed, with_gaps):
    rng = np.random.default_rng(seed)
    values = habitual(DAYS, seed=11)
    if with_gaps:
        values[rng.random(len(values)) < 0.03] = np.nan
    later = np.r_[values, rng.uniform(1, 2000, 300)]
    known = history(later).until(STOP)

    one = train(known).ahead(known)
    two = train(history(values)).ahead(history(values))

    np.testing.assert_array_equal(one.log_g, two.log_g)
    np.testing.assert_array_equal(one.past.said, two.past.said)
    np.testing.assert_array_equal(one.past.errors, two.past.errors)


def test_the_test_on_past_days_does_not_see_how_they_ended(grid):
    """From the first tested block on nothing is as it was: its forecasts are."""
    known = grid.until(STOP)
    model = train(known)
    block = model.tested_from[0]
    changed = known.g_per_kwh.copy()
    changed[(block - FIRST) // HOUR :] *= 3.0

    other = train(history(changed))

    assert other.tested_from == model.tested_from
    np.testing.assert_array_equal(other.said[0], model.said[0])


def test_a_model_in_use_sees_nothing_of_the_days_it_is_tested_on(grid, model):
    for days in (1, 3, 6):
        known = grid.until(STOP + days * DAY_H * HOUR)
        ahead = model.ahead(known)
        then = model.ahead(grid.until(STOP + (days - 1) * DAY_H * HOUR))

        np.testing.assert_allclose(ahead.past.said[-1], then.log_g, atol=1e-12)
        assert len(ahead.past.origins) == len(model.tested_from) + days


@pytest.mark.parametrize(
    ("days", "serves"), [(0, True), (1, True), (6, True), (7, False), (20, False)]
)
def test_a_model_serves_for_a_week(grid, model, days, serves):
    assert model.serves(grid.until(STOP + days * DAY_H * HOUR)) == serves


def test_a_model_does_not_serve_the_past(grid, model):
    assert not model.serves(grid.until(STOP - DAY_H * HOUR))


def test_a_model_does_not_serve_at_another_hour(grid, model):
    assert not model.serves(grid.until(STOP + HOUR))


def test_a_model_does_not_serve_another_grid(model):
    assert not model.serves(history(habitual(DAYS, seed=12)))


def test_a_revision_of_the_last_week_is_no_other_grid(grid, model):
    revised = grid.until(STOP).g_per_kwh.copy()
    revised[-WEEK_H:] *= 1.02

    assert model.serves(history(revised))
    revised[-WEEK_H - 1] *= 1.02
    assert not model.serves(history(revised))


def test_a_model_without_a_mix_does_not_serve_a_history_with_one(grid, model):
    known = grid.until(STOP)

    assert not model.serves(replace(known, mix=np.ones((len(known.g_per_kwh), 2))))
    nothing = np.full((len(known.g_per_kwh), 2), np.nan)
    assert model.serves(replace(known, mix=nothing))


def slid(known, days):
    hours = days * DAY_H
    return History(first=known.first + hours * HOUR, g_per_kwh=known.g_per_kwh[hours:])


@pytest.mark.parametrize("days", [1, 40, 94])
def test_a_window_that_slid_on_costs_the_tested_days_before_it_only(grid, model, days):
    known = grid.until(STOP + 2 * DAY_H * HOUR)
    window = slid(known, days)

    assert model.serves(window)
    ahead, full = model.ahead(window), model.ahead(known)

    np.testing.assert_allclose(ahead.log_g, full.log_g, atol=1e-12)
    assert (ahead.past.origins >= 0).all()
    n = len(ahead.past.origins)
    np.testing.assert_allclose(ahead.past.said, full.past.said[-n:], atol=1e-12)
    np.testing.assert_array_equal(ahead.past.came, full.past.came[-n:])


@pytest.mark.parametrize("days", [100, 140, 149])
def test_a_window_too_short_to_know_the_grid_by_is_not_served(grid, model, days):
    assert not model.serves(slid(grid.until(STOP), days))


def test_fifty_times_the_level_is_fifty_times_the_forecast():
    values = habitual(LEAST_DAYS, level=20.0, seed=4)
    low, high = (train(h).ahead(h) for h in (history(values), history(50 * values)))

    np.testing.assert_allclose(np.exp(high.log_g - low.log_g), 50.0, rtol=1e-6)
    np.testing.assert_allclose(
        bands(high.past.errors), bands(low.past.errors), atol=1e-6
    )


@pytest.mark.parametrize("g", [0.0, 0.5, 300.0])
def test_a_constant_grid_has_the_width_that_rounding_has(g):
    known = history(np.full(DAYS * DAY_H, g))

    ahead = train(known).ahead(known)

    np.testing.assert_allclose(np.exp(ahead.log_g), max(g, 1.0), rtol=1e-9)
    np.testing.assert_allclose(np.abs(bands(ahead.past.errors)), LEAST_WIDTH)


def test_bands_hold_what_they_promise_on_correlated_noise():
    ends, came = [], []
    for seed in range(4):
        grid = history(habitual(260, seed=seed, noise=0.15))
        model = train(grid.until(FIRST + 240 * DAY_H * HOUR))
        for day in range(0, 13, 2):
            known = grid.until(FIRST + (240 + day) * DAY_H * HOUR)
            ahead = model.ahead(known)
            ends.append(np.exp(ahead.log_g + bands(ahead.past.errors)))
            start = len(known.g_per_kwh)
            came.append(grid.g_per_kwh[start : start + WEEK_H])

    low95, low80, high80, high95 = np.moveaxis(np.array(ends), 1, 0)
    # 28 weeks of noise that lasts for ten hours: about 470 independent hours.
    assert cover_pct(low80, high80, np.array(came)) == pytest.approx(80, abs=5)
    assert cover_pct(low95, high95, np.array(came)) == pytest.approx(95, abs=3)


def test_it_is_fast():
    known = history(habitual(730, seed=1))
    began_s = time.process_time()
    model = train(known)
    trained_s = time.process_time() - began_s
    warm_s = []
    for _ in range(9):
        began_s = time.process_time()
        bands(model.ahead(known).past.errors)
        warm_s.append(time.process_time() - began_s)

    assert trained_s < 3.0
    assert min(warm_s) < 0.020


def test_a_model_is_good_for_a_week_from_when_it_was_trained(model):
    assert model.trained_to == STOP
    assert model.tested_from[-1] == STOP - timedelta(days=1)
