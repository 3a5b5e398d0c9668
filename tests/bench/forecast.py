"""Scores the forecast on real hours, replayed: it is handed what was known at the time.

Every region of the folder is forecast once a day at 00:00 UTC, over the days that its
provider's forecasts cover, else over the last 184 days; the model is fitted anew once a
week. Error: mean of |said - came| / came over all hours up to the horizon.

    python -m tests.bench.forecast --traces FOLDER [--json FILE]
"""

import argparse
import json
import os
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
from greenops.forecast.blend import Provided
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, Floats, History, filled
from greenops.forecast.issue import own_ahead, with_provider
from greenops.forecast.score import cover_pct, mape_pct
from greenops.forecast.seasonal import persistence, week_mean
from tests.bench.carboncast import Region, provider_misses, regions

if TYPE_CHECKING:
    from greenops.forecast.own import OwnModel

HORIZONS_H = (24, 48, 96, 168)
HEADLINE_H = 96
REPLAYED_DAYS = 184
ALONE = "own, intensity alone"
METHODS = ("own", "blended", "persistence", "week_mean", "provider", ALONE)
SHORT = dict(
    zip(
        METHODS,
        ("own", "blended", "last day", "7 days", "provider", "alone"),
        strict=True,
    )
)
"""As the columns are headed; `alone` is one's own without generation by source."""
KIB_PER_MIB = 1024


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
        began = time.process_time()
        had = models.get("own")
        own, models["own"] = own_ahead(known, had)
        ends = bands(own.past.errors)
        spent_s = time.process_time() - began
        (warm_s if models["own"] is had else train_s).append(spent_s)
        _add(scores, "own", own, ends)
        if region.history.mix is not None:
            other, models[ALONE] = own_ahead(
                alone.history.until(issued), models.get(ALONE)
            )
            _add(scores, ALONE, other, bands(other.past.errors))
        if region.said:
            provided = _provided(region, known, own, issued)
            _add(scores, "blended", *with_provider(own, provided))
            scores.setdefault("provider", Scores()).said.append(np.exp(provided.now))
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
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB,
    )


def report(replayed: Sequence[Replayed]) -> str:
    """Return the tables for people: a line per region, then means and spread."""
    rows = [r for x in replayed for r in x.rows]
    at = {
        (str(r["region"]), str(r["method"])): r
        for r in rows
        if r["horizon_h"] == HEADLINE_H
    }
    names = sorted({name for name, _ in at})
    methods = [m for m in METHODS if any((n, m) in at for n in names)]
    banded = [m for m in methods if at[_having(at, m), m]["cover80_pct"] is not None]
    lines = [
        (
            f"{len(names)} regions, {fmean(x.days for x in replayed):.0f} issues each. Left: "
            f"error over the first {HEADLINE_H} h in %; right: hours within the 80 % / 95 % "
            "band in %."
        ),
        "",
        f"{'':12}" + "".join(f"{SHORT[m]:>9}" for m in (*methods, *banded)),
    ]
    for name in names:
        errors = [_cell(at.get((name, m)), "mape_pct") for m in methods]
        covers = [_covers(at.get((name, m))) for m in banded]
        lines.append(f"{name[:11]:12}" + "".join((*errors, *covers)))
    lines += ["", *_spread(at, methods, banded), "", *_by_horizon(rows, methods), ""]
    return "\n".join([*lines, *_costs(replayed)])


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
    # Two processes with a thread each, not two with as many as there are cores.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        replayed = [x for x in pool.imap(_tried, found, chunksize=1) if x is not None]
    if not replayed:
        return 2
    print(report(replayed))
    if args.json:
        rows = [r for x in replayed for r in x.rows if r["method"] != ALONE]
        known = [{k: None if v != v else v for k, v in r.items()} for r in rows]
        args.json.write_text(json.dumps(known, indent=2, allow_nan=False) + "\n")
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


def _provided(region: Region, known: History, own: Ahead, issued: datetime) -> Provided:
    days = [known.first + int(i) * HOUR for i in own.past.origins]
    past = np.array([_said(region, d) for d in days]).reshape(-1, WEEK_H)
    return Provided(
        now=_said(region, issued), past=past, missed=provider_misses(region, known)
    )


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


def _having(at: Mapping[tuple[str, str], object], method: str) -> str:
    return next(name for name, m in at if m == method)


def _cell(row: Mapping[str, object] | None, key: str) -> str:
    return f"{_float(row[key]):9.2f}" if row else f"{'':9}"


def _covers(row: Mapping[str, object] | None) -> str:
    if row is None:
        return f"{'':9}"
    return f"{_float(row['cover80_pct']):5.0f}/{_float(row['cover95_pct']):3.0f}"


def _spread(
    at: Mapping[tuple[str, str], Mapping[str, object]],
    methods: Sequence[str],
    banded: Sequence[str],
) -> Iterator[str]:
    def values(method: str, key: str) -> list[float]:
        return [_float(r[key]) for (_, m), r in at.items() if m == method]

    for title, of in (
        ("mean", fmean),
        ("median", median),
        ("least", min),
        ("most", max),
    ):
        cells = [f"{of(values(m, 'mape_pct')):9.2f}" for m in methods]
        cells += [
            f"{of(values(m, 'cover80_pct')):5.1f}/{of(values(m, 'cover95_pct')):.0f}"
            for m in banded
        ]
        yield f"{title:12}" + "".join(f"{c:>9}" for c in cells)


def _by_horizon(
    rows: Sequence[Mapping[str, object]], methods: Sequence[str]
) -> Iterator[str]:
    yield "Mean error by horizon in %:"
    for horizon_h in HORIZONS_H:
        found: dict[str, list[float]] = {m: [] for m in methods}
        for row in rows:
            if row["horizon_h"] == horizon_h:
                found[str(row["method"])].append(_float(row["mape_pct"]))
        cells = [f"{fmean(v):9.2f}" if v else f"{'':9}" for v in found.values()]
        yield f"{f'{horizon_h} h':12}" + "".join(cells)


def _costs(replayed: Sequence[Replayed]) -> Iterator[str]:
    fitted = [s for x in replayed for s in x.train_s]
    warm = [s for x in replayed for s in x.warm_s]
    yield (
        f"CPU time of fitting one zone, testing it and the first forecast: median "
        f"{median(fitted):.2f} s, at most {max(fitted):.2f} s."
    )
    yield (
        f"Of a {WEEK_H} h forecast with bands from a warm model: median "
        f"{1000 * median(warm):.1f} ms. Peak memory of the process: "
        f"{max(x.peak_mib for x in replayed):.0f} MiB."
    )


def _float(value: object) -> float:
    if not isinstance(value, float):
        raise TypeError(f"not a figure: {value!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
