from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.errors import MixedSignalsError, SignalError
from greenops.footprint.assess import assess
from greenops.footprint.grid_side import RunTime
from greenops.footprint.options import FootprintOptions
from greenops.footprint.restated import changed_points, is_changed, reason, restated
from greenops.model import Basis, IntensityKind, Provenance
from tests.unit.footprint.conftest import HOUR, T0


@pytest.fixture
def time(hour_energy):
    return RunTime(
        start=T0, stop=T0 + 2 * HOUR, hours=(hour_energy(0), hour_energy(1, 1.8e6))
    )


@pytest.fixture
def points(intensity_point):
    return [intensity_point(0, 100.0), intensity_point(1, 400.0)]


@pytest.fixture
def first(device_total, time, points):
    return assess(
        totals=[device_total(5.4e6)],
        time=time,
        points=points,
        pue=1.2,
        duration_s=7200.0,
        options=FootprintOptions(water_l_per_kwh=1.8),
    )


def test_points_of_two_bases_are_refused(first, time, points):
    mixed = [points[0], replace(points[1], basis=Basis.DIRECT)]

    with pytest.raises(MixedSignalsError):
        restated(first, time, mixed)


def test_a_signal_that_lost_its_history_restates_nothing(first, time):
    with pytest.raises(SignalError):
        restated(first, time, [])


def test_the_same_points_give_the_same_footprint(first, time, points):
    again = restated(first, time, points)

    assert again == first
    assert not is_changed(first, again)


def test_only_what_the_grid_decides_changes(first, time, points):
    new = restated(first, time, [points[0], replace(points[1], high_g_per_kwh=900.0)])

    assert is_changed(first, new)
    for name in ("energy_j", "facility_energy_j", "embodied_g", "pue", "water_l"):
        assert getattr(new, name) == getattr(first, name)
    assert new.operational_g.high > first.operational_g.high
    assert new.total_g.high > first.total_g.high
    assert new.factors["pue"] == first.factors["pue"]


def test_a_revised_hour_is_named_with_both_means(first, time, points):
    revised = replace(
        points[1], intensity_g_per_kwh=700.0, low_g_per_kwh=600.0, high_g_per_kwh=800.0
    )

    new = restated(first, time, [points[0], revised])

    (changed,) = changed_points(first, new)
    assert (changed.start, changed.before, changed.after) == (
        T0 + HOUR,
        points[1],
        revised,
    )
    assert reason(first, new) == (
        "mean intensity 200 -> 300 g/kWh; "
        "1 of 2 points stated otherwise, 2026-01-01 13:00 to 2026-01-01 14:00 UTC"
    )


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"issued_at": T0 + timedelta(days=3)}, id="stated-again"),
        pytest.param({"source": "recorded, version 2"}, id="newer-copy"),
    ],
)
def test_the_same_figure_said_once_more_is_no_change(first, time, points, again):
    new = restated(first, time, [replace(p, **again) for p in points])

    assert not is_changed(first, new)


def test_a_forecast_that_came_true_to_the_gram_is_a_change(first, time, points):
    was = replace(
        first,
        points=tuple(replace(p, provenance=Provenance.FORECAST) for p in first.points),
    )

    assert is_changed(was, restated(was, time, points))


def test_other_stretches_of_time_are_counted_as_a_whole(first, time, intensity_point):
    whole = intensity_point(0, 200.0, hours=2)

    new = restated(first, time, [whole])

    assert is_changed(first, new)
    assert "; 1 points in place of 2, " in reason(first, new)


def test_a_footprint_whose_points_were_not_kept_is_compared_by_its_mean(
    first, time, points
):
    bare = replace(first, points=(), hours=())

    assert not is_changed(bare, restated(bare, time, points))
    doubled = [replace(p, high_g_per_kwh=2 * p.high_g_per_kwh) for p in points]
    assert is_changed(bare, restated(bare, time, doubled))
    assert "not kept before" in reason(bare, restated(bare, time, doubled))
    assert changed_points(bare, restated(bare, time, doubled)) == []


def test_a_marginal_view_comes_beside_and_is_in_no_sum(
    first, time, points, intensity_point
):
    marginal = [
        intensity_point(0, 800.0, hours=2, kind=IntensityKind.MARGINAL),
    ]

    new = restated(first, time, points, marginal)

    assert is_changed(first, new)
    assert new.marginal is not None
    assert new.marginal.operational_g.central == pytest.approx(1440.0)
    assert (new.total_g, new.operational_g) == (first.total_g, first.operational_g)
    assert reason(first, new) == (
        "the marginal figure changed; the location-based one stands; "
        "marginal 800 g/kWh, none before"
    )
    both = [replace(p, high_g_per_kwh=2 * p.high_g_per_kwh) for p in points]
    later = [replace(marginal[0], intensity_g_per_kwh=500.0, low_g_per_kwh=400.0)]
    assert reason(new, restated(new, time, both, later)).endswith(
        "UTC; marginal 800 -> 500 g/kWh"
    )


def test_a_marginal_view_that_cannot_be_had_now_stays_as_it_was(
    first, time, points, intensity_point
):
    marginal = [
        intensity_point(0, 800.0, hours=2, kind=IntensityKind.MARGINAL),
    ]
    had = restated(first, time, points, marginal)

    new = restated(had, time, points)

    assert new.marginal == had.marginal
    assert new.factors["marginal"] == had.factors["marginal"]
    assert not is_changed(had, new)
