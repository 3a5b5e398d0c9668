import numpy as np
import pytest

from greenops.errors import SignalError
from greenops.forecast.hours import HOUR
from greenops.forecast.modelled import LEAST_G_PER_KWH, modelled
from greenops.model import Provenance
from tests.unit.forecast.grids import FIRST, minutes, point


def stated(hours, g=100.0, provenance=Provenance.MODELLED, **fields):
    return [point(FIRST + h * HOUR, g, provenance=provenance, **fields) for h in hours]


@pytest.mark.parametrize("hours", [[], [1, 2], [-1]], ids=["none", "later", "before"])
def test_nothing_stated_of_the_first_hour_is_an_error(hours):
    with pytest.raises(SignalError, match="2024-01-15 00:00"):
        modelled(stated(hours), FIRST, 4)


def test_the_hours_are_as_stated_and_the_bounds_are_the_95_percent_band():
    ahead, ends = modelled(stated(range(4), low=50.0, high=150.0), FIRST, 4)

    np.testing.assert_allclose(np.exp(ahead.log_g), 100.0)
    np.testing.assert_allclose(np.exp(ahead.log_g + ends[0]), 50.0)
    np.testing.assert_allclose(np.exp(ahead.log_g + ends[3]), 150.0)
    assert (ends[0] < ends[1]).all()
    assert (ends[2] < ends[3]).all()
    assert ahead.method == "modelled, as stated"
    assert ahead.past.said.shape == (0, 4)


def test_the_forecast_ends_where_the_statements_do():
    ahead, ends = modelled(stated([0, 1, 3]), FIRST, 168)

    assert ahead.log_g.shape == (2,)
    assert ends.shape == (4, 2)


def test_hours_beyond_what_is_asked_are_left_out():
    assert modelled(stated(range(9)), FIRST, 4)[0].log_g.shape == (4,)


def test_a_zone_at_zero_is_at_the_least_that_is_told_apart():
    ahead, ends = modelled(stated(range(2), 0.0), FIRST, 2)

    np.testing.assert_allclose(np.exp(ahead.log_g), LEAST_G_PER_KWH)
    np.testing.assert_array_equal(ends, 0.0)


def test_it_says_how_all_of_its_hours_came_about():
    points = stated([0], provenance=Provenance.ESTIMATED)
    points += stated([1, 2], provenance=Provenance.FORECAST)

    assert modelled(points, FIRST, 3)[0].method == "estimated and forecast, as stated"


def test_an_annual_average_is_spread_over_the_hours():
    year = [point(FIRST - 100 * HOUR, 300.0, length=9000 * HOUR + minutes(1))]

    np.testing.assert_allclose(np.exp(modelled(year, FIRST, 168)[0].log_g), 300.0)
