from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.forecast.features import (
    FLOOR_G_PER_KWH,
    LOOK_BACK_H,
    features,
    mix_columns,
    prepared,
    weekly_profile,
)
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H
from tests.unit.forecast.grids import habitual, history

DAYS = 40
ORIGINS = np.array([30 * DAY_H, 31 * DAY_H], dtype=np.intp)


def mixed(days, *, columns=3, seed=1):
    return np.random.default_rng(seed).random((days * DAY_H, columns))


def test_a_history_without_one_hour_cannot_be_made_ready():
    with pytest.raises(SignalError):
        prepared(history(np.full(48, np.nan)))


def test_what_is_known_is_told_from_what_is_filled():
    values = habitual(DAYS)
    values[100:130] = np.nan

    ready = prepared(history(values))

    assert not ready.known[100:130].any()
    assert ready.known.sum() == len(values) - 30
    assert np.isfinite(ready.log_g).all()


@pytest.mark.parametrize("g", [0.0, 1e-9, 0.5, 1.0])
def test_hours_near_zero_count_as_equal(g):
    ready = prepared(history(np.full(DAYS * DAY_H, g)))

    np.testing.assert_allclose(ready.log_g, np.log(FLOOR_G_PER_KWH))
    assert np.isfinite(features(ready, ORIGINS)).all()


def test_columns_of_a_mix_that_nobody_knows_are_left_out():
    mix = mixed(DAYS)
    mix[:, 1] = np.nan
    mix[50:60, 2] = np.nan
    told = history(habitual(DAYS), mix=mix)

    np.testing.assert_array_equal(mix_columns(told), [0, 2])
    left = prepared(told).mix
    assert left is not None
    assert left.shape == (DAYS * DAY_H, 2)
    assert np.isfinite(features(prepared(told), ORIGINS)).all()


def test_a_mix_of_which_nothing_is_known_is_none():
    mix = np.full((DAYS * DAY_H, 2), np.nan)

    assert prepared(history(habitual(DAYS), mix=mix)).mix is None
    assert not mix_columns(history(habitual(DAYS))).size


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_features_see_nothing_from_the_origin_on(seed, with_mix):
    rng = np.random.default_rng(seed)
    values, mix = habitual(DAYS, seed=3), mixed(DAYS)
    other, other_mix = values.copy(), mix.copy()
    other[ORIGINS[0] :] = rng.uniform(1, 900, len(values) - ORIGINS[0])
    other_mix[ORIGINS[0] :] = rng.random((len(values) - ORIGINS[0], 3))

    one = prepared(history(values, mix=mix if with_mix else None))
    two = prepared(history(other, mix=other_mix if with_mix else None))

    np.testing.assert_array_equal(
        features(one, ORIGINS[:1]), features(two, ORIGINS[:1])
    )
    np.testing.assert_array_equal(
        weekly_profile(one, ORIGINS[:1], WEEK_H),
        weekly_profile(two, ORIGINS[:1], WEEK_H),
    )


def test_features_do_not_know_the_level_of_a_grid():
    low = features(prepared(history(habitual(DAYS, seed=1))), ORIGINS)
    high = features(prepared(history(50 * habitual(DAYS, seed=1))), ORIGINS)

    np.testing.assert_allclose(low, high, atol=1e-9)


def test_the_weekly_profile_is_the_mean_day_carried_on():
    day = np.arange(1.0, 25.0)
    ready = prepared(history(np.tile(day, DAYS)))

    profile = weekly_profile(ready, ORIGINS, 50)

    np.testing.assert_allclose(np.exp(profile[0]), [*day, *day, *day[:2]])


def test_a_leap_day_is_a_day_like_others():
    first = datetime(2024, 2, 1, tzinfo=UTC)
    ready = prepared(history(habitual(DAYS), first=first))
    leap = (datetime(2024, 2, 29, tzinfo=UTC) - first) // HOUR

    found = features(ready, np.array([leap, leap + DAY_H], dtype=np.intp))

    assert np.isfinite(found).all()
    assert leap == LOOK_BACK_H


def test_no_origins_make_no_rows():
    ready = prepared(history(habitual(DAYS), mix=mixed(DAYS)))
    one = features(ready, ORIGINS)

    none = features(ready, np.array([], dtype=np.intp))

    assert none.shape == (0, one.shape[1])
