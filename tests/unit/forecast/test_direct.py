import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.forecast.direct import BEYOND, LEAST_DAYS, fit, origins_before
from greenops.forecast.features import LOOK_BACK_H, prepared
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H
from greenops.forecast.seasonal import week_mean
from tests.unit.forecast.grids import FIRST, habitual, history

DAYS = 100
STOP = DAYS * DAY_H


def ready(values, **fields):
    return prepared(history(values, **fields))


@pytest.fixture(scope="module")
def noisy():
    return ready(habitual(DAYS + 7, seed=5))


@pytest.mark.parametrize("missing", [1, 30])
def test_too_few_days_to_learn_from_are_counted(missing):
    days = 28 + LEAST_DAYS + 7 - 1 - missing
    values = ready(habitual(days))

    with pytest.raises(SignalError, match=f"{LEAST_DAYS - missing} days of history"):
        fit(values, hour=0, stop=len(values))


def test_just_enough_days_are_learnt_from():
    values = ready(habitual(28 + LEAST_DAYS + 7 - 1))

    fit(values, hour=0, stop=len(values))


def test_days_with_long_gaps_are_not_learnt_from():
    values = habitual(DAYS)
    for day in range(0, DAYS, 7):
        values[day * DAY_H : (day + 1) * DAY_H] = np.nan

    with pytest.raises(SignalError, match="0 days of history"):
        fit(ready(values), hour=0, stop=STOP)


def test_a_gap_of_half_a_day_a_week_is_put_up_with():
    values = habitual(DAYS)
    for day in range(0, DAYS, 7):
        values[day * DAY_H : day * DAY_H + 12] = np.nan

    model = fit(ready(values), hour=0, stop=STOP)

    assert np.isfinite(model.slopes).all()


@pytest.mark.parametrize("first_hour", [0, 1, 13, 23])
@pytest.mark.parametrize("hour", [0, 5, 23])
def test_origins_are_at_one_hour_of_the_day_as_early_as_can_be(first_hour, hour):
    first = FIRST + first_hour * HOUR
    values = ready(habitual(60), first=first)

    origins = origins_before(values, hour, len(values))

    assert {(first + int(i) * HOUR).hour for i in origins} == {hour}
    assert LOOK_BACK_H <= origins[0] < LOOK_BACK_H + DAY_H
    assert origins[-1] < len(values) <= origins[-1] + DAY_H
    assert set(np.diff(origins)) == {DAY_H}


@pytest.mark.parametrize("first_hour", [0, 7])
@pytest.mark.parametrize(("days", "off"), [(DAYS, 0.03), (400, 0.012)])
def test_a_weekly_habit_is_learnt_the_better_the_longer(first_hour, days, off):
    values, stop = habitual(days + 7), days * DAY_H
    first = FIRST + first_hour * HOUR
    known = ready(values[:stop], first=first)

    model = fit(known, hour=first.hour, stop=stop)
    said = np.exp(model.predict(known, np.array([stop], dtype=np.intp))[0])

    came = values[stop:]
    found, naive = (
        (np.abs(x - came) / came).mean() for x in (said, week_mean(values[:stop], 168))
    )
    assert found < off < naive


@pytest.mark.parametrize("g", [0.0, 0.01, 1.0, 400.0])
def test_a_constant_grid_stays_as_it_is(g):
    known = ready(np.full(STOP, g))

    said = fit(known, hour=0, stop=STOP).predict(known, np.array([STOP]))

    np.testing.assert_allclose(np.exp(said), max(g, 1.0), rtol=1e-9)


def test_a_mix_with_constant_columns_does_no_harm():
    mix = np.zeros((STOP, 3))
    mix[:, 1] = 1.0
    values = habitual(DAYS, seed=2)
    known = ready(values, mix=mix)

    with_mix = fit(known, hour=0, stop=STOP).predict(known, np.array([STOP]))
    without = fit(ready(values), hour=0, stop=STOP).predict(
        ready(values), np.array([STOP])
    )

    np.testing.assert_allclose(with_mix, without, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_model_sees_nothing_from_its_stop_on(seed):
    values = habitual(DAYS + 20, seed=5)
    other = values.copy()
    other[STOP:] = np.random.default_rng(seed).uniform(1, 2000, len(values) - STOP)
    one, two = ready(values), ready(other)
    origin = np.array([STOP], dtype=np.intp)

    said = fit(one, hour=0, stop=STOP).predict(one, origin)

    np.testing.assert_array_equal(
        said, fit(two, hour=0, stop=STOP).predict(two, origin)
    )
    cut = ready(values[:STOP])
    np.testing.assert_array_equal(
        said, fit(cut, hour=0, stop=STOP).predict(cut, origin)
    )


@settings(max_examples=10, deadline=None)
@given(st.floats(0.5, 50))
def test_a_level_scales_the_forecast_and_nothing_else(factor):
    values = habitual(DAYS, level=100.0, seed=5)
    one, other = ready(values), ready(factor * values)
    origin = np.array([STOP], dtype=np.intp)

    low = fit(one, hour=0, stop=STOP).predict(one, origin)
    high = fit(other, hour=0, stop=STOP).predict(other, origin)

    np.testing.assert_allclose(high - low, np.log(factor), atol=1e-6)


def test_a_forecast_stays_near_what_the_grid_has_ever_been(noisy):
    model = fit(noisy, hour=0, stop=STOP)
    wild = ready(np.r_[habitual(DAYS, seed=5), np.full(WEEK_H, 1e6)])

    said = model.predict(wild, np.array([STOP + 100 // DAY_H * DAY_H]))

    assert said.max() <= noisy.log_g[:STOP].max() + BEYOND
    assert said.min() >= noisy.log_g[:STOP].min() - BEYOND


def test_the_first_hours_know_the_last_one(noisy):
    model = fit(noisy, hour=0, stop=STOP)
    said = model.predict(noisy, np.array([STOP], dtype=np.intp))[0]

    habit = np.log(habitual(DAYS + 7))[STOP:]
    before = noisy.log_g[STOP - 1] - np.log(habitual(DAYS))[-1]
    # Noise of correlation 0.9 an hour: what is off at the origin is off after it too.
    assert np.sign(said[0] - habit[0]) == np.sign(before)
