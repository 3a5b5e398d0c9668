import json
import subprocess
import sys

import pytest

from greenops.errors import ReferenceDataError
from greenops.model import Basis
from greenops.reference.cpus import cpu_tdp_rows
from greenops.reference.files import data_folder, data_version, read_rows
from greenops.reference.grid import (
    canadian_provinces,
    chinese_provinces,
    cloud_regions,
    countries,
    nordic_zones,
    source_factors,
    us_states,
)

FACTORS = {
    "unit": "gCO2.eq/kWh",
    "coal": 1000,
    "coal_source": "a page",
    "petroleum": 800,
    "natural_gas": 500,
    "nuclear": 10,
    "solar": 40,
    "wind": 20,
    "hydroelectricity": 26,
}
COUNTRY = {
    "carbon_intensity": 56.0,
    "country_name": "France",
    "year": 2023,
    "total_TWh": 514.1,
}
MIX_OF_WATER = {
    "biofuel_TWh": 0.0,
    "coal_TWh": 0.0,
    "gas_TWh": 0.0,
    "hydroelectricity_TWh": 3.0,
    "nuclear_TWh": 0.0,
    "oil_TWh": 1.0,
    "solar_TWh": 0.0,
    "wind_TWh": 0.0,
}


@pytest.fixture
def folder(tmp_path):
    """Lay down one small file per table, as codecarbon keeps them."""
    infra = tmp_path / "data" / "private_infra"
    (infra / "2023").mkdir(parents=True)
    (tmp_path / "data" / "hardware").mkdir()
    (tmp_path / "data" / "cloud").mkdir()
    write(infra / "carbon_intensity_per_source.json", FACTORS)
    write(infra / "global_energy_mix.json", {"FRA": COUNTRY})
    write(
        infra / "2023" / "usa_emissions.json",
        {
            "_unit": {"emissions": "lbs/MWh"},
            "_source": {"year": 2022},
            "ohio": {"emissions": 1000.0, "regionCode": "OH"},
            "usa": {"emissions": 800.0, "regionCode": "usa"},
        },
    )
    write(
        infra / "2023" / "canada_energy_mix.json",
        {
            "quebec": {
                "coal": 1.0,
                "hydro": 98.0,
                "other": 1.0,
                "tidal": 0.0,
                "total": 77,
            }
        },
    )
    write(
        infra / "nordic_emissions.json",
        {
            "data": {
                "SE4": {
                    "emission_factor": 24.7,
                    "unit": "gCO2eq/kWh",
                    "description": "Southern Sweden",
                    "year": 2025,
                    "coverage": "85.05% (uncovered: Other 14.95%)",
                }
            }
        },
    )
    write(
        infra / "2023" / "china_provincial_emissions.json",
        {
            "data": {
                "CN-BJ": {
                    "emission_factor": 555.4,
                    "unit": "gCO2/kWh",
                    "description": "Beijing",
                    "year": 2023,
                }
            }
        },
    )
    (tmp_path / "data" / "cloud" / "impact.csv").write_text(
        "\ufeffprovider,region,city,country_name,impact,source\n"
        "gcp,me-cenrtal1,Doha,Qatar,575,a page\n"
    )
    return tmp_path / "data"


def write(path, content):
    path.write_text(json.dumps(content))


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    write(path, content)


TABLES = {
    countries: "global_energy_mix.json",
    us_states: "2023/usa_emissions.json",
    canadian_provinces: "2023/canada_energy_mix.json",
    nordic_zones: "nordic_emissions.json",
    chinese_provinces: "2023/china_provincial_emissions.json",
    source_factors: "carbon_intensity_per_source.json",
}


@pytest.mark.parametrize("content", [None, "", "[1]", "{", '{"data": 3, "X": 4}'])
@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.__name__)
def test_a_missing_or_damaged_file_says_which_and_what_to_install(
    folder, table, content
):
    path = folder / "private_infra" / TABLES[table]
    path.unlink()
    if content is not None:
        path.write_text(content)

    with pytest.raises(ReferenceDataError, match=r"codecarbon>=.*<4") as raised:
        table(folder)

    assert path.name in str(raised.value)


