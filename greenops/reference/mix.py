"""What share of a grid's yearly generation each source has.

Countries and Canadian provinces come from codecarbon's files. The states of the USA and
Australia, and balancing authorities with plant of one kind only, lie in `mixes.csv`,
whole percent, because no installed table has them.

Source of `mixes.csv`: US states from Alabama to Ohio by alphabet, shares of net
generation in 2021 as published by the Nuclear Energy Institute, rounded. The other
US states (OK, OR, PA, RI, SC, SD, TN, TX, UT, VT, VA, WA, WV, WI, WY), the states
of Australia and the balancing authorities are assumed from general knowledge, not
copied from a table; their year is the one meant. Good enough for shapes; an error of
several points is possible.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from greenops.errors import ReferenceDataError
from greenops.reference.files import data_folder, newest, parsed, read_json

TABLE = Path(__file__).with_name("mixes.csv")
SOURCE_OF_CANADIAN_COLUMN = {
    "coal": "coal",
    "petroleum": "petroleum",
    "naturalGas": "natural_gas",
    "nuclear": "nuclear",
    "biomass": "biomass",
    "solar": "solar",
    "wind": "wind",
    "hydro": "hydroelectricity",
}
SOURCE_OF_WORLD_COLUMN = {
    "coal_TWh": "coal",
    "oil_TWh": "petroleum",
    "gas_TWh": "natural_gas",
    "nuclear_TWh": "nuclear",
    "biofuel_TWh": "biomass",
    "solar_TWh": "solar",
    "wind_TWh": "wind",
    "hydroelectricity_TWh": "hydroelectricity",
}
OTHER_RENEWABLE = "other_renewable_exc_biofuel_TWh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of yearly generation by source, 0 to 1, adding up to 1.

    Attributes:
        shares: By source: `nuclear`, `coal`, `natural_gas`, `petroleum`,
            `hydroelectricity`, `geothermal`, `solar`, `wind`, `biomass`.
        year: Of the data.
    """

    shares: Mapping[str, float]
    year: int

    def share(self, *sources: str) -> float:
        """Return what `sources` have together."""
        return sum(self.shares.get(source, 0.0) for source in sources)


def own_mixes() -> Mapping[str, Mix]:
    """Return the mixes of our own table by zone code.

    Raises:
        ReferenceDataError: the table is missing or damaged.
    """
    return _own_mixes()


def country_mix(alpha_3: str, folder: Path | None = None) -> Mix | None:
    """Return the mix of a country; None: the table has no generation of it.

    Raises:
        ReferenceDataError: the file is missing or laid out otherwise.
    """
    path = (folder or data_folder()) / "private_infra" / "global_energy_mix.json"
    row = read_json(path).get(alpha_3)
    if row is None:
        return None
    columns = SOURCE_OF_WORLD_COLUMN | {OTHER_RENEWABLE: "geothermal"}
    return parsed(
        path,
        lambda: _mix({columns[c]: float(row[c]) for c in columns}, int(row["year"])),
    )


def province_mix(name: str, folder: Path | None = None) -> Mix | None:
    """Return the mix of a Canadian province by its lower-case English name.

    Raises:
        ReferenceDataError: the file is missing or laid out otherwise.
    """
    base = (folder or data_folder()) / "private_infra"
    path = newest(base, "canada_energy_mix.json")
    row = read_json(path).get(name)
    if row is None:
        return None
    columns = SOURCE_OF_CANADIAN_COLUMN
    return parsed(
        path,
        lambda: _mix(
            {columns[c]: float(row[c]) for c in columns}, int(path.parent.name)
        ),
    )


def mean_mix(mixes: Sequence[Mix]) -> Mix:
    """Return the mean of at least one mix, each counting the same."""
    sources = {source for mix in mixes for source in mix.shares}
    return Mix(
        shares={s: sum(m.share(s) for m in mixes) / len(mixes) for s in sources},
        year=min(mix.year for mix in mixes),
    )


@cache
def _own_mixes() -> Mapping[str, Mix]:
    try:
        with TABLE.open(encoding="utf-8", newline="") as lines:
            found = {row["code"]: _zone(row) for row in csv.DictReader(lines)}
    except (OSError, KeyError, TypeError, ValueError) as e:
        raise ReferenceDataError(
            f"cannot read {TABLE}: {e!r}; install greenops again"
        ) from e
    return {code: mix for code, mix in found.items() if mix is not None}


def _zone(row: Mapping[str, str]) -> Mix | None:
    parts = {k: float(v) for k, v in row.items() if k not in ("code", "year")}
    return _mix(parts, int(row["year"]))


def _mix(parts: Mapping[str, float], year: int) -> Mix | None:
    kept = {source: max(0.0, part) for source, part in parts.items()}
    whole = sum(kept.values())
    if not whole > 0:
        return None
    return Mix(shares={s: part / whole for s, part in kept.items()}, year=year)
