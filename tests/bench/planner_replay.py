"""Replays jobs hour by hour: planned on what was known, counted by what came.

Jobs are submitted every `EVERY_H` hours of the replay, an interval that meets every hour
of the day alike. Every hour, each job that waits is planned anew, by the rule the daemon
uses, on a forecast made then. What is saved is the mean over a region's jobs against
running at once; the oracle knows the future.

    python -m tests.bench.planner_replay --traces FOLDER [--json FILE]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from greenops.errors import SignalError
from greenops.forecast.features import Indices
from greenops.forecast.hours import HOUR, WEEK_H, Floats
from greenops.model import (
    IntensityPoint,
)
from greenops.planner.prospect import Prospect, prospect
from greenops.planner.robust import NO_PLAN, run_now, start_in
from tests.bench.carboncast import Region, regions
from tests.bench.hourly_forecasts import Hourly, hourly_forecasts, record

EVERY_H = 5
MOST_REGIONS = 16
"""Regions replayed at most: those with a provider first, the others evenly spread."""
STALE_H = 168
PAST_H = 28 * 24
"""Hours before a stale forecast that are known with it."""
NOTHING_PCT = 1e-6
WORSE = 1e-9
"""Relative: what exceeds run-now by more than rounding is worse."""
PAPER_SLACK_H = 24
PAPER_JOBS_H = (1, 6, 12, 24)
PAPER_SAVED_PCT = dict(zip(PAPER_JOBS_H, (15.6, 12.6, 8.5, 3.6), strict=True))
"""Source: Sukprasert et al. 2024 (doi:10.1145/3627703.3629583), deferral over 123
regions, as the planner's aims quote it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of job: its length and slack in hours, and whether it may be paused."""

    job_h: int
    slack_h: int
    interruptible: bool

    @property
    def span_h(self) -> int:
        """Hours from submission to the deadline."""
        return self.job_h + self.slack_h


CASES = (
    Case(1, 24, False),
    Case(4, 24, False),
    Case(24, 24, False),
    Case(24, 24, True),
    Case(1, 168, False),
    Case(24, 168, True),
)
STALE_CASES = CASES[:4]


@dataclass
class Done:
    """What became of a case's jobs.

    Attributes:
        cost: Emissions of each, in g per kW of power.
        ended: When each was done, as an index of the history.
        ran_h: How long each ran.
        changes: How often a plan was replaced, in all.
    """

    cost: Floats
    ended: Indices
    ran_h: Indices
    changes: int = 0


@dataclass
class Known:
    """What the planner is handed: at index t, the prospect from t on."""

    ahead: Callable[[Indices, int], Prospect]
    came: Floats


def replay_rows(
    found: Sequence[Region], *, most: int = MOST_REGIONS, processes: int = 2
) -> list[dict[str, object]]:
    """Return the rows `replay`, `stale` and `paper` of some regions, means last.

    Args:
        found: The regions of a folder.
        most: How many are replayed with forecasts; `paper` rows are of all.
        processes: Regions replayed at once.
    """
    chosen = _chosen(found, most)
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        rows = [r for part in pool.imap(_tried, chosen, chunksize=1) for r in part]
    rows += [row for region in found for row in paper_rows(region)]
    return rows + list(_means(rows))


def replayed(region: Region) -> list[dict[str, object]]:
    """Return the rows `replay` and `stale` of one region.

    Raises:
        SignalError: its history is too short.
    """
    hourly = hourly_forecasts(region)
    rows = [_row(region, "replay", case, hourly, _fresh(hourly)) for case in CASES]
    stale = _stale(region, hourly)
    return rows + [_row(region, "stale", case, hourly, stale) for case in STALE_CASES]


def paper_rows(region: Region) -> Iterator[dict[str, object]]:
    """Yield what deferral saves knowing the future, with interruption and without.

    Of the last 8,760 hours, for jobs submitted at every hour.
    """
    g_per_kwh = region.history.g_per_kwh[-8760:]
    for job_h in PAPER_JOBS_H:
        for interruptible in (False, True)[: 1 + (job_h > 1)]:
            case = Case(job_h, PAPER_SLACK_H, interruptible)
            starts = np.arange(len(g_per_kwh) - case.span_h, dtype=np.intp)
            now, best = (
                run_at_once(g_per_kwh, starts, case),
                oracle(g_per_kwh, starts, case),
            )
            known = np.isfinite(now) & np.isfinite(best)
            if not known.any():
                continue
            yield {
                "bench": "paper",
                "region": region.name,
                "job_h": job_h,
                "slack_h": PAPER_SLACK_H,
                "interruptible": interruptible,
                "oracle_saved_pct": _saved_pct(best[known], now[known]),
                "now_g_per_kwh": float(now[known].mean() / job_h),
                "published_pct": None if interruptible else PAPER_SAVED_PCT[job_h],
            }


def run_at_once(g_per_kwh: Floats, starts: Indices, case: Case) -> Floats:
    """Return what running from each start on costs, in g per kW."""
    return np.asarray(sliding_window_view(g_per_kwh, case.job_h)[starts].sum(axis=1))


