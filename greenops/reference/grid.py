"""Annual average carbon intensities by country, state, province, zone, cloud region.

Every table keeps what an auditor asks for: the year, who states it, and whether it is
a life-cycle figure or the stack alone. Units are checked, and converted once.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from greenops.errors import ReferenceDataError
from greenops.model import Basis
from greenops.reference.factor import GridFactor
from greenops.reference.files import (
    REMEDY,
    data_folder,
    expect_unit,
    newest,
    parsed,
    read_json,
    read_rows,
)
from greenops.reference.mix import (
    SOURCE_OF_CANADIAN_COLUMN,
    SOURCE_OF_WORLD_COLUMN,
    own_mixes,
)
from greenops.reference.zone_names import grid_zones
from greenops.units import G_PER_LB, KWH_PER_MWH

PERCENT = 100.0


def countries(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return the countries by ISO 3166 alpha-3 code.

    A stated intensity of zero (one country without fossil generation) is replaced by
    its mix times the life-cycle factor of each source.

    Raises:
        ReferenceDataError: a file is missing or laid out otherwise.
    """
    folder = folder or data_folder()
    path = folder / "private_infra" / "global_energy_mix.json"
    rows = read_json(path)

    def factor(code: str, row: Mapping[str, Any]) -> GridFactor:
        intensity = float(row["carbon_intensity"])
        return GridFactor(
            code=code,
            name=str(row["country_name"]),
            intensity_g_per_kwh=intensity or _from_world_mix(row, folder),
            year=int(row["year"]),
            basis=Basis.LIFE_CYCLE,
            source="Our World in Data (Ember, Energy Institute)",
            total_twh=float(row["total_TWh"]),
        )

    return _table(path, rows, factor)


