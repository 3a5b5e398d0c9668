"""Scores the offline hourly model on real hours of many grid zones.

Takes every table of hours under the folder: `datetime_utc,ZONE,ZONE,...` (gCO2e/kWh),
or one zone a file with a column `carbon_intensity`. The level of a zone is set aside
for all but the bounds: model and flat average both get the zone's true mean, so that
the hours alone are compared.

Deferral: a job is submitted at every hour and may start up to 24 h later; the model
chooses the start, the real hours say what that emitted. At once is 0, the oracle is
the best that could have been reached. A flat signal starts at once.

    python -m tests.bench.hourly_model --traces FOLDER [--json FILE]
"""

import argparse
import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from greenops.errors import UnknownZoneError
from greenops.reference.mix import Mix
from greenops.reference.zone_names import grid_zones
from greenops.signals.hourly_model import HourlyModelSignal, place_of, zone_mix
from greenops.signals.year_shape import (
    DAMPING,
    FOSSIL,
    HYDRO_SHARE,
    SOLAR_SHARE,
    GridClass,
    grid_class,
    year_shape,
)
from greenops.signals.zones import resolve_zone

Hours = np.ndarray[tuple[int], np.dtype[np.float64]]

SLACK_H = 24
JOBS_H = (1, 4)
FOLDS = 6
NEVER = 2.0
SOLAR_FROM = (0.02, 0.03, 0.04, 0.06, 0.10, NEVER)
HYDRO_FROM = (0.20, 0.30, 0.40, 0.50, NEVER)
DAMPINGS = (0.2, 0.4, 0.5, 0.6, 0.8, 1.0)
MIN_DAYS = 28


@dataclass(frozen=True)
class Trace:
    """Real hours of one zone: whole UTC days without gaps."""

    zone: str
    first: datetime
    g_per_kwh: Hours


@dataclass(frozen=True)
class Scored:
    """A zone, its true hours, and what each way of shaping makes of them."""

    zone: str
    mix: Mix
    isolated: bool
    shaped_as: GridClass
    truth: Hours
    shapes: Mapping[GridClass, Hours]
    covered: float
    level: float


