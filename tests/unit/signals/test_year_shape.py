from datetime import UTC, datetime, timedelta
from math import asin, degrees
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.reference.mix import Mix
from greenops.signals.year_shape import (
    FOSSIL,
    LOAD_BY_LOCAL_HOUR,
    LOAD_BY_WEEKDAY,
    STEADY,
    GridClass,
    Place,
    clear_skies,
    clear_sky,
    grid_class,
    sine_of_elevation,
    year_loads,
    year_shape,
)

ROME = Place(
    latitude_deg=41.9, longitude_deg=12.5, timezone="Europe/Rome", isolated=False
)
SUNNY = Mix(shares={"solar": 0.15, "nuclear": 0.25, "natural_gas": 0.6}, year=2023)
WET = Mix(shares={"hydroelectricity": 0.6, "natural_gas": 0.4}, year=2023)


@pytest.mark.parametrize(
    ("shares", "isolated", "expected"),
    [
        pytest.param({"hydroelectricity": 1.0}, False, "flat", id="nothing-burnt"),
        pytest.param({"wind": 0.5, "coal": 0.5}, False, "flat", id="wind"),
        pytest.param({"nuclear": 0.7, "coal": 0.3}, False, "flat", id="nuclear"),
        pytest.param({"solar": 0.02, "coal": 0.98}, False, "flat", id="hardly-sunny"),
        pytest.param({"solar": 0.03, "coal": 0.97}, False, "solar", id="sunny"),
        pytest.param(
            {"hydroelectricity": 0.3, "coal": 0.7}, False, "hydro", id="hydro"
        ),
        pytest.param(
            {"hydroelectricity": 0.6, "coal": 0.4}, True, "flat", id="hydro-alone"
        ),
        pytest.param(
            {"hydroelectricity": 0.4, "solar": 0.1, "coal": 0.5},
            True,
            "solar",
            id="hydro-alone-and-sunny",
        ),
    ],
)
def test_the_mix_and_the_lines_decide_the_class(shares, isolated, expected):
    assert grid_class(Mix(shares=shares, year=2023), isolated=isolated) == expected


def test_a_flat_grid_has_no_shape():
    assert set(year_shape(SUNNY, ROME, 2026, GridClass.FLAT)) == {1.0}


# By geometry: 90 degrees less the distance of latitude and declination at noon.
@pytest.mark.parametrize(
    ("at", "latitude", "longitude", "elevation"),
    [
        pytest.param(datetime(2026, 6, 21, 12, tzinfo=UTC), 0, 0, 66.6, id="equator"),
        pytest.param(
            datetime(2026, 6, 21, 12, tzinfo=UTC), 51.48, 0, 61.9, id="greenwich"
        ),
        pytest.param(
            datetime(2026, 12, 21, 12, tzinfo=UTC), 51.48, 0, 15.1, id="winter"
        ),
        pytest.param(
            datetime(2026, 3, 20, 12, 7, tzinfo=UTC), 0, 0, 90.0, id="equinox"
        ),
    ],
)
def test_the_sun_stands_where_the_almanac_says(at, latitude, longitude, elevation):
    found = degrees(asin(min(1.0, sine_of_elevation(at, latitude, longitude))))

    assert found == pytest.approx(elevation, abs=0.7)


@pytest.mark.parametrize("year", [2026, 2028])
@pytest.mark.parametrize(("latitude", "longitude"), [(52, 13), (-34, 151), (70, -50)])
def test_the_sky_of_a_year_is_that_of_each_of_its_hours(year, latitude, longitude):
    first = datetime(year, 1, 1, tzinfo=UTC)
    skies = clear_skies(year, latitude, longitude)

    for hour in range(0, len(skies), 7):
        at = first + timedelta(hours=hour)
        assert skies[hour] == pytest.approx(
            clear_sky(at, latitude, longitude), abs=2e-4
        )


@pytest.mark.parametrize(
    "timezone",
    ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"],
)
def test_the_load_of_a_year_follows_the_clock_of_the_place(timezone):
    """Clock changes, half-hour offsets and half-hour changes among them."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    local = [
        (first + timedelta(hours=h)).astimezone(ZoneInfo(timezone)) for h in range(8760)
    ]
    naive = [LOAD_BY_LOCAL_HOUR[t.hour] * LOAD_BY_WEEKDAY[t.weekday()] for t in local]

    assert year_loads(2026, timezone) == pytest.approx(naive)


def test_the_sun_does_not_rise_in_a_polar_winter_nor_set_in_its_summer():
    hours = [timedelta(hours=h) for h in range(24)]
    winter, summer = (datetime(2026, m, 21, tzinfo=UTC) for m in (12, 6))

    assert all(clear_sky(winter + h, 69.6, 18.9) == 0 for h in hours)
    assert all(clear_sky(summer + h, 69.6, 18.9) > 0 for h in hours)


def test_a_sunny_grid_is_cleanest_around_noon_of_its_own_sun():
    shape = year_shape(SUNNY, ROME, 2026, GridClass.SOLAR)
    may = 24 * 130
    day = shape[may : may + 24]

    assert 9 <= day.index(min(day)) <= 13
    assert min(day) < 0.8 * day[0]


def test_the_same_grid_further_west_is_cleanest_later():
    west = Place(
        latitude_deg=41.9,
        longitude_deg=-87.5,
        timezone="America/Chicago",
        isolated=False,
    )
    at = 24 * 130
    here, there = (
        year_shape(SUNNY, place, 2026, GridClass.SOLAR)[at : at + 24]
        for place in (ROME, west)
    )

    assert (there.index(min(there)) - here.index(min(here))) % 24 in (6, 7)


def test_a_hydro_grid_is_cleaner_by_day_than_at_night():
    shape = year_shape(WET, ROME, 2026, GridClass.HYDRO)
    night, evening = 24 * 20 + 2, 24 * 20 + 17

    assert shape[evening] < shape[night]


def test_the_load_statistics_have_a_mean_of_one():
    assert sum(LOAD_BY_LOCAL_HOUR) / 24 == pytest.approx(1.0, abs=0.01)
    assert sum(LOAD_BY_WEEKDAY) / 7 == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize(("year", "hours"), [(2026, 8760), (2028, 8784)])
def test_a_year_has_all_its_hours(year, hours):
    assert len(year_shape(SUNNY, ROME, year, GridClass.SOLAR)) == hours


parts = st.floats(0.0, 1.0)


@settings(max_examples=15, deadline=None)
@given(
    shares=st.lists(parts, min_size=9, max_size=9).filter(lambda p: sum(p) > 0.1),
    latitude=st.floats(-70, 70),
    longitude=st.floats(-180, 180),
    kind=st.sampled_from(list(GridClass)),
)
def test_any_shape_keeps_the_annual_mean_and_stays_above_zero(
    shares, latitude, longitude, kind
):
    sources = (*STEADY, *FOSSIL, "hydroelectricity", "solar")
    whole = sum(shares)
    mix = Mix(
        shares={s: p / whole for s, p in zip(sources, shares, strict=True)}, year=2023
    )
    place = Place(
        latitude_deg=latitude, longitude_deg=longitude, timezone="UTC", isolated=False
    )

    shape = year_shape(mix, place, 2026, kind)

    assert sum(shape) / len(shape) == pytest.approx(1.0, abs=1e-9)
    assert min(shape) > 0