def oracle(g_per_kwh: Floats, starts: Indices, case: Case) -> Floats:
    """Return the least that each job could have cost, in g per kW."""
    if case.interruptible:
        hours = sliding_window_view(g_per_kwh, case.span_h)[starts]
        return np.asarray(np.sort(hours, axis=1)[:, : case.job_h].sum(axis=1))
    cost = sliding_window_view(g_per_kwh, case.job_h).sum(axis=1)
    return np.asarray(sliding_window_view(cost, case.slack_h + 1)[starts].min(axis=1))


def contiguous(known: Known, starts: Indices, case: Case) -> Done:
    """Run jobs that may not be paused, choosing their start anew every hour."""
    begun = np.full(len(starts), NO_PLAN, dtype=np.intp)
    planned = np.full(len(starts), NO_PLAN, dtype=np.intp)
    changes = 0
    for late in range(case.slack_h + 1):
        waiting = np.flatnonzero(begun == NO_PLAN)
        if not waiting.size:
            break
        now = starts[waiting] + late
        kept = np.where(planned[waiting] == NO_PLAN, NO_PLAN, planned[waiting] - now)
        chosen = start_in(
            known.ahead(now, case.span_h - late),
            length=case.job_h,
            slack=case.slack_h - late,
            kept=kept,
        )
        changes += int(((kept != NO_PLAN) & (chosen != kept)).sum())
        planned[waiting] = now + chosen
        begun[waiting[chosen == 0]] = now[chosen == 0]
    cost = sliding_window_view(known.came, case.job_h)[begun].sum(axis=1)
    ran_h = np.full(len(starts), case.job_h)
    return Done(cost, begun + case.job_h, ran_h, changes)


def interruptible(known: Known, starts: Indices, case: Case) -> Done:
    """Run jobs that may be paused, deciding anew every hour."""
    work = np.full(len(starts), case.job_h, dtype=np.intp)
    waited = np.zeros(len(starts), dtype=np.bool_)
    cost = np.zeros(len(starts))
    ended = starts.copy()
    for late in range(case.span_h):
        open_ = np.flatnonzero(work > 0)
        if not open_.size:
            break
        now = starts[open_] + late
        left = case.span_h - late
        runs = run_now(
            known.ahead(now, left), work=work[open_], left=left, waited=waited[open_]
        )
        waited[open_] |= ~runs
        work[open_] -= runs
        cost[open_] += np.where(runs, known.came[now], 0.0)
        ended[open_[runs]] = now[runs] + 1
    return Done(cost, ended, case.job_h - work)


def _row(
    region: Region, bench: str, case: Case, hourly: Hourly, known: Known
) -> dict[str, object]:
    last = len(hourly.came) - case.span_h
    starts = np.arange(hourly.start, last, EVERY_H, dtype=np.intp)
    gaps = np.concatenate(([0], np.cumsum(~hourly.known)))
    starts = starts[gaps[starts + case.span_h] == gaps[starts]]
    if not starts.size:
        raise SignalError(f"{region.name} has no stretch without gaps for {case}")
    began = time.perf_counter()
    rule = interruptible if case.interruptible else contiguous
    done = rule(known, starts, case)
    seconds = time.perf_counter() - began
    now, best = (f(hourly.came, starts, case) for f in (run_at_once, oracle))
    saved, most = _saved_pct(done.cost, now), _saved_pct(best, now)
    missed = (done.ended > starts + case.span_h) | (done.ran_h != case.job_h)
    return {
        "bench": bench,
        "region": region.name,
        "provider": bool(region.said),
        "job_h": case.job_h,
        "slack_h": case.slack_h,
        "interruptible": case.interruptible,
        "jobs": len(starts),
        "oracle_saved_pct": most,
        "saved_pct": saved,
        "pct_of_oracle": _share_pct(saved, most),
        "worse_than_now_pct": float(100 * (done.cost > now * (1 + WORSE)).mean()),
        "deadline_misses": int(missed.sum()),
        "changes_per_job": done.changes / len(starts),
        "seconds": seconds,
    }


def _saved_pct(cost: Floats, now: Floats) -> float:
    return float(100 * (1 - cost.mean() / now.mean()))


def _share_pct(saved: float, most: float) -> float | None:
    """Return what was saved of what an oracle saves; None: there was nothing to save."""
    return 100 * saved / most if most > NOTHING_PCT else None


def _fresh(hourly: Hourly) -> Known:
    def ahead(now: Indices, hours: int) -> Prospect:
        rows, hours = now - hourly.first, min(hours, WEEK_H)
        return Prospect(
            g_per_kwh=np.exp(hourly.log_g[rows, :hours]),
            log_sd=hourly.log_sd[rows, :hours],
        )

    return Known(ahead, hourly.came)


