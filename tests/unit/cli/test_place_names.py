"""Names of places, completed in a shell."""

import pytest

from greenops.cli.place_names import complete_place, complete_tag
from tests.unit.cli.test_places import PLACES


@pytest.fixture
def places(home, monkeypatch):
    (home / "places.toml").write_text(PLACES.replace("NZ", "SE").replace("evil", "eu-"))
    monkeypatch.setenv("GREENOPS_PLACES_PATH", str(home / "places.toml"))
    return home / "places.toml"


def complete(function, begun):
    """Return what a shell would get."""
    return function(None, None, begun)


def names(items):
    return [item.value for item in items]


@pytest.mark.usefixtures("places")
def test_places_are_completed_by_their_beginning_and_after_a_comma():
    assert names(complete(complete_place, "")) == ["lab"]  # the other is no word
    assert names(complete(complete_place, "la")) == ["lab"]
    assert names(complete(complete_place, "DE,la")) == ["DE,lab"]
    assert names(complete(complete_place, "x")) == []
    assert complete(complete_place, "")[0].help == "DE"


@pytest.mark.usefixtures("places")
def test_tags_are_completed():
    assert names(complete(complete_tag, "E")) == ["EU"]


def test_a_file_that_is_wrong_completes_nothing_and_says_nothing(places, capsys):
    places.write_text("[[place]\n")

    assert complete(complete_place, "") == []
    assert capsys.readouterr().err == ""


def test_scripts_are_completed_as_files(cli):
    cli.env |= {
        "_GREENOPS_COMPLETE": "bash_complete",
        "COMP_WORDS": "greenops submit tr",
        "COMP_CWORD": "2",
    }

    assert cli.run().stdout.strip() == "file,tr"
