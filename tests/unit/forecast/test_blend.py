import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.forecast import blend
from greenops.forecast.ahead import Ahead, Past
from greenops.forecast.blend import MOST_MISSED, Provided

DAYS, HOURS = 40, 48


def blended(own, now, past, missed=()):
    return blend.blended(
        own, Provided(now=now, past=past, missed=np.array(missed, dtype=float))
    )


def own(said=0.0, *, came=None, now=5.0, days=DAYS):
    """One's own forecast: `said` of past days, `came` what came."""
    shape = (days, HOURS)
    return Ahead(
        log_g=np.full(HOURS, now),
        past=Past(
            origins=np.arange(days, dtype=np.intp) * 24,
            said=np.broadcast_to(np.asarray(said, dtype=float), shape).copy(),
            came=np.zeros(shape) if came is None else came,
        ),
        method="own",
    )


def silent(days=DAYS):
    return np.full((days, HOURS), np.nan)


def noise(size, seed, days=DAYS):
    return np.random.default_rng(seed).normal(0.0, size, (days, HOURS))


def weight(found, provider_now=6.0, own_now=5.0):
    return (found.log_g - own_now) / (provider_now - own_now)


NOW = np.full(HOURS, 6.0)


def test_without_a_past_both_count_alike():
    np.testing.assert_allclose(weight(blended(own(), NOW, silent())), 0.5)
    np.testing.assert_allclose(weight(blended(own(days=0), NOW, silent(0))), 0.5)


def test_where_the_provider_is_silent_it_is_one_s_own():
    now = NOW.copy()
    now[10:] = np.nan

    found = blended(own(), now, silent())

    np.testing.assert_allclose(found.log_g[:10], 5.5)
    np.testing.assert_array_equal(found.log_g[10:], 5.0)


def test_the_better_one_gets_the_weight():
    good, bad = noise(0.02, 1), noise(0.3, 2)

    assert (weight(blended(own(bad), NOW, good)) > 0.9).all()
    assert (weight(blended(own(good), NOW, bad)) < 0.1).all()


def test_two_equally_good_ones_share():
    found = weight(blended(own(noise(0.1, 1)), NOW, noise(0.1, 2)))

    assert np.mean(found) == pytest.approx(0.5, abs=0.1)
    assert (abs(found - 0.5) < 0.35).all()


def test_a_blend_of_two_independent_ones_is_better_than_either():
    mine, theirs = noise(0.1, 1), noise(0.12, 2)

    past = blended(own(mine), NOW, theirs).past

    mixed = np.square(past.errors).mean()
    assert mixed < 0.8 * min(np.square(mine).mean(), np.square(theirs).mean())


def test_hours_ahead_have_weights_of_their_own():
    mine, theirs = noise(0.3, 1), noise(0.02, 2)
    mine[:, 24:], theirs[:, 24:] = theirs[:, 24:].copy(), mine[:, 24:].copy()

    found = weight(blended(own(mine), NOW, theirs))

    assert (found[:16] > 0.9).all()
    assert (found[32:] < 0.1).all()


def test_one_day_of_evidence_moves_the_weight_little():
    past = silent()
    past[-1] = 0.0

    found = weight(blended(own(noise(0.3, 1)), NOW, past))

    assert 0.5 < np.mean(found) < 0.75


def test_only_the_last_sixty_days_count():
    days = 200
    mine, theirs = noise(0.02, 1, days), noise(0.3, 2, days)
    mine[-60:], theirs[-60:] = theirs[-60:].copy(), mine[-60:].copy()

    found = blended(own(mine, days=days), NOW, theirs)

    assert (weight(found) > 0.9).all()


def test_two_that_say_the_same_are_blended_into_it():
    same = noise(0.1, 1)

    found = blended(own(same), NOW, same)

    np.testing.assert_allclose(weight(found), 0.5, atol=0.05)
    np.testing.assert_allclose(found.past.said, same, atol=0.1)


