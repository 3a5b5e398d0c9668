"""Places by what people call them."""

import pytest

from greenops.agent.planning import Site
from greenops.errors import ConfigError
from greenops.model import Place
from greenops.wire.region import places_named, tags_known


def site(name, zone, *tags):
    place = Place(name=name, zone=zone, tags=frozenset(tags))
    return Site(place=place, executor="local")


SITES = (
    site("eu-north", "SE-SE3", "EU"),
    site("us-west", "US-CAL-CISO"),
    site("lab", "DE", "EU", "own"),
)


@pytest.mark.parametrize(
    ("named", "places"),
    [
        pytest.param(["eu-north"], {"eu-north"}, id="a place"),
        pytest.param(["eu-north", "us-west"], {"eu-north", "us-west"}, id="two"),
        pytest.param(["DE"], {"lab"}, id="a zone"),
        pytest.param(["germany"], {"lab"}, id="a zone by another name"),
        pytest.param(["CAISO_NORTH"], {"us-west"}, id="as a provider calls it"),
    ],
)
def test_places_are_found_by_their_names_and_their_zones(named, places):
    assert places_named(named, SITES) == places


def test_without_names_any_place_will_do():
    assert places_named([], SITES) is None


@pytest.mark.parametrize(
    ("region", "said"),
    [
        pytest.param("eu-nort", "did you mean eu-north", id="a slip"),
        pytest.param("FR", "there are DE, ", id="a zone where nothing is"),
        pytest.param("x" * 10_000, "there are", id="a huge name"),
        pytest.param("'; DROP TABLE", "there are", id="hostile"),
        pytest.param("\x1b[2J", "there are", id="an escape"),
    ],
)
def test_a_place_that_does_not_exist_is_refused_with_what_there_is(region, said):
    with pytest.raises(ConfigError, match=said) as e:
        places_named([region], SITES)

    assert len(str(e.value)) < 300
    assert "\x1b" not in str(e.value)


def test_a_tag_that_no_place_bears_is_refused_with_those_there_are():
    assert tags_known(["EU"], SITES) == {"EU"}
    with pytest.raises(ConfigError, match="there are EU, own"):
        tags_known(["UE"], SITES)
    with pytest.raises(ConfigError, match="none has any"):
        tags_known(["EU"], [site("a", "DE")])
