from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.errors import MixedSignalsError
from greenops.model import Basis, IntensityKind, IntensityPoint
from greenops.planner.terms import Terms, kinds_of, one_kind
from tests.unit.planner.scenes import HOUR, T0, forecast, place

HOME = place("home", 1.0)
MARGINAL = forecast(1.0, kind=IntensityKind.MARGINAL)


def test_a_plan_is_made_at_a_moment_with_a_zone():
    with pytest.raises(ValueError, match="timezone-aware"):
        Terms(now=T0.replace(tzinfo=None))


def test_a_place_has_its_own_forecast_unless_another_series_is_handed_over():
    other = forecast(2.0)
    assert Terms(now=T0).series_of(HOME) is HOME.forecast
    assert Terms(now=T0, series={"home": other}).series_of(HOME) is other
    assert Terms(now=T0, series={"home": None}).series_of(HOME) is None


def test_figures_of_two_kinds_are_refused():
    terms = Terms(now=T0, series={"other": MARGINAL})
    with pytest.raises(MixedSignalsError, match="home: average, life cycle; other"):
        one_kind([HOME, place("other")], terms)


def test_the_kind_of_all_is_told_and_none_of_nothing():
    terms = Terms(now=T0)
    assert one_kind([HOME, place("dark")], terms) == (
        IntensityKind.AVERAGE,
        Basis.LIFE_CYCLE,
    )
    assert one_kind([place("dark")], terms) is None


def test_points_have_each_their_kind():
    point = IntensityPoint(
        start=T0,
        stop=T0 + timedelta(minutes=30),
        intensity_g_per_kwh=1.0,
        low_g_per_kwh=1.0,
        high_g_per_kwh=1.0,
        zone="XX",
        source="a test",
    )
    later = replace(point, start=point.stop, stop=point.stop + HOUR)
    assert len(kinds_of([point, later])) == 1
    assert len(kinds_of([point, replace(later, basis=Basis.DIRECT)])) == 2
    assert kinds_of(None) == set()