def find_traces(folder: Path) -> Iterator[Trace]:
    """Yield the zones of all tables below `folder` that the zone table knows."""
    for path in sorted(folder.rglob("*.csv*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else None
        lines = (text or path.read_bytes()).decode("utf-8-sig").splitlines()
        head = next(csv.reader(lines[:1]), [])
        if head[:1] == ["datetime_utc"] and len(head) > 1:
            yield from _wide(lines)
        elif "carbon_intensity" in head and "UTC time" in head:
            yield from _single(path.name.partition("_")[0], lines)


def score(trace: Trace, signal: HourlyModelSignal) -> Scored | None:
    """Return how a zone fares; None: it is no zone, or has no mix."""
    try:
        found = resolve_zone(trace.zone)
    except UnknownZoneError as e:
        print(f"left out: {e}", file=sys.stderr)
        return None
    row = grid_zones().get(found.code)
    mix = zone_mix(row) if row else None
    if row is None or mix is None or found.factor is None:
        print(f"left out: no mix of {trace.zone}", file=sys.stderr)
        return None
    place = place_of(row)
    stop = trace.first + timedelta(hours=len(trace.g_per_kwh))

    def shape(kind: GridClass) -> Hours:
        years = range(trace.first.year, (stop - timedelta(hours=1)).year + 1)
        every = np.concatenate([year_shape(mix, place, y, kind) for y in years])
        since = trace.first - datetime(trace.first.year, 1, 1, tzinfo=UTC)
        skipped = since // timedelta(hours=1)
        cut = every[skipped : skipped + len(trace.g_per_kwh)]
        return np.asarray(cut / cut.mean(), dtype=np.float64)

    return Scored(
        zone=found.code,
        mix=mix,
        isolated=place.isolated,
        shaped_as=grid_class(mix, isolated=place.isolated),
        truth=trace.g_per_kwh,
        shapes={kind: shape(kind) for kind in GridClass},
        covered=_covered(signal, found.code, trace, stop),
        level=found.factor.intensity_g_per_kwh / float(trace.g_per_kwh.mean()),
    )


def deferral(truth: Hours, signal: Hours, job_h: int) -> tuple[float, float]:
    """Return what choosing by `signal` saves, and what the oracle does, 0 to 1."""
    real, seen = (np.convolve(x, np.ones(job_h), "valid") for x in (truth, signal))
    open_real = sliding_window_view(real, SLACK_H + 1)
    # Rounded: equal hours start at once, whatever the last bits say.
    open_seen = sliding_window_view(np.round(seen, 9), SLACK_H + 1)
    chosen = open_real[np.arange(len(open_real)), open_seen.argmin(axis=1)]
    at_once = open_real[:, 0].sum()
    return (
        float(1 - chosen.sum() / at_once),
        float(1 - open_real.min(axis=1).sum() / at_once),
    )


def mape(truth: Hours, signal: Hours) -> float:
    """Return the mean absolute error in percent, `signal` at the true mean."""
    return float(100 * np.mean(np.abs(truth.mean() * signal - truth) / truth))


def rows_of(scored: Sequence[Scored]) -> list[dict[str, object]]:
    """Return one record per zone, in percent where it is a share."""
    return [_row(s) for s in scored]


def heaviness(mix: Mix) -> str:
    """Return what a mix is known for, for grouping."""
    rules = (
        ("hydro", mix.share("hydroelectricity") >= 0.4),
        ("solar-heavy", mix.share("solar") >= 0.1),
        ("nuclear", mix.share("nuclear") >= 0.3),
        ("wind-heavy", mix.share("wind") >= 0.25),
    )
    return next((name for name, holds in rules if holds), "fossil")


def left_out(scored: Sequence[Scored]) -> dict[str, object]:
    """Choose the rule without a sixth of the zones, score it on them, all around."""
    order = np.random.default_rng(0).permutation(len(scored))
    gains: list[float] = []
    chosen: list[tuple[float, float]] = []
    dampings: list[float] = []
    for fold in range(min(FOLDS, len(scored))):
        tested = [scored[i] for i in order[fold::FOLDS]]
        rest = [s for s in scored if s not in tested]
        if not rest:
            continue
        rule = max(product(SOLAR_FROM, HYDRO_FROM), key=lambda r: _worth(rest, r))
        chosen.append(rule)
        dampings.append(min(DAMPINGS, key=lambda d: _error(rest, rule, d)))
        gains += [_saving(s, _by_rule(s, rule)) for s in tested]
    return {
        "saved_4h_pct": 100 * fmean(gains),
        "worse_than_flat": sum(g < -0.003 for g in gains),
        "zones": len(gains),
        "rules": chosen,
        "dampings": dampings,
    }


HEAD = f"""\
r: correlation within days, and overall. MAPE of the flat average and of the model, both
at the true mean. Saved by deferring jobs up to {SLACK_H} h: model's choice / oracle, in %.
In: % of hours within the stated bounds. Level: annual figure over true mean.

{"zone":15}{"grid":12}{"model":7}{"r day":>6}{"r all":>6}{"flat":>6}\
{"model":>6}{"saved 1 h":>13}{"saved 4 h":>13}{"in":>5}{"level":>7}"""


def report(
    rows: Sequence[Mapping[str, object]], validated: Mapping[str, object]
) -> str:
    """Return the tables for people."""
    lines = [f"{len(rows)} zones. {HEAD}"]
    lines += [_line(r) for r in sorted(rows, key=lambda r: str(r["zone"]))]
    for title, key in (("what the grid is known for", "grid"), ("model", "model")):
        lines += ["", f"Means by {title}:"]
        for name in sorted({str(r[key]) for r in rows}):
            own = [r for r in rows if r[key] == name]
            lines.append(_line(_means(own, f"{name} ({len(own)})")))
    lines += ["", _line(_means(rows, "all")), ""]
    lines.append(
        f"Chosen on five sixths of the zones, scored on the others, all around: 4 h "
        f"jobs save {validated['saved_4h_pct']:.1f} %, and\n{validated['worse_than_flat']}"
        f" of {validated['zones']} zones do worse than by starting at once. Shares "
        f"(solar, hydro) chosen:\n{validated['rules']},\ndamping "
        f"{validated['dampings']}. In use: ({SOLAR_SHARE}, {HYDRO_SHARE}), {DAMPING}."
    )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Score all zones below the folder and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    args = parser.parse_args(argv)
    signal = HourlyModelSignal()
    scored = [s for t in find_traces(args.traces) if (s := score(t, signal))]
    if not scored:
        print(f"no hours of any zone under {args.traces}", file=sys.stderr)
        return 2
    rows = rows_of(scored)
    print(report(rows, left_out(scored)))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def _wide(lines: Sequence[str]) -> Iterator[Trace]:
    rows = list(csv.reader(io.StringIO("\n".join(lines))))
    times = [_utc(r[0]) for r in rows[1:]]
    for column, zone in enumerate(rows[0][1:], start=1):
        yield from _trace(zone.strip(), times, [r[column] for r in rows[1:]])


def _single(zone: str, lines: Sequence[str]) -> Iterator[Trace]:
    rows = list(csv.DictReader(lines))
    times = [_utc(r["UTC time"]) for r in rows]
    yield from _trace(zone, times, [r["carbon_intensity"] for r in rows])


def _trace(
    zone: str, times: Sequence[datetime], cells: Sequence[str]
) -> Iterator[Trace]:
    """Yield the longest stretch of whole days without a gap, where there is one."""
    best: list[float] = []
    best_first = run_first = times[0]
    run: list[float] = []
    for at, cell in zip(times, cells, strict=True):
        value = float(cell) if cell.strip() else 0.0
        if value <= 0 or at != run_first + timedelta(hours=len(run)):
            run, run_first = [], at
        if value <= 0:
            run_first = at + timedelta(hours=1)
            continue
        run.append(value)
        if len(run) > len(best):
            best, best_first = run, run_first
    skipped = -best_first.hour % 24
    whole = (len(best) - skipped) // 24
    if whole < MIN_DAYS:
        print(f"left out: {zone} has no {MIN_DAYS} days on end", file=sys.stderr)
        return
    hours = np.array(best[skipped : skipped + 24 * whole])
    yield Trace(zone, best_first + timedelta(hours=skipped), hours)


def _utc(text: str) -> datetime:
    for form in ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _covered(
    signal: HourlyModelSignal, zone: str, trace: Trace, stop: datetime
) -> float:
    points = signal.intensity(zone, trace.first, stop)
    if len(points) == 1:
        # Bounds of a single hour, not of a stretch: that is what is tested here.
        hour = timedelta(hours=1)
        points = signal.intensity(zone, trace.first, trace.first + hour)
    low = np.array([p.low_g_per_kwh for p in points])
    high = np.array([p.high_g_per_kwh for p in points])
    inside = (low <= trace.g_per_kwh) & (trace.g_per_kwh <= high)
    return float(inside.mean())


def _row(s: Scored) -> dict[str, object]:
    shape, flat = s.shapes[s.shaped_as], np.ones_like(s.truth)
    row: dict[str, object] = {
        "zone": s.zone,
        "grid": heaviness(s.mix),
        "model": str(s.shaped_as),
        "r_within_day": _correlation(_within_day(s.truth), _within_day(shape)),
        "r_overall": _correlation(s.truth, shape),
        "mape_flat_pct": mape(s.truth, flat),
        "mape_model_pct": mape(s.truth, shape),
        "within_bounds_pct": 100 * s.covered,
        "level_ratio": s.level,
        "solar_share": s.mix.share("solar"),
        "hydro_share": s.mix.share("hydroelectricity"),
        "fossil_share": s.mix.share(*FOSSIL),
    }
    for job_h in JOBS_H:
        saved, oracle = deferral(s.truth, shape, job_h)
        row[f"saved_{job_h}h_pct"] = 100 * saved
        row[f"oracle_{job_h}h_pct"] = 100 * oracle
    return row


def _within_day(hours: Hours) -> Hours:
    days = hours.reshape(-1, 24)
    return np.asarray((days - days.mean(axis=1, keepdims=True)).ravel())


def _correlation(a: Hours, b: Hours) -> float:
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _by_rule(s: Scored, rule: tuple[float, float]) -> GridClass:
    solar_from, hydro_from = rule
    if s.mix.share("hydroelectricity") >= hydro_from and not s.isolated:
        return GridClass.HYDRO
    return GridClass.SOLAR if s.mix.share("solar") >= solar_from else GridClass.FLAT


_SAVINGS: dict[tuple[int, GridClass], float] = {}


def _saving(s: Scored, kind: GridClass) -> float:
    key = id(s), kind
    if key not in _SAVINGS:
        _SAVINGS[key] = deferral(s.truth, s.shapes[kind], JOBS_H[-1])[0]
    return _SAVINGS[key]


def _worth(scored: Iterable[Scored], rule: tuple[float, float]) -> float:
    """Return the mean saving; what is lost against starting at once counts twice."""
    gains = [_saving(s, _by_rule(s, rule)) for s in scored]
    return fmean(g + min(g, 0.0) for g in gains)


def _error(
    scored: Iterable[Scored], rule: tuple[float, float], damping: float
) -> float:
    shapes = [(s.truth, s.shapes[_by_rule(s, rule)]) for s in scored]
    return fmean(mape(t, 1 + (x - 1) * damping / DAMPING) for t, x in shapes)


def _means(rows: Sequence[Mapping[str, object]], name: str) -> dict[str, object]:
    numbers = [k for k, v in rows[0].items() if isinstance(v, float)]
    means: dict[str, object] = {k: fmean(_float(r[k]) for r in rows) for k in numbers}
    return means | {"zone": name, "grid": "", "model": ""}


def _float(value: object) -> float:
    if not isinstance(value, float):
        raise TypeError(f"not a figure: {value!r}")
    return value


def _line(r: Mapping[str, object]) -> str:
    return (
        f"{r['zone']!s:15}{r['grid']!s:12}{r['model']!s:7}"
        f"{r['r_within_day']:6.2f}{r['r_overall']:6.2f}"
        f"{r['mape_flat_pct']:6.1f}{r['mape_model_pct']:6.1f}"
        f"{r['saved_1h_pct']:6.1f} /{r['oracle_1h_pct']:5.1f}"
        f"{r['saved_4h_pct']:6.1f} /{r['oracle_4h_pct']:5.1f}"
        f"{r['within_bounds_pct']:5.0f}{r['level_ratio']:7.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
