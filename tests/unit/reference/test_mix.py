import json

import pytest

from greenops.errors import ReferenceDataError
from greenops.reference import mix as module
from greenops.reference.mix import (
    Mix,
    country_mix,
    mean_mix,
    own_mixes,
    province_mix,
)
from greenops.reference.zone_names import grid_zones


def world(folder, row):
    path = folder / "private_infra" / "global_energy_mix.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"FRA": row}))
    return folder


def test_a_country_without_a_column_is_a_changed_layout(tmp_path):
    with pytest.raises(ReferenceDataError, match="not laid out as expected"):
        country_mix("FRA", world(tmp_path, {"coal_TWh": 1.0, "year": 2023}))


def test_a_country_without_generation_has_no_mix(tmp_path):
    row = dict.fromkeys(
        (*module.SOURCE_OF_WORLD_COLUMN, module.OTHER_RENEWABLE), 0.0
    ) | {"year": 2023}

    assert country_mix("FRA", world(tmp_path, row)) is None


def test_an_unknown_country_or_province_has_no_mix():
    assert country_mix("XXX") is None
    assert province_mix("atlantis") is None


def test_a_damaged_own_table_is_told_with_a_remedy(monkeypatch, tmp_path):
    table = tmp_path / "mixes.csv"
    table.write_text("code,year,coal\nUS-CA,2021,much\n")
    monkeypatch.setattr(module, "TABLE", table)

    with pytest.raises(ReferenceDataError, match="install greenops again"):
        module._own_mixes.__wrapped__()


@pytest.mark.parametrize(
    ("mix", "source", "low", "high"),
    [
        pytest.param(country_mix("FRA"), "nuclear", 0.6, 0.75, id="France"),
        pytest.param(country_mix("NOR"), "hydroelectricity", 0.85, 1.0, id="Norway"),
        pytest.param(province_mix("quebec"), "hydroelectricity", 0.9, 1.0, id="Quebec"),
        pytest.param(own_mixes()["US-WV"], "coal", 0.85, 0.95, id="West Virginia"),
        pytest.param(own_mixes()["AU-TAS"], "wind", 0.1, 0.25, id="Tasmania"),
    ],
)
def test_a_mix_is_what_the_place_is_known_for(mix, source, low, high):
    assert low <= mix.share(source) <= high
    assert sum(mix.shares.values()) == pytest.approx(1.0)


def test_every_own_mix_adds_up_and_belongs_to_a_zone():
    for code, mix in own_mixes().items():
        assert sum(mix.shares.values()) == pytest.approx(1.0)
        assert grid_zones()[code].annual == (code,)


def test_the_mean_of_mixes_counts_each_the_same_and_is_as_old_as_the_oldest():
    sunny = Mix(shares={"solar": 1.0}, year=2023)
    sooty = Mix(shares={"coal": 0.5, "solar": 0.5}, year=2021)

    assert mean_mix([sunny, sooty]) == Mix(
        shares={"solar": 0.75, "coal": 0.25}, year=2021
    )
