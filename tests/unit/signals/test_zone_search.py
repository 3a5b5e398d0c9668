import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import UnknownZoneError
from greenops.reference.zone_names import grid_zones
from greenops.signals.zone_search import (
    position,
    search_zones,
    zone_of_timezone,
    zones_near,
)


@pytest.mark.parametrize("place", ["91,0", "0,181", "-90.5,10"])
def test_a_position_off_the_earth_is_refused(place):
    with pytest.raises(UnknownZoneError, match="latitude is -90 to 90"):
        zones_near(place)


@pytest.mark.parametrize("place", ["atlantis", "1,2,3", "north,south", ""])
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(UnknownZoneError):
        zones_near(place)


def test_the_world_lies_nowhere_in_particular():
    with pytest.raises(UnknownZoneError, match="latitude,longitude"):
        position("world")


@pytest.mark.parametrize("text", ["", "   ", "zzzzz"])
def test_nothing_is_found_for_words_nobody_uses(text):
    assert search_zones(text) == ()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("caiso", "US-CAL-CISO"),
        ("CISO", "US-CAL-CISO"),
        ("sweden", "SE"),
        ("Québec", "CA-QC"),
        ("10YFR-RTE------C", "FR"),
        ("pjm", "US-MIDA-PJM"),
        ("helsinki", "FI"),
    ],
)
def test_a_search_finds_any_name_best_first(text, first):
    assert search_zones(text)[0].code == first


def test_a_search_lists_the_whole_before_its_parts_and_no_more_than_asked():
    found = [zone.code for zone in search_zones("sweden", at_most=3)]

    assert found[0] == "SE"
    assert len(found) == 3


@pytest.mark.parametrize(
    ("place", "among"),
    [
        ("48.85, 2.35", "FR"),
        ("eu-north-1", "SE"),
        ("gcp:us-west1", "US-OR"),
        ("gcp:asia-northeast1", "JP-TK"),
        ("Europe/Zurich", "CH"),
        ("tokyo", "JP-TK"),
        ("US-TEX-ERCO", "US-TX"),
        ("US/Pacific", "US-CAL-LDWP"),
    ],
)
def test_the_zones_near_a_place_hold_its_own(place, among):
    found = zones_near(place)

    assert among in [near.zone.code for near in found]
    assert [n.distance_km for n in found] == sorted(n.distance_km for n in found)


def test_distance_is_the_great_circle():
    nearest = {n.zone.code: n.distance_km for n in zones_near("0,0", at_most=500)}
    sweden = grid_zones()["SE"]

    # A quarter of the way around is 10,000 km; two degrees of latitude are 222 km.
    two_north = f"{sweden.latitude_deg + 2},{sweden.longitude_deg}"
    near = {n.zone.code: n.distance_km for n in zones_near(two_north, at_most=500)}
    assert near["SE"] == pytest.approx(222.4, abs=0.5)
    assert max(nearest.values()) <= 20_016


@pytest.mark.parametrize(
    ("timezone", "code"),
    [
        pytest.param("Europe/Paris", "FR", id="one-clock"),
        pytest.param("Europe/Berlin", "DE", id="one-clock-and-an-alias-zone"),
        pytest.param("Australia/Hobart", "AU-TAS", id="part-with-its-own-clock"),
        pytest.param("America/Detroit", "US-MI", id="state-with-its-own-clock"),
        pytest.param("America/New_York", "US", id="clock-of-many-parts"),
        pytest.param("Asia/Calcutta", "IN", id="old-name"),
        pytest.param("Europe/Busingen", "DE", id="clock-of-no-zone"),
        pytest.param("Etc/UTC", None, id="utc"),
        pytest.param("Mars/Olympus", None, id="no-such-clock"),
    ],
)
def test_a_time_zone_points_no_closer_than_it_can(timezone, code):
    zone = zone_of_timezone(timezone)

    assert (zone and zone.code) == code


def test_clocks_are_known_from_the_table_where_the_host_has_no_list(monkeypatch):
    monkeypatch.setattr(zoneinfo, "TZPATH", ())

    zone = zone_of_timezone("Europe/Paris")

    assert zone is not None
    assert zone.code == "FR"
    assert zone_of_timezone("Europe/Busingen") is None


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=15))
def test_any_words_are_searched_without_an_error(text):
    assert len(search_zones(text)) <= 20