def test_the_blend_has_no_past_where_the_provider_said_nothing():
    past = noise(0.1, 2)
    past[:5] = np.nan

    found = blended(own(noise(0.1, 1)), NOW, past)

    assert np.isnan(found.past.said[:5]).all()
    assert np.isfinite(found.past.said[5:]).all()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.9))
def test_a_blend_lies_hardly_outside_the_two_whatever_is_missing(seed, missing):
    rng = np.random.default_rng(seed)
    mine, theirs, came = (rng.normal(0, 1, (DAYS, HOURS)) for _ in range(3))
    theirs[rng.random(theirs.shape) < missing] = np.nan
    came[rng.random(came.shape) < missing] = np.nan
    now = rng.normal(5, 1, HOURS)
    now[rng.random(HOURS) < missing] = np.nan

    missed = rng.normal(0, 3, DAYS * 24)
    missed[rng.random(DAYS * 24) < missing] = np.nan

    found = blended(own(mine, came=came), now, theirs, missed)

    other = np.where(np.isnan(now), 5.0, now)
    assert np.isfinite(found.log_g).all()
    assert (found.log_g >= np.minimum(other, 5.0) - MOST_MISSED - 1e-12).all()
    assert (found.log_g <= np.maximum(other, 5.0) + MOST_MISSED + 1e-12).all()


@given(st.integers(0, 2**32 - 1))
def test_what_has_not_come_yet_weighs_nothing(seed):
    mine, theirs = noise(0.2, 1), noise(0.1, 2)
    came = np.zeros((DAYS, HOURS))
    came[-2:] = np.nan
    other = theirs.copy()
    other[-2:] = np.random.default_rng(seed).normal(0, 5, (2, HOURS))

    one = blended(own(mine, came=came), NOW, theirs)
    two = blended(own(mine, came=came), NOW, other)

    np.testing.assert_array_equal(one.log_g, two.log_g)


def drifting(seed, days=DAYS):
    """Errors that fade from the hour of issue on, and the provider's latest misses."""
    rng = np.random.default_rng(seed)
    latest = rng.normal(0.0, 0.2, days + 1)
    missed = np.full(days * 24, np.nan)
    for day in range(1, days + 1):
        missed[day * 24 - 3 : day * 24] = latest[day]
    fading = 0.8 ** np.arange(HOURS)
    return latest, missed, latest[:-1, None] * fading, latest[-1] * fading


def test_a_provider_is_corrected_by_how_it_missed_in_the_last_hours():
    _, missed, gone_by, to_come = drifting(4)
    mine = noise(0.5, 1)

    # The provider said 0 for all days, and each time was off by what fades.
    plain = blended(own(mine, came=gone_by), np.zeros(HOURS), np.zeros_like(mine))
    found = blended(
        own(mine, came=gone_by, now=0.0), np.zeros(HOURS), np.zeros_like(mine), missed
    )

    assert (abs(found.log_g - to_come)[:4] < 0.6 * abs(to_come[:4])).all()
    first = np.square(found.past.errors[1:, :4]).mean()
    assert first < 0.2 * np.square(plain.past.errors[1:, :4]).mean()


def test_a_fault_in_what_came_is_not_taken_for_weather():
    latest, missed, gone_by, _ = drifting(4)
    missed[-3:] = 7.0

    found = blended(
        own(noise(0.5, 1), came=gone_by, now=0.0), np.zeros(HOURS), silent(), missed
    )

    assert (abs(found.log_g) <= MOST_MISSED).all()
    assert abs(latest).max() < 7.0


def test_one_s_own_is_corrected_by_how_it_missed_the_day_before():
    habit = np.tile(np.random.default_rng(2).normal(0, 0.1, 24), 2)
    came = np.tile(habit, (DAYS, 1))

    found = blended(own(came=came, now=0.0), np.zeros(HOURS), np.zeros((DAYS, HOURS)))

    np.testing.assert_allclose(found.log_g, habit, atol=0.05)


def test_a_blend_says_that_it_is_one():
    assert blended(own(), NOW, silent()).method == "own and provider blended"