def _stale(region: Region, hourly: Hourly) -> Known:
    """Return prospects from what was known a week before."""
    hours = hourly.stop - hourly.start
    g_per_kwh, log_sd = np.full((2, hours, WEEK_H), np.nan)
    points = _points(region, hourly)
    for row in range(hours):
        issued = hourly.start + row - STALE_H
        made = record(region, hourly, issued)
        past = points[max(0, issued - PAST_H) : issued]
        found = prospect(made, made.issued_at + STALE_H * HOUR, WEEK_H, past=past)
        g_per_kwh[row], log_sd[row] = found.g_per_kwh[0], found.log_sd[0]

    def ahead(now: Indices, hours: int) -> Prospect:
        rows, hours = now - hourly.start, min(hours, WEEK_H)
        return Prospect(g_per_kwh=g_per_kwh[rows, :hours], log_sd=log_sd[rows, :hours])

    return Known(ahead, hourly.came)


def _points(region: Region, hourly: Hourly) -> list[IntensityPoint]:
    first = region.history.first
    return [
        IntensityPoint(
            start=first + i * HOUR,
            stop=first + (i + 1) * HOUR,
            intensity_g_per_kwh=g,
            low_g_per_kwh=g,
            high_g_per_kwh=g,
            zone=region.name,
            source="traces",
        )
        for i, g in enumerate(hourly.came.tolist())
    ]


def _chosen(found: Sequence[Region], most: int) -> list[Region]:
    spoken = [r for r in found if r.said]
    silent = [r for r in found if not r.said]
    room = max(0, most - len(spoken))
    if len(silent) > room:
        at = np.linspace(0, len(silent) - 1, room).round().astype(int)
        silent = [silent[i] for i in at]
    return [*spoken, *silent]


def _tried(region: Region) -> list[dict[str, object]]:
    try:
        return replayed(region)
    except SignalError as e:
        print(f"left out: {region.name}: {e}", file=sys.stderr)
        return []


def _means(rows: Sequence[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield a row `all` per bench, kind of job and presence of a provider."""
    like = ("bench", "provider", "job_h", "slack_h", "interruptible")
    groups: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(k) for k in like), []).append(row)
    for key, group in groups.items():
        mean: dict[str, object] = dict(zip(like, key, strict=True))
        mean["region"] = f"mean of {len(group)}"
        for name in ("oracle_saved_pct", "saved_pct", "worse_than_now_pct"):
            values = [r[name] for r in group if isinstance(r.get(name), float)]
            if values:
                mean[name] = fmean(v for v in values if isinstance(v, float))
        if key[0] == "paper":
            mean |= _of_the_world(group)
        saved, most = mean.get("saved_pct"), mean["oracle_saved_pct"]
        if isinstance(saved, float) and isinstance(most, float):
            mean["pct_of_oracle"] = _share_pct(saved, most)
            mean["deadline_misses"] = sum(int(str(r["deadline_misses"])) for r in group)
        yield mean


def _of_the_world(group: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return what all regions together save of what all emit, as the paper counts."""
    emitted = np.array([r["now_g_per_kwh"] for r in group], dtype=np.float64)
    saved_pct = np.array([r["oracle_saved_pct"] for r in group], dtype=np.float64)
    return {
        "oracle_saved_pct": float(np.average(saved_pct, weights=emitted)),
        "now_g_per_kwh": float(emitted.mean()),
        "published_pct": group[0]["published_pct"],
    }


def report(rows: Sequence[dict[str, object]]) -> str:
    """Return the means for people."""
    lines = [
        (
            f"{'':8}{'job/slack':>12}{'':>14}{'oracle':>9}{'saved':>8}{'of oracle':>11}"
            f"{'worse':>8}{'missed':>8}  (percent; deadlines missed)"
        )
    ]
    for row in rows:
        if not str(row["region"]).startswith("mean"):
            continue
        cells = [
            f"{row[k]:>{w}.1f}" if isinstance(row.get(k), float) else " " * w
            for k, w in (
                ("oracle_saved_pct", 9),
                ("saved_pct", 8),
                ("pct_of_oracle", 11),
                ("worse_than_now_pct", 8),
            )
        ]
        kind = "interruptible" if row["interruptible"] else ""
        hours = f"{row['job_h']}/{row['slack_h']}"
        lines.append(
            f"{row['bench']!s:8}{hours:>12}{kind:>14}"
            + "".join(cells)
            + f"{row.get('deadline_misses', '')!s:>8}  {row['region']}{_aside(row)}"
        )
    return "\n".join(lines)


def _aside(row: dict[str, object]) -> str:
    if row["bench"] == "paper":
        published = row["published_pct"]
        return f", published: {published}" if published else ""
    return " with a provider" if row["provider"] else " by their own past alone"


def main(argv: Sequence[str] | None = None) -> int:
    """Replay all regions below the folder and print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    args = parser.parse_args(argv)
    found = regions(args.traces)
    if not found:
        print(f"no hours of any region under {args.traces}", file=sys.stderr)
        return 2
    rows = replay_rows(found)
    print(report(rows))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
