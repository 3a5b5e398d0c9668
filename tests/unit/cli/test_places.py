"""`greenops places` as people meet it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from greenops.wire.outlook_file import keep_outlook
from tests.unit.agent.worlds import forecast

PLACES = """
[[place]]
name = "lab"
zone = "DE"
tags = ["EU"]
options = {jobs = 3}

[[place]]
name = "evil\\u001b[2J"
zone = "NZ"
executor = "nobody-has-installed-this"
"""


@pytest.fixture
def two(home, monkeypatch):
    """Two places, one of which nobody can use; the daemon has forecast the other."""
    (home / "places.toml").write_text(PLACES)
    monkeypatch.setenv("GREENOPS_PLACES_PATH", str(home / "places.toml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    state = home / "state" / "greenops"
    state.mkdir(parents=True, mode=0o700)
    now = datetime.now(UTC)
    hours = [500.0, 500.0, 500.0, 50.0] + [600.0] * 40
    keep_outlook(state, {"DE": forecast("DE", hours, issued_at=now)})
    return now


def test_each_place_is_said_with_what_is_free_and_how_clean_it_is(greenops, two):
    done = greenops("places")

    assert done.exit_code == 0
    title, lab, evil = done.stdout.splitlines()
    assert title.split()[:4] == ["PLACE", "ZONE", "EXECUTOR", "STATE"]
    assert lab.split()[:4] == ["lab", "DE", "local", "usable"]
    best = (two + timedelta(hours=3)).astimezone()
    assert f"50.0 {best:%a %H}:00" in lab
    assert "EU" in lab
    assert "not usable" in evil
    assert "nobody-has-installed-this" in done.stderr
    assert "\x1b" not in done.output


def test_as_json_it_has_units_and_says_what_the_hours_are_from(greenops, two):
    found = json.loads(greenops("places", "--json").stdout)["places"]

    lab, evil = found
    assert (lab["usable"], lab["now"]["intensity_g_per_kwh"]) == (True, 500.0)
    assert lab["next"]["intensity_g_per_kwh"] == 500.0
    assert lab["cleanest_of_24_h"]["intensity_g_per_kwh"] == 50.0
    assert lab["forecast"]["method"] == "made up"
    assert lab["cpus"] > 0.0
    assert (evil["usable"], evil["free_gpus"]) == (False, None)
    assert datetime.fromisoformat(lab["asked_at"]) >= two


def test_without_a_file_of_places_it_is_this_machine(greenops, home, monkeypatch):
    monkeypatch.setenv("GREENOPS_ZONE", "DE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))

    done = greenops("places", "--json")

    (local,) = json.loads(done.stdout)["places"]
    assert (local["place"], local["zone"], local["usable"]) == ("local", "DE", True)
    assert local["now"]["intensity_g_per_kwh"] > 0.0
    assert not (home / "state").exists()


def test_a_wrong_file_of_places_is_status_2_with_its_line(greenops, two, home):
    del two
    (home / "places.toml").write_text("[[place]]\nname = 3\n")

    done = greenops("places")

    assert done.exit_code == 2
    assert "places.toml:2" in done.stderr
