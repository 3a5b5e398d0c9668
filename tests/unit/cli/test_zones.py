import json

import pytest


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")


def test_words_that_no_zone_has_are_an_error(greenops):
    result = greenops("zones", "atlantis")

    assert result.exit_code == 1
    assert "no zone has 'atlantis'" in result.stderr


@pytest.mark.parametrize("place", ["99,0", "atlantis"])
def test_a_place_that_is_none_is_an_error(greenops, place):
    assert greenops("zones", "--near", place).exit_code == 2


def test_words_and_a_place_exclude_each_other(greenops):
    assert greenops("zones", "paris", "--near", "1,2").exit_code == 2


def test_a_search_tells_what_providers_call_the_zone(greenops):
    found = json.loads(greenops("zones", "CISO", "--json").stdout)

    assert found[0]["zone"] == "US-CAL-CISO"
    assert found[0]["providers"]["eia"] == "CISO"


def test_zones_near_a_place_come_with_their_distance(greenops):
    shown = greenops("zones", "--near", "48.9,2.4").stdout

    assert "AWAY" in shown
    assert "FR " in shown
    assert " km" in shown


def test_without_arguments_it_says_where_the_machine_is(greenops, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")

    shown = greenops("zones").stdout

    assert "FR (a guess from time zone: Europe/Paris)" in shown
    assert "world average" in shown


def test_a_configured_zone_is_no_guess(greenops, monkeypatch):
    monkeypatch.setenv("GREENOPS_ZONE", "SE-SE3")

    assert "SE-SE3 (from configuration: SE-SE3)" in greenops("zones").stdout


def test_the_cloud_is_asked_as_configured(greenops, monkeypatch):
    from greenops.signals.location import FoundBy, Location
    from greenops.wire import zone

    def of_cloud(ask):
        if ask == "off":
            return None
        return Location(zone="SE", found_by=FoundBy.CLOUD, detail="aws:eu-north-1")

    monkeypatch.setattr(zone, "_of_cloud", of_cloud)
    on = greenops("zones").stdout
    monkeypatch.setenv("GREENOPS_LOCATION_CLOUD", "off")
    off = greenops("zones").stdout

    assert "this machine: SE (from cloud metadata: aws:eu-north-1)" in on
    assert "world average" not in on
    assert "world average" in off


def test_words_in_no_name_get_near_matches(greenops):
    result = greenops("zones", "Frnace")

    assert result.exit_code == 1
    assert "did you mean France" in result.stderr
