from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from greenops.errors import ReferenceDataError
from greenops.reference import zone_names
from greenops.reference.zone_names import PROVIDERS, grid_zones, zone_called

EIC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


def test_a_missing_table_is_told_with_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(zone_names, "TABLE", tmp_path / "none.csv")

    with pytest.raises(ReferenceDataError, match="install greenops again"):
        grid_zones.__wrapped__()


@pytest.mark.parametrize(
    "damage", ["code,name\nFR,France\n", "code,lat\nFR,north\n"], ids=["short", "text"]
)
def test_a_damaged_table_is_told_with_a_remedy(monkeypatch, tmp_path, damage):
    table = tmp_path / "zones.csv"
    table.write_text(damage)
    monkeypatch.setattr(zone_names, "TABLE", table)

    with pytest.raises(ReferenceDataError, match="install greenops again"):
        grid_zones.__wrapped__()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_two_zones_share_a_name_of_a_provider(provider):
    names = [z.names[provider] for z in grid_zones().values() if provider in z.names]

    assert len(names) == len(set(map(str.casefold, names)))


def test_every_eic_ends_with_its_check_character():
    codes = [z.names["entsoe"] for z in grid_zones().values() if "entsoe" in z.names]

    for code in codes:
        weighted = sum(
            EIC_ALPHABET.index(c) * (16 - i) for i, c in enumerate(code[:15])
        )
        assert code[15] == EIC_ALPHABET[36 - (weighted - 1) % 37], code


def test_every_zone_lies_on_earth_and_keeps_a_known_clock():
    for zone in grid_zones().values():
        assert -90 <= zone.latitude_deg <= 90
        assert -180 <= zone.longitude_deg <= 180
        assert ZoneInfo(zone.timezone).key == zone.timezone


def test_the_clock_of_a_zone_fits_its_longitude():
    for zone in grid_zones().values():
        offset = datetime(2026, 1, 15, 12, tzinfo=ZoneInfo(zone.timezone)).utcoffset()
        assert offset is not None
        hours = offset.total_seconds() / 3600 - zone.longitude_deg / 15
        # Kiribati's and Samoa's dates are political; China keeps one clock.
        assert min(abs(hours), abs(24 - abs(hours))) < 3.6, zone.code


@pytest.mark.parametrize(
    ("name", "provider", "code"),
    [
        ("CISO", "eia", "US-CAL-CISO"),
        ("caiso_north", "watttime", "US-CAL-CISO"),
        ("10Y1001A1001A46L", "entsoe", "SE-SE3"),
        ("13", "neso", "GB-LONDON"),
        ("national", "neso", "GB"),
        ("US-TEX-ERCO", "electricitymaps", "US-TEX-ERCO"),
    ],
)
def test_a_zone_is_found_by_what_a_provider_calls_it(name, provider, code):
    zone = zone_called(name, provider)

    assert zone is not None
    assert zone.code == code


def test_a_name_of_another_provider_is_not_found():
    assert zone_called("CAISO_NORTH", "eia") is None


def test_great_britain_has_fourteen_regions_of_neso():
    regions = {z.names.get("neso") for z in grid_zones().values()}

    assert {str(n) for n in range(1, 15)} <= regions
