"""The layouts of intensity files, told apart by their headers.

Source: the documents of the providers: Electricity Maps "Datasets" (hourly files of the
data portal), WattTime API v2 `/historical` and its Python client for v3, NESO data
portal "National" and "Regional Carbon Intensity Forecast" (times in UTC), CarbonCast's
repository.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from greenops.checked import IntensityUnit
from greenops.model import Basis, IntensityKind, Provenance

HOUR = timedelta(hours=1)
REL_UNCERTAINTY = 0.25
"""Of an average that does not say how sure it is.

Source: spread of life-cycle factors per fuel (IPCC AR5 WG3 annex III, table A.III.2),
as for annual averages and for the signal `electricitymaps`. Those of the other
providers are as in their signals too, see `docs/method.md`.
"""
EXPECTED = (
    "expected a download of Electricity Maps, WattTime or NESO, a CarbonCast "
    "`*_emissions.csv`, or a header `datetime_utc,ZONE,ZONE,...` or "
    "`datetime_utc,zone,intensity_g_per_kwh[,low,high,kind,basis]`"
)
_GB_REGIONS = frozenset(
    (
        "north scotland", "south scotland", "north west england", "north east england",
        "yorkshire", "south wales", "west midlands", "east midlands", "east england",
        "south west england", "south england", "london", "south east england",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column of a file says what.

    Attributes:
        title: For people, as a point's source.
        attribution: Who must be named, under which licence.
        time: Column of the start.
        zones: Columns of values by the name of their zone.
        zone: Column that names the row's zone, with `value`; None: not in the rows.
        value: Column of the value, where `zones` has none.
        instead: Column of a forecast that stands in where there is no value.
        low: Column of the lower bound.
        high: Column of the upper bound.
        kind: Average or marginal; None: the rows say (`kinds`), or the settings.
        kinds: Column of it.
        basis: Life-cycle or direct; None: the rows say (`bases`), or the settings.
        bases: Column of it.
        estimated: Column that says whether the source estimated the row.
        unit: Of the values.
        resolution: Usual length of a row, and the most it holds.
        rel_uncertainty: Of the values, 95 %, as a factor: 0.25 is x/÷ 1.25.
        abs_uncertainty_g_per_kwh: What comes on top, for values near zero.
        unsure: The two for forecasts, and for rows marked `estimated`; None: the same.
        provenance: Of rows that are neither.
        zero_possible: Zero is a value.
        sources: Columns of generation in MW, by the name of their source.
        utc: Times without an offset are in UTC.
        month_first: Times may be written 12/31/2020 23:00:00.
    """

    title: str
    attribution: str
    time: int
    zones: Mapping[str, int] = field(default_factory=dict)
    zone: int | None = None
    value: int | None = None
    instead: int | None = None
    low: int | None = None
    high: int | None = None
    kind: IntensityKind | None = None
    kinds: int | None = None
    basis: Basis | None = None
    bases: int | None = None
    estimated: int | None = None
    unit: IntensityUnit = IntensityUnit.G_PER_KWH
    resolution: timedelta = HOUR
    rel_uncertainty: float = REL_UNCERTAINTY
    abs_uncertainty_g_per_kwh: float = 0.0
    unsure: tuple[float, float] | None = None
    provenance: Provenance = Provenance.MEASURED
    zero_possible: bool = False
    sources: Mapping[str, int] = field(default_factory=dict)
    utc: bool = True
    month_first: bool = False


Header = Sequence[str]


def layout_of(header: Header, path: Path, basis: Basis | None) -> Layout | None:
    """Return the layout of a file; None: none that is known.

    Args:
        header: Its first line.
        path: Some downloads name their zone in the file's name only.
        basis: What is wanted of files that have both.
    """
    cells = [_plain(cell) for cell in header]
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    for known in _LAYOUTS:
        if layout := known(cells, name, basis):
            return layout
    return _wide(cells, header)


def _plain(cell: str) -> str:
    return re.sub(r"\s+", " ", cell).strip().casefold().replace("₂", "2")


def _find(cells: Header, *names: str) -> int | None:
    return next((cells.index(n) for n in names if n in cells), None)


def _electricity_maps(cells: Header, _name: str, basis: Basis | None) -> Layout | None:
    time = _find(cells, "datetime (utc)")
    zone = _find(cells, "zone id", "zone name")
    stated = "carbon intensity gco2eq/kwh "
    direct = _find(cells, f"{stated}(direct)")
    whole = _find(cells, f"{stated}(life cycle)", f"{stated}(lca)")
    if time is None or zone is None or direct is whole is None:
        return None
    wanted_direct = basis is Basis.DIRECT or whole is None
    return Layout(
        title="Electricity Maps download",
        attribution="Electricity Maps (ODbL), https://www.electricitymaps.com",
        time=time,
        zone=zone,
        value=direct if wanted_direct else whole,
        kind=IntensityKind.AVERAGE,
        basis=Basis.DIRECT if wanted_direct else Basis.LIFE_CYCLE,
        estimated=_find(cells, "data estimated"),
        unsure=(0.4, 0.0),
        zero_possible=wanted_direct,
    )


