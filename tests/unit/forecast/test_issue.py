from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.forecast.ahead import Ahead, Past
from greenops.forecast.bands import bands
from greenops.forecast.blend import Provided
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H
from greenops.forecast.issue import About, own_ahead, record, with_provider
from greenops.forecast.own import LEAST_HISTORY
from greenops.model import Basis, IntensityKind
from tests.unit.forecast.grids import FIRST, habitual, history

LEAST_DAYS = LEAST_HISTORY.days
ABOUT = About(
    zone="DE",
    kind=IntensityKind.MARGINAL,
    basis=Basis.DIRECT,
    source="acme",
    issued_at=FIRST + timedelta(minutes=7),
)


@pytest.mark.parametrize("hours", [0, 23])
def test_less_than_a_day_is_no_forecast(hours):
    with pytest.raises(SignalError):
        own_ahead(history(np.full(hours, 100.0)))


def test_a_grid_that_has_been_silent_for_a_week_is_not_forecast():
    values = habitual(LEAST_DAYS + 20)
    values[-WEEK_H:] = np.nan

    with pytest.raises(SignalError, match="nothing is known of the week"):
        own_ahead(history(values))
    values[-WEEK_H] = 300.0
    assert own_ahead(history(values))[0].method == "own"


@pytest.mark.parametrize(
    ("hours", "method", "fitted"),
    [
        (24, "the day before", False),
        (3 * 24, "mean of the last 3 days", False),
        (60 * 24, "mean of the last 7 days", False),
        (LEAST_DAYS * 24 - 1, "mean of the last 7 days", False),
        (LEAST_DAYS * 24, "own", True),
    ],
)
def test_the_best_way_that_the_history_allows_is_taken(hours, method, fitted):
    ahead, model = own_ahead(history(habitual(LEAST_DAYS, seed=1)[:hours]))

    assert ahead.method == method
    assert (model is not None) == fitted
    assert ahead.log_g.shape == (WEEK_H,)


def test_one_day_gaps_everywhere_are_answered_by_habit():
    values = habitual(LEAST_DAYS, seed=1)
    for day in range(0, LEAST_DAYS, 3):
        values[day * DAY_H : (day + 1) * DAY_H] = np.nan

    ahead, model = own_ahead(history(values))

    assert model is None
    assert ahead.method == "mean of the last 7 days"
    assert np.isfinite(bands(ahead.past.errors)).all()


def test_a_model_that_serves_is_used_again():
    known = history(habitual(LEAST_DAYS + 2, seed=1))
    _, model = own_ahead(known.until(FIRST + LEAST_DAYS * DAY_H * HOUR))

    _, again = own_ahead(known, model)

    assert again is model


def test_a_model_of_another_grid_is_fitted_anew():
    _, model = own_ahead(history(habitual(LEAST_DAYS, seed=1)))

    ahead, again = own_ahead(history(habitual(LEAST_DAYS, seed=2)), model)

    assert again is not model
    assert ahead.method == "own"


def ahead(days=60, hours=48, *, now=5.0):
    errors = np.random.default_rng(3).normal(0, 0.1, (days, hours))
    return Ahead(
        log_g=np.full(hours, now),
        past=Past(
            origins=np.arange(days, dtype=np.intp) * 24,
            said=np.zeros((days, hours)),
            came=errors,
        ),
        method="own",
    )


def test_until_the_blend_was_tested_its_bands_are_one_s_own():
    own = ahead()
    past = np.full((60, 48), np.nan)
    past[-13:] = 0.0

    _, ends = with_provider(own, Provided(now=np.full(48, 6.0), past=past))

    np.testing.assert_array_equal(ends, bands(own.past.errors))


def test_a_blend_that_was_tested_has_bands_of_its_own():
    own = ahead()

    said = Provided(now=np.full(48, 6.0), past=own.past.came.copy())

    both, ends = with_provider(own, said)

    np.testing.assert_array_equal(ends, bands(both.past.errors))
    assert (ends[3] < 0.5 * bands(own.past.errors)[3]).all()


def test_hours_beyond_the_provider_have_one_s_own_bands():
    own, now = ahead(), np.full(48, 6.0)
    now[24:] = np.nan

    both, ends = with_provider(own, Provided(now=now, past=own.past.came.copy()))

    np.testing.assert_array_equal(ends[:, 24:], bands(own.past.errors)[:, 24:])
    np.testing.assert_array_equal(both.log_g[24:], own.log_g[24:])
    assert (ends[3, :20] < 0.5 * bands(own.past.errors)[3, :20]).all()


def test_a_record_says_what_it_is_about_hour_by_hour():
    own = ahead(hours=3)

    found = record(own, bands(own.past.errors), ABOUT, FIRST)

    assert (found.zone, found.kind, found.basis) == ("DE", "marginal", "direct")
    assert (found.method, found.source) == ("own", "acme")
    assert found.issued_at == ABOUT.issued_at
    assert [h.start for h in found.hours] == [FIRST + i * HOUR for i in range(3)]
    assert found.hours[0].intensity_g_per_kwh == pytest.approx(np.exp(5.0))


@given(st.lists(st.floats(-9, 9), min_size=5, max_size=5))
def test_a_record_keeps_its_bands_in_order_whatever_they_are(drawn):
    log_g, *far = drawn
    low, high = sorted(np.abs(far[:2])), sorted(np.abs(far[2:]))
    ends = np.array([[-low[1]], [-low[0]], [high[0]], [high[1]]])
    none = np.empty((0, 1))
    past = Past(origins=np.empty(0, dtype=np.intp), said=none, came=none)
    one = Ahead(log_g=np.array([log_g]), past=past, method="own")

    (hour,) = record(one, ends, ABOUT, FIRST).hours

    assert 0 < hour.low95_g_per_kwh <= hour.low80_g_per_kwh
    assert hour.high80_g_per_kwh <= hour.high95_g_per_kwh