@pytest.mark.parametrize(
    ("table", "name", "change"),
    [
        pytest.param(
            us_states,
            "2023/usa_emissions.json",
            lambda c: c["_unit"].update(emissions="kg/MWh"),
            id="states-in-kg",
        ),
        pytest.param(
            us_states,
            "2023/usa_emissions.json",
            lambda c: c.pop("_unit"),
            id="states-without-unit",
        ),
        pytest.param(
            nordic_zones,
            "nordic_emissions.json",
            lambda c: c["data"]["SE4"].update(unit="kg/kWh"),
            id="nordic-in-kg",
        ),
        pytest.param(
            chinese_provinces,
            "2023/china_provincial_emissions.json",
            lambda c: c["data"]["CN-BJ"].update(unit="kgCO2/kWh"),
            id="china-in-kg",
        ),
        pytest.param(
            source_factors,
            "carbon_intensity_per_source.json",
            lambda c: c.update(unit="kg/kWh"),
            id="factors-in-kg",
        ),
        pytest.param(
            source_factors,
            "carbon_intensity_per_source.json",
            lambda c: c.pop("wind"),
            id="no-factor-of-wind",
        ),
        pytest.param(
            countries,
            "global_energy_mix.json",
            lambda c: c["FRA"].update(carbon_intensity=56_000.0),
            id="country-in-mg",
        ),
        pytest.param(
            countries,
            "global_energy_mix.json",
            lambda c: c["FRA"].pop("year"),
            id="country-without-year",
        ),
    ],
)
def test_another_unit_or_layout_is_refused(folder, table, name, change):
    edit(folder / "private_infra" / name, change)

    with pytest.raises(ReferenceDataError):
        table(folder)


def test_an_absent_package_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("greenops.reference.files.PACKAGE", "no_such_package_here")

    with pytest.raises(ReferenceDataError, match="pip install"):
        data_folder()


def test_a_list_without_an_expected_column_is_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Name,Watts\nXeon,100\n")

    with pytest.raises(ReferenceDataError, match="no column TDP"):
        list(read_rows(path, ("Name", "TDP")))


def test_states_are_converted_from_pounds_once_and_the_nation_is_no_state(folder):
    states = us_states(folder)

    assert list(states) == ["US-OH"]
    assert states["US-OH"].intensity_g_per_kwh == pytest.approx(453.59237)
    assert (states["US-OH"].year, states["US-OH"].basis) == (2022, Basis.DIRECT)


def test_the_newest_year_of_a_table_is_read(folder):
    old = folder / "private_infra" / "2016"
    old.mkdir()
    (old / "usa_emissions.json").write_text("{")

    assert us_states(folder)


def test_a_province_is_its_mix_times_the_factor_of_each_source(folder):
    quebec = canadian_provinces(folder)["quebec"]

    assert quebec.intensity_g_per_kwh == pytest.approx((1000 * 1 + 26 * 98) / 100)
    assert quebec.uncounted_share == pytest.approx(0.01)


def test_a_country_stated_as_zero_is_reckoned_from_its_mix(folder):
    edit(
        folder / "private_infra" / "global_energy_mix.json",
        lambda c: c["FRA"].update(carbon_intensity=0.0, **MIX_OF_WATER),
    )

    assert countries(folder)["FRA"].intensity_g_per_kwh == (3 * 26 + 800) / 4


def test_generation_without_a_factor_is_remembered(folder):
    assert nordic_zones(folder)["SE4"].uncounted_share == pytest.approx(0.1495)


def test_a_misspelt_cloud_region_is_found_under_its_right_name(folder):
    assert list(cloud_regions(folder)) == ["gcp:me-central1"]


def test_unreadable_zero_and_absurd_tdps_are_left_out(folder):
    (folder / "hardware" / "cpu_power.csv").write_text(
        "Name,TDP\nGood,95\nTwo dots,27.29.5\nZero,0.0\nNone,\n,35\n"
        "Minus,-5\nInfinite,inf\nNot a number,nan\nBig,500.5\nShort\n"
    )

    assert list(cpu_tdp_rows(folder)) == [("Good", 95.0), ("Big", 500.5)]


def test_the_installed_tables_are_whole_and_plausible():
    tdps = dict(cpu_tdp_rows())

    assert len(tdps) > 2000
    assert all(0 < tdp_w <= 600 for tdp_w in tdps.values())
    assert len(countries()) > 200
    assert all(c.intensity_g_per_kwh >= 10 for c in countries().values())
    assert len(us_states()) == 51
    assert len(canadian_provinces()) == 13
    assert 20 < canadian_provinces()["quebec"].intensity_g_per_kwh < 40
    assert len(cloud_regions()) >= 40
    assert data_version(data_folder())[0].isdigit()


def test_reading_a_table_imports_neither_codecarbon_nor_pandas():
    code = (
        "import sys; from greenops.reference.grid import countries; countries(); "
        "print({'codecarbon', 'pandas', 'numpy'} & set(sys.modules))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "set()"
