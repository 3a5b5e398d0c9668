"""Reads folders laid out like CarbonCast's, or tables `datetime_utc,ZONE,ZONE,...`.

* `REGION_*.csv[.gz]` with `UTC time`, `carbon_intensity` (g/kWh) and a column of MW per
  source: a region's hours.
* `REGION_*.csv[.gz]` with `forecasted_*` and `actual_*` beside `UTC time`: a provider's
  forecasts, one block of hours after the other, each from its time of issue on.
"""

import csv
import gzip
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from greenops.forecast.hours import HOUR, Floats, History
from greenops.forecast.mix import shares
from tests.bench.hourly_model import _utc

SAME = 0.02
"""A provider's block is kept if its stated truth is that of the history, within 2 %."""
FEW = 0.5
"""If more blocks than this differ, it is the truths that differ, and all are kept."""
OLDEST_ISSUE_H = 48
"""Hours for which an issue counts, unless a newer one is there."""
_NAMED = re.compile(r"(.+?)_(?:lifecycle|direct|carbon|emissions)")


@dataclass
class Region:
    """One zone: what came, and what a provider said would come.

    Attributes:
        name: As the file is called.
        history: All hours of the folder.
        said: Time of issue to the provider's hours from then on, in g/kWh.
    """

    name: str
    history: History
    said: dict[datetime, Floats] = field(default_factory=dict)


def regions(folder: Path) -> list[Region]:
    """Return all regions below `folder`, in order of their names."""
    found: dict[str, Region] = {}
    blocks: dict[str, list[tuple[datetime, Floats, Floats]]] = {}
    for path in sorted(folder.rglob("*.csv*")):
        rows = _table(path)
        head = rows[0] if rows else {}
        name = _region_of(path)
        if "carbon_intensity" in head and "UTC time" in head:
            found[name] = Region(name, _history(rows))
        elif any(c.startswith("forecasted_") for c in head):
            blocks[name] = list(_blocks(rows))
        elif "datetime_utc" in head:
            found |= {r.name: r for r in _wide(rows)}
        else:
            print(f"left out: {path.name} has no layout known here", file=sys.stderr)
    for name, own in blocks.items():
        if name in found:
            found[name].said = _checked(found[name], own)
    return [found[name] for name in sorted(found)]


def is_hours(path: Path) -> bool:
    """Tell whether a table holds hours of regions, by its header."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        head = file.readline()
    return b"UTC time" in head or head.startswith(b"datetime_utc,")


def provider_misses(region: Region, known: History) -> Floats:
    """Return outcome over what the latest issue before each hour said, in logarithms.

    Shape (hours known,); NaN where nothing was said, or an issue is over two days old.
    """
    stood = np.full(len(known.g_per_kwh), np.nan)
    for issued in sorted(region.said):
        start = (issued - known.first) // HOUR
        said = region.said[issued][: max(0, len(stood) - start)][:OLDEST_ISSUE_H]
        if start >= 0:
            stood[start : start + len(said)] = said
    with np.errstate(invalid="ignore", divide="ignore"):
        missed = np.log(known.g_per_kwh) - np.log(stood)
    return np.where(np.isfinite(missed), missed, np.nan)


def _region_of(path: Path) -> str:
    """Return `AUS_QLD` of `AUS_QLD_lifecycle_emissions.csv.gz`, `X direct` of direct."""
    found = _NAMED.match(path.name)
    region = found[1] if found else path.name.partition("_")[0]
    return f"{region} direct" if "direct" in path.name else region


def _table(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def _history(rows: Sequence[Mapping[str, str]]) -> History:
    times = [_utc(r["UTC time"]) for r in rows]
    sources = [c for c in rows[0] if c not in {"", "UTC time", "carbon_intensity"}]
    first, g = _grid(times, [_number(r["carbon_intensity"]) for r in rows])
    _, mw = _grid(times, [[_number(r[c]) for c in sources] for r in rows])
    g[g <= 0] = np.nan
    if not sources:
        return History(first=first, g_per_kwh=g)
    return History(first=first, g_per_kwh=g, mix=shares(mw))


def _wide(rows: Sequence[Mapping[str, str]]) -> Iterator[Region]:
    times = [_utc(r["datetime_utc"]) for r in rows]
    for zone in list(rows[0])[1:]:
        first, g = _grid(times, [_number(r[zone]) for r in rows])
        g[g <= 0] = np.nan
        if np.isfinite(g).any():
            yield Region(zone, History(first=first, g_per_kwh=g))


def _blocks(
    rows: Sequence[Mapping[str, str]],
) -> Iterator[tuple[datetime, Floats, Floats]]:
    said = next(c for c in rows[0] if c.startswith("forecasted_"))
    came = next((c for c in rows[0] if c.startswith("actual_")), said)
    times = [_utc(r["UTC time"]) for r in rows]
    edges = [0]
    edges += [i for i in range(1, len(rows)) if times[i] - times[i - 1] != HOUR]
    for start, stop in zip(edges, [*edges[1:], len(rows)], strict=True):
        block = rows[start:stop]
        yield (
            times[start],
            np.array([_number(r[said]) for r in block]),
            np.array([_number(r[came]) for r in block]),
        )


def _checked(
    region: Region, blocks: Sequence[tuple[datetime, Floats, Floats]]
) -> dict[datetime, Floats]:
    strange = [_differs(region.history, i, len(s), came) for i, s, came in blocks]
    if sum(strange) > FEW * len(blocks):
        print(
            f"{region.name}: what the forecasts call true is not what the history says, "
            f"in {sum(strange)} of {len(blocks)} issues; scored against the history",
            file=sys.stderr,
        )
        strange = [False] * len(blocks)
    kept = {}
    for (issued, said, _), differs in zip(blocks, strange, strict=True):
        if differs:
            print(
                f"left out: {region.name}, issue of {issued:%F}: what it calls true is "
                "not what came then",
                file=sys.stderr,
            )
        else:
            kept[issued] = said
    return kept


def _differs(history: History, issued: datetime, hours: int, came: Floats) -> bool:
    start = (issued - history.first) // HOUR
    if start < 0:
        return False
    truth = history.g_per_kwh[start : start + hours]
    off = np.abs(truth - came[: len(truth)]) > SAME * truth
    return bool(off.size and off.mean() > SAME)


def _grid(
    times: Sequence[datetime], values: Sequence[float] | Sequence[list[float]]
) -> tuple[datetime, Floats]:
    first = min(times)
    array = np.array(values, dtype=np.float64)
    grid = np.full(((max(times) - first) // HOUR + 1, *array.shape[1:]), np.nan)
    grid[[(t - first) // HOUR for t in times]] = array
    return first, grid


def _number(cell: str | None) -> float:
    try:
        return float(cell or "nan")
    except ValueError:
        return float("nan")
