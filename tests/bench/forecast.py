"""Scores the forecast on real hours, replayed: it is handed what was known at the time.

Every region of the folder is forecast once a day at 00:00 UTC, over the days that its
provider's forecasts cover, else over the last 184 days; the model is fitted anew once a
week. Error: mean of |said - came| / came over all hours up to the horizon.

    python -m tests.bench.forecast --traces FOLDER [--json FILE]
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np

from greenops.errors import SignalError
from greenops.forecast.ahead import Ahead
from greenops.forecast.bands import bands
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, Floats, History, filled
from greenops.forecast.issue import own_ahead, with_provider
from greenops.forecast.score import cover_pct, mape_pct
from greenops.forecast.seasonal import persistence, week_mean
from tests.bench.carboncast import Region, regions

if TYPE_CHECKING:
    from greenops.forecast.own import OwnModel

HORIZONS_H = (24, 48, 96, 168)
HEADLINE_H = 96
REPLAYED_DAYS = 184
ALONE = "own, intensity alone"
METHODS = ("own", "blended", "persistence", "week_mean", "provider", ALONE)
MIB = 1024


@dataclass
class Scores:
    """What one method said on each day: g/kWh, shape (days, hours) when stacked."""

    said: list[Floats] = field(default_factory=list)
    ends: list[Floats] = field(default_factory=list)


@dataclass
class Replayed:
    """One region, replayed: rows for the table, and seconds."""

    rows: list[dict[str, object]]
    train_s: list[float]
    warm_s: list[float]
    days: int
    peak_mib: float


def replay(region: Region) -> Replayed:
    """Forecast a region day by day."""
    scores: dict[str, Scores] = {}
    came: list[Floats] = []
    models: dict[str, OwnModel | None] = {}
    train_s: list[float] = []
    warm_s: list[float] = []
    alone = replace(region, history=replace(region.history, mix=None))
    for issued in _issues(region):
        known = region.history.until(issued)
        began = time.perf_counter()
        had = models.get("own")
        own, models["own"] = own_ahead(known, had)
        ends = bands(own.past.errors)
        spent_s = time.perf_counter() - began
        (warm_s if models["own"] is had else train_s).append(spent_s)
        _add(scores, "own", own, ends)
        if region.history.mix is not None:
            other, models[ALONE] = own_ahead(
                alone.history.until(issued), models.get(ALONE)
            )
            _add(scores, ALONE, other, bands(other.past.errors))
        if region.said:
            now, past = _provider(region, known, own, issued)
            _add(scores, "blended", *with_provider(own, now, past))
            scores.setdefault("provider", Scores()).said.append(np.exp(now))
        values = filled(known.g_per_kwh)
        for name, rule in (("persistence", persistence), ("week_mean", week_mean)):
            scores.setdefault(name, Scores()).said.append(rule(values, WEEK_H))
        came.append(_came(region.history, issued))
    return Replayed(
        rows=[
            r for m in METHODS if m in scores for r in _rows(region, m, scores, came)
        ],
        train_s=train_s,
        warm_s=warm_s,
        days=len(came),
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB,
    )


def report(replayed: Sequence[Replayed]) -> str:
    """Return the table for people."""
    rows = [r for x in replayed for r in x.rows]
    at = [r for r in rows if r["horizon_h"] == HEADLINE_H]
    names = sorted({str(r["region"]) for r in at})
    methods = [m for m in METHODS if any(r["method"] == m for r in at)]
    width = max(len(m) for m in methods) + 1
    lines = [
        (
            f"{len(names)} regions, {fmean(x.days for x in replayed):.0f} issues each. "
            f"Error over the first {HEADLINE_H} h in %:"
        ),
        "",
        f"{'':{width}}" + "".join(f"{n[:8]:>9}" for n in names) + f"{'mean':>9}",
    ]
    for method in methods:
        found = {
            str(r["region"]): _float(r["mape_pct"]) for r in at if r["method"] == method
        }
        cells = "".join(f"{found[n]:9.2f}" if n in found else f"{'':9}" for n in names)
        lines.append(f"{method:{width}}{cells}{fmean(found.values()):9.2f}")
    lines += ["", f"Hours within the 80 % / 95 % band, first {HEADLINE_H} h, in %:", ""]
    for method in [m for m in methods if m in {"own", "blended", ALONE}]:
        own = [r for r in at if r["method"] == method]
        lines.append(f"{method:{width}}" + _covers(own, names))
    lines += ["", "Mean error by horizon in %:", ""]
    lines.append(f"{'':{width}}" + "".join(f"{h:>7} h" for h in HORIZONS_H))
    lines += [f"{m:{width}}" + _by_horizon(rows, m) for m in methods]
    fitted = [s for x in replayed for s in x.train_s]
    warm = [s for x in replayed for s in x.warm_s]
    lines += [
        "",
        (
            f"Fitting one zone, its test on past days and the first forecast: median "
            f"{median(fitted):.2f} s, at most {max(fitted):.2f} s."
        ),
        (
            f"A {WEEK_H} h forecast with bands from a warm model: median "
            f"{1000 * median(warm):.1f} ms. Peak memory of the process: "
            f"{max(x.peak_mib for x in replayed):.0f} MiB."
        ),
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Replay all regions below the folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    args = parser.parse_args(argv)
    found = regions(args.traces)
    if not found:
        print(f"no hours of any region under {args.traces}", file=sys.stderr)
        return 2
    with get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        replayed = [x for x in pool.imap(_tried, found, chunksize=1) if x is not None]
    if not replayed:
        return 2
    print(report(replayed))
    if args.json:
        rows = [r for x in replayed for r in x.rows if r["method"] != ALONE]
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def _tried(region: Region) -> Replayed | None:
    try:
        return replay(region)
    except SignalError as e:
        print(f"left out: {region.name}: {e}", file=sys.stderr)
        return None


def _issues(region: Region) -> Iterator[datetime]:
    if region.said:
        yield from sorted(region.said)
        return
    midnight = region.history.stop.replace(hour=0) - 4 * DAY_H * HOUR
    yield from (midnight - d * DAY_H * HOUR for d in reversed(range(REPLAYED_DAYS)))


def _provider(
    region: Region, known: History, own: Ahead, issued: datetime
) -> tuple[Floats, Floats]:
    days = [known.first + int(i) * HOUR for i in own.past.origins]
    past = np.array([_said(region, d) for d in days]).reshape(-1, WEEK_H)
    return _said(region, issued), past


def _said(region: Region, issued: datetime) -> Floats:
    out = np.full(WEEK_H, np.nan)
    said = region.said.get(issued, np.empty(0))[:WEEK_H]
    with np.errstate(invalid="ignore", divide="ignore"):
        out[: len(said)] = np.where(said > 0, np.log(said), np.nan)
    return out


def _came(history: History, issued: datetime) -> Floats:
    start = (issued - history.first) // HOUR
    out = np.full(WEEK_H, np.nan)
    rest = history.g_per_kwh[start : start + WEEK_H]
    out[: len(rest)] = rest
    return out


def _add(scores: dict[str, Scores], method: str, ahead: Ahead, ends: Floats) -> None:
    own = scores.setdefault(method, Scores())
    own.said.append(np.exp(ahead.log_g))
    own.ends.append(np.exp(ahead.log_g + ends))


def _rows(
    region: Region, method: str, scores: Mapping[str, Scores], came: Sequence[Floats]
) -> Iterator[dict[str, object]]:
    truth = np.array(came)
    said = np.array(scores[method].said)
    ends = np.array(scores[method].ends)  # (days, 4, hours)
    for horizon_h in HORIZONS_H:
        error = mape_pct(said[:, :horizon_h], truth[:, :horizon_h])
        if method == "provider" and np.isnan(said[:, horizon_h - 1]).all():
            continue
        row: dict[str, object] = {
            "region": region.name,
            "method": method,
            "horizon_h": horizon_h,
            "mape_pct": error,
        }
        for name, low, high in (("cover80_pct", 1, 2), ("cover95_pct", 0, 3)):
            row[name] = (
                cover_pct(
                    ends[:, low, :horizon_h],
                    ends[:, high, :horizon_h],
                    truth[:, :horizon_h],
                )
                if ends.size
                else None
            )
        yield row


def _covers(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> str:
    found = {
        str(r["region"]): (_float(r["cover80_pct"]), _float(r["cover95_pct"]))
        for r in rows
    }
    mean = (fmean(a for a, _ in found.values()), fmean(b for _, b in found.values()))
    cells = [found.get(n) for n in names]
    return "".join(f"{c[0]:5.0f}/{c[1]:3.0f}" if c else f"{'':9}" for c in cells) + (
        f"{mean[0]:6.1f}/{mean[1]:.1f}"
    )


def _by_horizon(rows: Sequence[Mapping[str, object]], method: str) -> str:
    cells = []
    for horizon_h in HORIZONS_H:
        found = [
            _float(r["mape_pct"])
            for r in rows
            if r["method"] == method and r["horizon_h"] == horizon_h
        ]
        cells.append(f"{fmean(found):9.2f}" if found else f"{'':9}")
    return "".join(cells)


def _float(value: object) -> float:
    if not isinstance(value, float):
        raise TypeError(f"not a figure: {value!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
