import pytest

from greenops.errors import UnknownZoneError
from greenops.reference.zone_names import PROVIDERS, grid_zones
from greenops_webapi import served_zone


@pytest.mark.parametrize("zone", ["FR", "fr", " Fr "])
def test_a_zone_is_known_in_any_case(zone):
    assert served_zone(zone, "entsoe").code == "FR"


def test_every_zone_of_the_table_can_be_asked_for_by_its_code():
    for provider in PROVIDERS:
        for code, row in grid_zones().items():
            if provider in row.names:
                assert served_zone(code, provider) is row


def test_a_zone_that_a_source_does_not_serve_gets_near_ones_that_it_does():
    with pytest.raises(
        UnknownZoneError, match=r"does not serve zone 'GB'.*near|it serves"
    ):
        served_zone("GB", "eia")
    with pytest.raises(
        UnknownZoneError, match=r"knows no zone 'US-CAL-CIS'.*US-CAL-CISO"
    ):
        served_zone("US-CAL-CIS", "eia")


def test_a_source_that_finds_regions_itself_takes_every_zone_there_is():
    assert served_zone("US-TEX-ERCO", "watttime", all_zones=True).code == "US-TEX-ERCO"
    with pytest.raises(UnknownZoneError, match="Atlantis"):
        served_zone("Atlantis", "watttime", all_zones=True)


def test_no_source_has_the_world():
    with pytest.raises(UnknownZoneError, match="no world average; name a zone"):
        served_zone(None, "neso")
