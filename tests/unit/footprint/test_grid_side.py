from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError, SignalError
from greenops.footprint.grid_side import RunTime, grid_side, marginal_view
from greenops.model import HourEnergy, IntensityKind
from greenops.model.bounds import exact
from tests.unit.footprint.conftest import HOUR, T0

KWH_J = exact(3.6e6)


def time_of(hours, start=T0, stop=None):
    return RunTime(start=start, stop=stop or T0 + len(hours) * HOUR, hours=tuple(hours))


def test_an_hour_beyond_any_bridge_is_an_error(hour_energy, intensity_point):
    with pytest.raises(SignalError, match="2026-01-01 13:00"):
        grid_side(time_of([hour_energy(i) for i in range(5)]), [intensity_point()])


def test_an_hour_the_source_left_out_is_bridged_and_said_to_be(
    hour_energy, intensity_point
):
    hours = [hour_energy(i) for i in range(3)]

    side = grid_side(
        time_of(hours), [intensity_point(0, 100.0), intensity_point(2, 400.0)]
    )

    assert side.intensity_g_per_kwh.central == pytest.approx(250.0)
    assert side.factors["intensity_provenance"] == (
        "2 of 3 points measured; 1 of 3 points bridged"
    )


def test_a_run_within_an_hour_takes_only_the_quarters_it_lay_in(
    hour_energy, intensity_point
):
    points = [intensity_point(q / 4, 100.0 * (q + 1), hours=0.25) for q in range(4)]
    start = T0 + timedelta(minutes=45)

    side = grid_side(time_of([hour_energy()], start, T0 + HOUR), points)

    assert side.intensity_g_per_kwh.central == pytest.approx(400.0)
    assert side.points == (points[3],)


def test_a_point_counts_for_the_minutes_it_shares_with_the_run(
    hour_energy, intensity_point
):
    """12:25 to 12:50: five minutes, fifteen, and five."""
    points = [intensity_point(q / 4, 100.0 * 10**q, hours=0.25) for q in range(4)]
    start, stop = (T0 + timedelta(minutes=m) for m in (25, 50))

    side = grid_side(time_of([hour_energy()], start, stop), points)

    mean = (5 * 1_000.0 + 15 * 10_000.0 + 5 * 100_000.0) / 25
    assert side.intensity_g_per_kwh.central == pytest.approx(mean)


def test_points_of_different_length_each_count_for_their_time(
    hour_energy, intensity_point
):
    points = [
        intensity_point(0, 100.0, hours=0.25),
        intensity_point(0.25, 300.0, hours=0.75),
        intensity_point(1, 500.0, hours=3),
    ]
    hours = [hour_energy(0, 3.0e6), hour_energy(1, 1.0e6)]

    side = grid_side(time_of(hours), points)

    assert side.intensity_g_per_kwh.central == pytest.approx(0.75 * 250 + 0.25 * 500)


def test_the_hour_that_a_clock_change_takes_moves_no_energy(intensity_point):
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 3, 29, tzinfo=berlin).astimezone(UTC)
    utc = [first + i * HOUR for i in range(6)]
    local = [
        intensity_point(
            0,
            100.0 * (i + 1),
            start=at.astimezone(berlin),
            stop=(at + HOUR).astimezone(berlin),
        )
        for i, at in enumerate(utc)
    ]
    hours = [HourEnergy(hour=at, energy_j=3.6e6) for at in utc]

    side = grid_side(time_of(hours, utc[0], utc[-1] + HOUR), local)

    assert side.intensity_g_per_kwh.central == pytest.approx(350.0)
    assert [p.start for p in side.points] == utc
    assert side.factors["intensity_provenance"] == "measured"


def test_energy_outside_of_the_run_still_finds_its_hour(hour_energy, intensity_point):
    """A wall clock that was set back leaves energy before the start."""
    hours = [hour_energy(-5, 1.0e6), hour_energy(0, 1.0e6)]
    points = [intensity_point(i, 100.0 + 100.0 * (i == -5)) for i in range(-6, 2)]

    time = time_of(hours, T0, T0 + HOUR)

    assert time.span == (T0 - 5 * HOUR, T0 + HOUR)
    assert grid_side(time, points).intensity_g_per_kwh.central == pytest.approx(150.0)


def test_a_run_of_no_length_has_a_span(intensity_point):
    side = grid_side(RunTime.of(T0, 0.0, ()), [intensity_point(0, 120.0)])

    assert side.intensity_g_per_kwh.central == pytest.approx(120.0)


def test_factors_name_kind_basis_and_time_of_issue(hour_energy, intensity_point):
    hours = [hour_energy(0), hour_energy(1)]
    points = [
        intensity_point(0, issued_at=T0),
        intensity_point(1, issued_at=T0 + 2 * HOUR),
    ]

    factors = grid_side(time_of(hours), points).factors

    assert "location-based, average, life cycle" in factors["intensity"]
    assert factors["intensity_provenance"] == "measured"
    assert factors["intensity_issued"] == (
        "stated 2026-01-01 12:00 UTC to 2026-01-01 14:00 UTC"
    )


def test_a_table_has_no_time_of_issue(hour_energy, intensity_point):
    assert (
        "intensity_issued"
        not in grid_side(time_of([hour_energy()]), [intensity_point()]).factors
    )


def test_a_marginal_view_is_refused_to_average_points(hour_energy, intensity_point):
    with pytest.raises(MixedSignalsError, match="marginal"):
        marginal_view(time_of([hour_energy()]), [intensity_point()], KWH_J, exact(1.0))


def test_a_marginal_view_that_lacks_hours_is_left_out_and_says_why(
    hour_energy, intensity_point
):
    point = intensity_point(0, kind=IntensityKind.MARGINAL)
    hours = [hour_energy(i) for i in range(6)]

    found, factors = marginal_view(time_of(hours), [point], KWH_J, exact(1.0))

    assert found is None
    assert "incomplete: no carbon intensity for the time" in factors["marginal"]


def test_a_marginal_view_states_the_same_energy_a_second_time(
    hour_energy, intensity_point
):
    point = intensity_point(0, 600.0, kind=IntensityKind.MARGINAL)

    found, factors = marginal_view(time_of([hour_energy()]), [point], KWH_J, exact(1.5))

    assert found is not None
    assert found.operational_g.central == pytest.approx(900.0)
    assert found.points == (point,)
    assert "in no sum" in factors["marginal"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    energies_j=st.lists(st.floats(0, 1e9), min_size=1, max_size=12),
    intensities=st.lists(st.floats(1, 1000), min_size=48, max_size=48),
    minutes=st.sampled_from([15, 30, 60]),
)
def test_the_mean_is_that_of_the_naive_sum_over_minutes(
    hour_energy, intensity_point, energies_j, intensities, minutes
):
    per_hour = 60 // minutes
    points = [
        intensity_point(i / per_hour, g, hours=1 / per_hour)
        for i, g in enumerate(intensities)
    ]
    hours = [hour_energy(i, j) for i, j in enumerate(energies_j)]
    naive_g = sum(
        j / per_hour * intensities[i * per_hour + part]
        for i, j in enumerate(energies_j)
        for part in range(per_hour)
    )

    side = grid_side(time_of(hours), points)

    if sum(energies_j) > 1e-3:
        mean = naive_g / sum(energies_j)
        assert side.intensity_g_per_kwh.central == pytest.approx(mean, rel=1e-6)
