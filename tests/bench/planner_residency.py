"""Jobs that may go to any of a few zones: residency, place and start, hour by hour.

A job of 4 h with 24 h slack is submitted in each zone of the set in turn. Every hour it
is planned anew by the facade that the daemon uses, on a forecast of every zone made of
what was known then; it starts where and when the plan says. A further zone, the cleanest
of the table outside the set, lacks the tag: it tempts, and may never be chosen. Counted
by what came; the oracle knows it and may choose zone and start as well.

The set: DE, NL, BE, IE and ES if all are there, else up to five zones of the EU, else
the first five, by name. One set per table of zones.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from greenops.errors import SignalError
from greenops.forecast.hours import HOUR, Floats
from greenops.model import (
    Bounded,
    Phase,
    Place,
    Plan,
    PlannedJob,
    Seen,
    Workload,
)
from greenops.planner.plan import renewed
from tests.bench.carboncast import Region
from tests.bench.hourly_forecasts import Hourly, hourly_forecasts, record

JOB_H, SLACK_H = 4, 24
AHEAD_H = JOB_H + SLACK_H + 1
EVERY_H = 11
PREFERRED = ("DE", "NL", "BE", "IE", "ES")
EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
MOST_ZONES = 5
TAG = "resident"


@dataclass
class Zone:
    """One zone of the set, with its forecasts and what a job from each hour emits."""

    region: Region
    hourly: Hourly
    resident: bool
    job_g: Floats = field(init=False)

    def __post_init__(self) -> None:
        came = np.where(self.hourly.known, self.hourly.came, np.nan)
        self.job_g = sliding_window_view(came, JOB_H).sum(axis=1)

    @property
    def name(self) -> str:
        """As the region is called."""
        return self.region.name

    def starts_at(self, at: int) -> datetime:
        """Return when an hour of the history begins."""
        return self.region.history.first + at * HOUR

    def place(self, at: int) -> Place:
        """Return the zone as a place, with what was known of it at an hour."""
        return Place(
            name=self.name,
            zone=self.name,
            forecast=record(self.region, self.hourly, at, AHEAD_H),
            tags=frozenset({TAG} if self.resident else ()),
            seen=Seen(free_gpus=8, at=self.starts_at(at)),
        )


@dataclass
class Outcome:
    """What became of the jobs, in g per kW: one entry each."""

    now_g: list[float] = field(default_factory=list)
    best_g: list[float] = field(default_factory=list)
    came_g: list[float] = field(default_factory=list)
    breaches: int = 0
    missed: int = 0
    plans: int = 0


def residency_rows(found: Sequence[Region]) -> list[dict[str, object]]:
    """Return a row per set of zones, and its zones as homes.

    Args:
        found: The regions of a folder; fewer than two give no row.
    """
    chosen = residents(found)
    zones = [z for r in chosen if (z := _zone(r, resident=True)) is not None]
    if len(zones) < 2:
        return []
    names = {r.name for r in chosen}
    outside = [r for r in found if r.name not in names and not r.said]
    if outside:
        lure = min(outside, key=lambda r: float(np.nanmean(r.history.g_per_kwh)))
        tempting = _zone(lure, resident=False)
        zones += [] if tempting is None else [tempting]
    began = time.perf_counter()
    by_home = _replayed(zones)
    seconds = time.perf_counter() - began
    return list(_rows(by_home, "+".join(sorted(names)), seconds))


def residents(found: Sequence[Region]) -> list[Region]:
    """Return the set of zones, by the rule above; those with a provider stand apart."""
    alike = [r for r in found if not r.said] or found
    named = {r.name.partition(" (")[0]: r for r in alike}
    if all(n in named for n in PREFERRED):
        return [named[n] for n in PREFERRED]
    of_eu = [n for n in sorted(named) if n.partition("-")[0] in EU]
    names = of_eu if len(of_eu) > 1 else sorted(named)
    return [named[n] for n in names[:MOST_ZONES]]


def _zone(region: Region, *, resident: bool) -> Zone | None:
    try:
        hourly = hourly_forecasts(region)
    except SignalError:
        return None
    return Zone(region, hourly, resident)


def _replayed(zones: Sequence[Zone]) -> dict[str, Outcome]:
    homes = [z for z in zones if z.resident]
    by_name = {z.name: z for z in zones}
    out = {z.name: Outcome() for z in homes}
    start = max(z.hourly.start for z in zones)
    last = min(len(z.job_g) for z in zones) - SLACK_H
    for number, at in enumerate(range(start, last, EVERY_H)):
        reach_g = np.array([z.job_g[at : at + SLACK_H + 1] for z in homes])
        if np.isnan(reach_g).any():
            continue
        home = homes[number % len(homes)]
        own = out[home.name]
        plan, began_at = _run(zones, home, at, own)
        ran = by_name[plan.chosen.place]
        own.now_g.append(float(home.job_g[at]))
        own.best_g.append(float(reach_g.min()))
        own.came_g.append(float(ran.job_g[began_at]))
        own.breaches += not ran.resident
        own.missed += began_at > at + SLACK_H
    return out


def _run(zones: Sequence[Zone], home: Zone, at: int, own: Outcome) -> tuple[Plan, int]:
    """Plan one job hour by hour until it starts; return its last plan, and the hour."""
    submitted = home.starts_at(at)
    job = PlannedJob(
        name="job",
        workload=Workload.TRAIN,
        duration_s=Bounded(
            central=JOB_H * 3600.0, low=JOB_H * 3600.0, high=JOB_H * 3600.0
        ),
        phases=(Phase(share=1.0, power_w=1000.0),),
        home=home.name,
        earliest=submitted,
        deadline=submitted + timedelta(hours=JOB_H + SLACK_H),
        needs_tags=frozenset({TAG}),
    )
    plan: Plan | None = None
    for late in range(SLACK_H + 1):
        now = submitted + late * HOUR
        places = [z.place(at + late) for z in zones]
        plan = renewed(job, places, now=now, standing=plan)
        own.plans += 1
        if plan.chosen.start < now + HOUR:
            return plan, at + late
    raise AssertionError("a job was never started")


def _rows(
    by_home: dict[str, Outcome], names: str, seconds: float
) -> Iterator[dict[str, object]]:
    homes = {h: o for h, o in by_home.items() if o.now_g}
    saved = {h: _saved_pct(o.came_g, o.now_g) for h, o in homes.items()}
    best = {h: _saved_pct(o.best_g, o.now_g) for h, o in homes.items()}
    for home, own in homes.items():
        yield _row(f"{home} of {names}", [own], saved[home], best[home], None)
    mean, oracle = fmean(saved.values()), fmean(best.values())
    yield _row(names, list(homes.values()), mean, oracle, seconds)


def _row(
    region: str,
    outcomes: Sequence[Outcome],
    saved_pct: float,
    oracle_pct: float,
    seconds: float | None,
) -> dict[str, object]:
    pairs = [p for o in outcomes for p in zip(o.came_g, o.now_g, strict=True)]
    worse = [came > now * (1 + 1e-9) for came, now in pairs]
    row: dict[str, object] = {
        "bench": "residency",
        "region": region,
        "job_h": JOB_H,
        "slack_h": SLACK_H,
        "interruptible": False,
        "oracle_saved_pct": oracle_pct,
        "saved_pct": saved_pct,
        "pct_of_oracle": 100 * saved_pct / oracle_pct,
        "worse_than_now_pct": 100 * fmean(worse),
        "deadline_misses": sum(o.missed for o in outcomes),
        "residency_breaches": sum(o.breaches for o in outcomes),
        "jobs": len(pairs),
        "plans": sum(o.plans for o in outcomes),
    }
    return row if seconds is None else row | {"seconds": seconds}


def _saved_pct(cost_g: Sequence[float], now_g: Sequence[float]) -> float:
    return 100 * (1 - sum(cost_g) / sum(now_g))