def _watttime(cells: Header, name: str, _basis: Basis | None) -> Layout | None:
    time, value = _find(cells, "timestamp"), _find(cells, "moer")
    if time is None or value is None:
        time, value = _find(cells, "point_time"), _find(cells, "value")
    if time is None or value is None or "health_damage" in name:
        return None
    region = re.match(r"(.+?)_(co2_(moer|aoer)|\d{4}-\d{2}_MOER)", name)
    average = bool(region and region[3] == "aoer")
    return Layout(
        title="WattTime download",
        attribution="WattTime, https://watttime.org; not open data",
        time=time,
        zones={region[1]: value} if region else {},
        value=value,
        kind=IntensityKind.AVERAGE if average else IntensityKind.MARGINAL,
        basis=Basis.DIRECT,
        unit=IntensityUnit.LB_PER_MWH,
        resolution=timedelta(minutes=5),
        rel_uncertainty=0.3,
        abs_uncertainty_g_per_kwh=20.0,
        unsure=(0.5, 20.0),
        zero_possible=True,
        utc=False,
    )


def _neso(cells: Header, _name: str, _basis: Basis | None) -> Layout | None:
    time = _find(cells, "datetime", "datetime_utc")
    actual, forecast = _find(cells, "actual"), _find(cells, "forecast")
    zones = {c: i for i, c in enumerate(cells) if c in _GB_REGIONS}
    if time is None or (len(zones) < 3 and (actual is None or forecast is None)):
        return None
    # Named with Merseyside, with Cheshire, or without, as the years went.
    for i, cell in enumerate(cells):
        if zones and cell.startswith("north wales"):
            zones["GB-NORTH-WALES"] = i
    national = {} if actual is None else {"GB": actual}
    return Layout(
        title="NESO download",
        attribution="National Energy System Operator, NESO Open Data Licence",
        time=time,
        zones=zones or national,
        instead=None if zones else forecast,
        kind=IntensityKind.AVERAGE,
        basis=Basis.DIRECT,
        resolution=timedelta(minutes=30),
        rel_uncertainty=0.15,
        abs_uncertainty_g_per_kwh=5.0,
        unsure=(0.0, 60.0),
        provenance=Provenance.FORECAST if zones else Provenance.ESTIMATED,
        zero_possible=True,
    )


def _carboncast(cells: Header, name: str, _basis: Basis | None) -> Layout | None:
    time, value = _find(cells, "utc time"), _find(cells, "carbon_intensity")
    if time is None or value is None:
        return None
    region = re.match(r"(.+?)_(lifecycle|direct)_emissions", name)
    direct = bool(region and region[2] == "direct")
    return Layout(
        title="CarbonCast",
        attribution="CarbonCast (Apache-2.0), from figures of EIA and ENTSO-E",
        time=time,
        zones={region[1]: value} if region else {},
        value=value,
        kind=IntensityKind.AVERAGE,
        basis=Basis.DIRECT if direct else Basis.LIFE_CYCLE,
        zero_possible=direct,
        sources={c: i for i, c in enumerate(cells) if c and i not in (time, value)},
        month_first=True,
    )


def _long(cells: Header, _name: str, _basis: Basis | None) -> Layout | None:
    time, utc = _time_of(cells)
    value = _find(cells, "intensity_g_per_kwh")
    if time is None or value is None:
        return None
    return Layout(
        title="table",
        attribution="your own data",
        time=time,
        zone=_find(cells, "zone"),
        value=value,
        low=_find(cells, "low", "low_g_per_kwh"),
        high=_find(cells, "high", "high_g_per_kwh"),
        kinds=_find(cells, "kind"),
        bases=_find(cells, "basis"),
        utc=utc,
    )


def _wide(cells: Header, header: Header) -> Layout | None:
    time, utc = _time_of(cells)
    zones = {h: i for i, h in enumerate(header) if h and i != time}
    if time is None or not zones:
        return None
    return Layout(
        title="table", attribution="your own data", time=time, zones=zones, utc=utc
    )


def _time_of(cells: Header) -> tuple[int | None, bool]:
    """Return the column of the start, and whether its name promises UTC."""
    promised = _find(cells, "datetime_utc", "start_utc", "datetime (utc)")
    if promised is not None:
        return promised, True
    return _find(cells, "datetime", "start"), False


_LAYOUTS: tuple[Callable[[Header, str, Basis | None], Layout | None], ...] = (
    _electricity_maps,
    _watttime,
    _neso,
    _carboncast,
    _long,
)
