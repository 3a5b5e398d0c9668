import pytest

import greenops
from greenops.errors import ConfigError


def test_zones_are_found_by_words_by_place_and_all_of_them():
    assert greenops.zones("caiso_north")[0].code == "US-CAL-CISO"
    assert greenops.zones(near="48.9,2.4")[0].code == "FR"
    assert len(greenops.zones()) > 400


def test_words_that_no_zone_has_find_none():
    assert greenops.zones("no zone is called so") == ()


def test_words_and_a_place_together_are_refused():
    with pytest.raises(ValueError, match="not both"):
        greenops.zones("FR", near="48.9,2.4")


def test_a_place_that_does_not_exist_is_an_error():
    with pytest.raises(ConfigError):
        greenops.zones(near="Atlantis")


@pytest.mark.parametrize("name", [n for n in greenops.__all__ if n[0].islower()])
def test_everything_offered_is_there_and_explains_itself(name):
    assert getattr(greenops, name).__doc__


def test_what_is_not_offered_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = greenops.nothing
