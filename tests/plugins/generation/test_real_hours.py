"""Real hours of eight grids, from the generation that was recorded with them.

`TRACES` names a folder that holds `carboncast/*_lifecycle_emissions.csv.gz`. Their
intensities come from the same medians, except for oil, sun, and all that is called
other or unknown (700 in most, 293 in SE).
"""

import csv
import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import correlation, median

import pytest

from greenops_generation import Fuel, Generated, generation_points

TRACES = os.environ.get("TRACES", "")
FILES = sorted(Path(TRACES).glob("carboncast/*_lifecycle_emissions.csv.gz"))
HOURS = 24 * 60
FUELS = {
    "coal": Fuel.COAL,
    "nat_gas": Fuel.GAS,
    "nuclear": Fuel.NUCLEAR,
    "oil": Fuel.OIL,
    "hydro": Fuel.HYDRO,
    "solar": Fuel.SOLAR,
    "wind": Fuel.WIND_ONSHORE,
    "biomass": Fuel.BIOMASS,
    "geothermal": Fuel.GEOTHERMAL,
    "other": Fuel.OTHER,
    "unknown": Fuel.OTHER,
}

pytestmark = pytest.mark.skipif(not FILES, reason="TRACES names no folder of traces")


def lines(path):
    with gzip.open(path, "rt", newline="") as file:
        return [row for _, row in zip(range(HOURS), csv.DictReader(file), strict=False)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name.split("_")[0])
def test_recorded_intensities_follow_from_recorded_generation(path):
    rows = lines(path)
    first = datetime(2020, 1, 1, tzinfo=UTC)
    generated = [
        Generated(
            start=first + i * timedelta(hours=1),
            stop=first + (i + 1) * timedelta(hours=1),
            series=name,
            fuel=FUELS[name],
            power_mw=row[name],
        )
        for i, row in enumerate(rows)
        for name in row.keys() & FUELS.keys()
    ]
    points = generation_points(
        generated,
        zone="FR",
        source="recorded",
        factors="ipcc2014",
        issued_at=datetime(2022, 1, 1, tzinfo=UTC),
        within=(first, first + HOURS * timedelta(hours=1)),
    ).points
    pairs = [
        (p, float(rows[(p.start - first) // timedelta(hours=1)]["carbon_intensity"]))
        for p in points
    ]

    held = sum(p.low_g_per_kwh <= said <= p.high_g_per_kwh for p, said in pairs) / len(
        pairs
    )
    errors = [abs(p.intensity_g_per_kwh - said) / said for p, said in pairs]
    same = correlation(
        [p.intensity_g_per_kwh for p, _ in pairs], [said for _, said in pairs]
    )
    other = share_of_other(generated)
    print(
        f"{path.name}: {len(pairs)} hours, {other:.1%} other, within bounds {held:.0%}, "
        f"median error {median(errors):.1%}, r {same:.3f}"
    )
    assert len(pairs) > 0.9 * len(rows)
    assert held > 0.95
    assert same > 0.95
    assert other > 0.01 or median(errors) < 0.01


def share_of_other(generated):
    total_mw = sum(float(g.power_mw) for g in generated)
    return sum(float(g.power_mw) for g in generated if g.fuel is Fuel.OTHER) / total_mw
