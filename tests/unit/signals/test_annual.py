from datetime import UTC, datetime, timedelta, timezone
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import ReferenceDataError, SignalError, UnknownZoneError
from greenops.model import Basis
from greenops.reference.factor import GridFactor
from greenops.reference.files import data_folder
from greenops.reference.grid import countries, us_states
from greenops.signals.annual import (
    CEILING_G_PER_KWH,
    AnnualSignal,
    annual_bounds,
    world_bounds,
)
from greenops.signals.countries import isolated

NOON = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=366)


def grid(intensity_g_per_kwh=300.0, **changes):
    fields = {
        "code": "XXX",
        "name": "Somewhere",
        "intensity_g_per_kwh": intensity_g_per_kwh,
        "year": 2025,
        "basis": Basis.LIFE_CYCLE,
        "source": "a table",
        "holds_trade": True,
    }
    return GridFactor(**(fields | changes))


def width(value):
    return value.high / value.low


def test_an_unknown_zone_is_never_answered_by_an_average():
    with pytest.raises(UnknownZoneError):
        AnnualSignal().intensity("Atlantis", NOON, NOON + MINUTE)


def test_missing_data_files_are_a_signal_error_with_the_remedy(tmp_path):
    with pytest.raises(SignalError, match="pip install"):
        AnnualSignal(tmp_path).intensity("FR", NOON, NOON + MINUTE)


def test_a_country_table_in_another_unit_is_no_world_average(tmp_path):
    mix = tmp_path / "private_infra" / "global_energy_mix.json"
    mix.parent.mkdir()
    mix.write_text(
        '{"FRA": {"carbon_intensity": 0.056, "country_name": "France", "year": 2023,'
        ' "total_TWh": 500}}'
    )

    with pytest.raises(ReferenceDataError, match="not g/kWh"):
        world_bounds(tmp_path, MINUTE)


def test_the_world_average_says_that_no_zone_was_given():
    [point] = AnnualSignal().intensity(None, NOON, NOON + MINUTE)

    assert point.zone == "world"
    assert point.source.startswith("world average, zone not given")


def test_the_world_bounds_hold_nearly_all_countries_and_nearly_all_generation():
    value = world_bounds(data_folder(), YEAR)
    table = countries().values()
    inside = [c for c in table if value.low <= c.intensity_g_per_kwh <= value.high]
    total_twh = sum(c.total_twh or 0 for c in table)

    assert len(inside) >= 0.95 * len(table)
    assert sum(c.total_twh or 0 for c in inside) >= 0.95 * total_twh
    assert 400 < value.central < 550


def test_a_point_names_its_year_and_its_source():
    [point] = AnnualSignal().intensity("FR", NOON, NOON + MINUTE)

    assert "Our World in Data" in point.source
    assert str(countries()["FRA"].year) in point.source


def test_a_point_covers_the_whole_clock_hours_of_the_run():
    start = datetime(2026, 1, 1, 5, 40, tzinfo=timezone(timedelta(hours=5.5)))
    [point] = AnnualSignal().intensity("IN", start, start + timedelta(minutes=50))

    assert point.start == datetime(2026, 1, 1, 0, tzinfo=UTC)
    assert point.stop == datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_older_data_have_wider_bounds():
    fresh = annual_bounds(grid(year=2026), NOON, MINUTE)
    old = annual_bounds(grid(year=2009), NOON, MINUTE)

    assert width(old) > 1.5 * width(fresh)


def test_a_table_without_a_year_is_not_taken_for_fresh():
    fresh = annual_bounds(grid(year=2026), NOON, MINUTE)
    undated = annual_bounds(grid(year=None), NOON, MINUTE)

    assert width(undated) > width(fresh)


def test_data_of_a_later_year_than_the_run_are_no_error():
    later = annual_bounds(grid(year=2030), NOON, MINUTE)

    assert width(later) == width(annual_bounds(grid(year=2026), NOON, MINUTE))


def test_a_long_run_averages_the_hours_of_its_year():
    hour = annual_bounds(grid(), NOON, timedelta(hours=1))
    week = annual_bounds(grid(), NOON, timedelta(days=7))
    year = annual_bounds(grid(), NOON, YEAR)

    assert width(hour) > width(week) > width(year) > 1.2


@pytest.mark.parametrize(
    "changes",
    [
        {"basis": Basis.DIRECT},
        {"uncounted_share": 0.15},
        {"holds_trade": False},
    ],
    ids=["upstream-not-counted", "part-of-generation-not-counted", "no-imports"],
)
def test_what_a_table_leaves_out_widens_the_high_side_only(changes):
    whole = annual_bounds(grid(30.0), NOON, MINUTE)
    partial = annual_bounds(grid(30.0, **changes), NOON, MINUTE)

    assert partial.low == whole.low
    assert partial.high > whole.high + 10


def test_a_small_country_amid_others_may_import_more_than_a_large_one():
    small = annual_bounds(grid(holds_trade=False, total_twh=70.0), NOON, MINUTE)
    large = annual_bounds(grid(holds_trade=False, total_twh=500.0), NOON, MINUTE)

    assert small.high > large.high


def test_an_island_without_lines_imports_nothing():
    island = annual_bounds(grid(holds_trade=False, code="ISL"), NOON, MINUTE)

    assert island == annual_bounds(grid(), NOON, MINUTE)


def test_every_isolated_grid_is_one_the_tables_know():
    assert not isolated() - countries().keys() - us_states().keys()


def test_an_hour_somewhere_is_less_certain_than_a_year_somewhere():
    hour = world_bounds(data_folder(), timedelta(hours=1))
    year = world_bounds(data_folder(), YEAR)

    assert hour.low < year.low < year.high < hour.high


def test_an_hour_of_a_coal_grid_is_no_dirtier_than_lignite():
    assert annual_bounds(grid(800.0), NOON, MINUTE).high == CEILING_G_PER_KWH


@given(
    intensity=st.floats(0, 2000),
    year=st.none() | st.integers(1990, 2040),
    basis=st.sampled_from(Basis),
    span_s=st.floats(1e-3, 1e9),
)
def test_bounds_always_hold_the_average(intensity, year, basis, span_s):
    value = annual_bounds(
        grid(intensity, year=year, basis=basis), NOON, timedelta(seconds=span_s)
    )

    assert 0 <= value.low <= intensity <= value.high < inf


def test_a_known_zone_without_a_figure_keeps_its_name_and_says_so():
    start = datetime(2026, 3, 1, tzinfo=UTC)

    (point,) = AnnualSignal().intensity("XK", start, start + timedelta(hours=1))

    assert point.zone == "XK"
    assert point.source.startswith("world average, no figure of Kosovo")