def us_states(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return the states of the USA by ISO 3166-2 code (`US-CA`).

    Raises:
        ReferenceDataError: missing, laid out otherwise, or without a stated unit.
    """
    folder = folder or data_folder()
    path = newest(folder / "private_infra", "usa_emissions.json")
    rows = read_json(path)
    units = rows.get("_unit")
    expect_unit(
        path, units.get("emissions") if isinstance(units, dict) else None, ("lbs/MWh",)
    )
    origin = rows.get("_source")
    year = origin.get("year") if isinstance(origin, dict) else None
    states = {
        f"US-{row['regionCode']}": (name, row)
        for name, row in rows.items()
        if not name.startswith("_") and len(row.get("regionCode", "")) == 2
    }

    def factor(code: str, named: tuple[str, Mapping[str, Any]]) -> GridFactor:
        name, row = named
        return GridFactor(
            code=code,
            name=name.title(),
            intensity_g_per_kwh=float(row["emissions"]) * G_PER_LB / KWH_PER_MWH,
            year=int(year or path.parent.name),
            basis=Basis.DIRECT,
            source="US EPA eGRID",
        )

    return _table(path, states, factor)


def canadian_provinces(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return the provinces of Canada by lower-case name: mix times factor per source.

    Raises:
        ReferenceDataError: a file is missing or laid out otherwise.
    """
    folder = folder or data_folder()
    path = newest(folder / "private_infra", "canada_energy_mix.json")
    by_source = source_factors(folder)

    def factor(name: str, row: Mapping[str, Any]) -> GridFactor:
        shares = {k: float(v) for k, v in row.items() if k in SOURCE_OF_CANADIAN_COLUMN}
        rest = float(row["other"]) + float(row["tidal"])
        whole = sum(shares.values()) + rest
        intensity = sum(
            percent * by_source[SOURCE_OF_CANADIAN_COLUMN[column]]
            for column, percent in shares.items()
        )
        return GridFactor(
            code=name,
            name=name.title(),
            intensity_g_per_kwh=intensity / whole,
            year=int(path.parent.name),
            basis=Basis.LIFE_CYCLE,
            source="Canada Energy Regulator mix, life-cycle factor per source",
            uncounted_share=rest / whole,
        )

    return _table(path, read_json(path), factor)


def nordic_zones(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return the Nordic bidding zones by their names (`SE3`).

    Raises:
        ReferenceDataError: missing or laid out otherwise.
    """
    folder = folder or data_folder()
    path = folder / "private_infra" / "nordic_emissions.json"

    def factor(code: str, row: Mapping[str, Any]) -> GridFactor:
        expect_unit(path, row["unit"], ("gCO2eq/kWh",))
        return GridFactor(
            code=code,
            name=str(row["description"]),
            intensity_g_per_kwh=float(row["emission_factor"]),
            year=int(row["year"]),
            basis=Basis.LIFE_CYCLE,
            source="ENTSO-E generation per type, life-cycle factor per source",
            uncounted_share=_uncovered(row.get("coverage")),
        )

    return _table(path, _section(path, "data"), factor)


def chinese_provinces(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return the provinces of China by ISO 3166-2 code (`CN-BJ`). CO2 only.

    Raises:
        ReferenceDataError: missing or laid out otherwise.
    """
    folder = folder or data_folder()
    path = newest(folder / "private_infra", "china_provincial_emissions.json")

    def factor(code: str, row: Mapping[str, Any]) -> GridFactor:
        expect_unit(path, row["unit"], ("gCO2/kWh",))
        return GridFactor(
            code=code,
            name=str(row["description"]),
            intensity_g_per_kwh=float(row["emission_factor"]),
            year=int(row["year"]),
            basis=Basis.DIRECT,
            source="Ministry of Ecology and Environment of China",
            holds_trade=True,
        )

    return _table(path, _section(path, "data"), factor)


def mixed_zones(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return zones by code whose figure is their mix times the factor per source.

    Those of our own table of mixes, less the states of the USA, which have better.

    Raises:
        ReferenceDataError: a file is missing or laid out otherwise.
    """
    by_source = source_factors(folder)
    measured = re.compile("US-[A-Z]{2}")
    return {
        code: GridFactor(
            code=code,
            name=grid_zones()[code].name,
            intensity_g_per_kwh=sum(
                share * by_source[source] for source, share in mix.shares.items()
            ),
            year=mix.year,
            basis=Basis.LIFE_CYCLE,
            source="assumed annual mix, life-cycle factor per source",
        )
        for code, mix in own_mixes().items()
        if not measured.fullmatch(code)
    }


def cloud_regions(folder: Path | None = None) -> dict[str, GridFactor]:
    """Return cloud regions by `provider:region`, such as `gcp:europe-west1`.

    Raises:
        ReferenceDataError: missing or laid out otherwise.
    """
    folder = folder or data_folder()
    path = folder / "cloud" / "impact.csv"
    columns = ("provider", "region", "city", "country_name", "impact", "source")
    rows = {
        # The list spells Doha's region `me-cenrtal1`.
        f"{r['provider']}:{r['region'].replace('cenrtal', 'central')}": r
        for r in read_rows(path, columns)
    }

    def factor(code: str, row: Mapping[str, str]) -> GridFactor:
        return GridFactor(
            code=code,
            name=f"{row['city']}, {row['country_name']}",
            intensity_g_per_kwh=float(row["impact"]),
            year=None,
            basis=Basis.DIRECT,
            source=row["source"],
            holds_trade=True,
        )

    return _table(path, rows, factor)


def source_factors(folder: Path | None = None) -> dict[str, float]:
    """Return life-cycle gCO2e/kWh by source of generation (`coal`, `wind`, ...).

    Raises:
        ReferenceDataError: missing, laid out otherwise, or in another unit.
    """
    path = (
        (folder or data_folder()) / "private_infra" / "carbon_intensity_per_source.json"
    )
    content = read_json(path)
    expect_unit(path, content.get("unit"), ("gCO2.eq/kWh",))
    found = {k: float(v) for k, v in content.items() if isinstance(v, int | float)}
    needed = {*SOURCE_OF_WORLD_COLUMN.values(), *SOURCE_OF_CANADIAN_COLUMN.values()}
    if missing := needed - {"biomass"} - found.keys():
        raise ReferenceDataError(
            f"{path} has no {', '.join(sorted(missing))}; {REMEDY}"
        )
    # Tables up to codecarbon 3.1 have no biomass. Source: IPCC AR5 WG3 annex III,
    # table A.III.2: dedicated biomass, median life cycle.
    return {"biomass": 230.0} | found


def _table(
    path: Path, rows: Mapping[str, Any], factor: Callable[[str, Any], GridFactor]
) -> dict[str, GridFactor]:
    return parsed(path, lambda: {code: factor(code, row) for code, row in rows.items()})


def _section(path: Path, name: str) -> dict[str, Any]:
    section = read_json(path).get(name)
    if not isinstance(section, dict):
        raise ReferenceDataError(f"{path} has no section {name!r}; {REMEDY}")
    return section


def _from_world_mix(row: Mapping[str, Any], folder: Path) -> float:
    by_source = source_factors(folder)
    energies_twh = {c: float(row[c]) for c in SOURCE_OF_WORLD_COLUMN}
    emitted = sum(
        twh * by_source[SOURCE_OF_WORLD_COLUMN[column]]
        for column, twh in energies_twh.items()
    )
    return emitted / sum(energies_twh.values())


def _uncovered(coverage: object) -> float:
    """Turn `94.58% (uncovered: ...)` into 0.0542; no statement into 0."""
    if not isinstance(coverage, str):
        return 0.0
    return 1.0 - float(coverage.partition("%")[0]) / PERCENT
