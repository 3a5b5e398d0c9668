from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.model import Basis, Forecast, IntensityPoint
from greenops.planner.outlook import outlook
from tests.unit.planner.scenes import HOUR, NAN, T0, forecast

H = 3600.0


def _mean(ahead, start_h, stop_h):
    return ahead.mean(start_h * H, stop_h * H)


def test_nothing_known_is_no_figure():
    ahead = outlook(None, T0, 3 * H)
    assert ahead.edges_s.tolist() == [0.0, 3 * H]
    assert np.isnan(ahead.g_per_kwh).all()
    assert ahead.mean(0.0, 3 * H) is None


def test_a_missing_hour_is_unknown_and_neighbours_keep_theirs():
    ahead = outlook(forecast(100.0, NAN, 300.0), T0, 3 * H)
    assert ahead.g_per_kwh[0, 0] == 100.0
    assert np.isnan(ahead.g_per_kwh[:, 1]).all()
    assert ahead.g_per_kwh[0, 2] == 300.0


def test_the_axis_ends_with_the_forecast():
    assert outlook(forecast(1.0, 2.0), T0, 9 * H).edges_s[-1] == 2 * H
    assert outlook(forecast(1.0, 2.0), T0, H).edges_s[-1] == 2 * H
    assert outlook(forecast(1.0), T0 + 5 * HOUR, H).edges_s.tolist() == [0.0, H]


def test_hours_before_the_origin_are_left_out():
    ahead = outlook(forecast(1.0, 2.0, 3.0), T0 + 1.5 * HOUR, H)
    assert ahead.edges_s.tolist() == [0.0, 0.5 * H, 1.5 * H]
    assert ahead.g_per_kwh[0].tolist() == [2.0, 3.0]


def test_a_zero_is_a_hole_by_life_cycle_and_a_figure_at_the_stack():
    life_cycle = outlook(forecast(0.0, 5.0), T0, 2 * H)
    direct = outlook(forecast(0.0, 5.0, basis=Basis.DIRECT), T0, 2 * H)
    assert np.isnan(life_cycle.g_per_kwh[0, 0])
    assert direct.g_per_kwh[0].tolist() == [0.0, 5.0]


def test_cuts_become_edges():
    ahead = outlook(forecast(7.0, 8.0), T0, 2 * H, [0.5 * H, -5.0, 99 * H])
    assert ahead.edges_s.tolist() == [0.0, 0.5 * H, H, 2 * H]
    assert ahead.g_per_kwh[0].tolist() == [7.0, 7.0, 8.0]


def test_two_figures_for_one_moment_are_refused():
    hours = forecast(1.0, 2.0).hours
    twice = Forecast(
        **{
            **{
                name: getattr(forecast(1.0), name)
                for name in ("zone", "kind", "basis", "issued_at", "method", "source")
            },
            "hours": (*hours, hours[0]),
        }
    )
    with pytest.raises(SignalError, match="two intensities"):
        outlook(twice, T0, H)


def test_points_of_half_an_hour_in_any_order_are_taken():
    points = [
        IntensityPoint(
            start=T0 + i * HOUR / 2,
            stop=T0 + (i + 1) * HOUR / 2,
            intensity_g_per_kwh=10.0 * i + 1.0,
            low_g_per_kwh=10.0 * i,
            high_g_per_kwh=10.0 * i + 3.0,
            zone="XX",
            source="a test",
        )
        for i in (2, 0, 1)
    ]
    ahead = outlook(points, T0, 1.5 * H)
    assert ahead.g_per_kwh.tolist() == [
        [1.0, 11.0, 21.0],
        [0.0, 10.0, 20.0],
        [3.0, 13.0, 23.0],
    ]


def test_the_mean_is_of_the_known_time_and_keeps_the_band():
    ahead = outlook(forecast(100.0, NAN, 400.0, band=0.5), T0, 9 * H)
    mean = _mean(ahead, 0.5, 3.0)
    assert mean.central == pytest.approx((0.5 * 100.0 + 400.0) / 1.5)
    assert mean.low == pytest.approx(0.5 * mean.central)
    assert mean.high == pytest.approx(1.5 * mean.central)


@given(
    hours=st.lists(st.one_of(st.just(NAN), st.floats(1.0, 900.0)), max_size=12),
    shift_min=st.integers(-300, 300),
    cuts_min=st.lists(st.integers(-60, 900), max_size=6),
)
def test_every_moment_has_the_figure_of_its_hour(hours, shift_min, cuts_min):
    origin = T0 + timedelta(minutes=shift_min)
    ahead = outlook(forecast(*hours), origin, 5 * H, [60.0 * c for c in cuts_min])
    assert ahead.edges_s[0] == 0.0
    since_s = (origin - T0).total_seconds()
    known_s = [(i + 1) * H - since_s for i, g in enumerate(hours) if g == g]
    assert ahead.edges_s[-1] == max([s for s in known_s if s > 0.0], default=5 * H)
    for i, (start_s, stop_s) in enumerate(pairwise(ahead.edges_s)):
        assert start_s < stop_s
        at = int((since_s + (start_s + stop_s) / 2) // H)
        expected = hours[at] if 0 <= at < len(hours) else NAN
        assert np.array_equal(ahead.g_per_kwh[0, i], expected, equal_nan=True)
