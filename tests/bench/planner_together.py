"""The fleets of `planner_capacity`, through the facade: together, and in turn.

The first 1,000 jobs of each trace are planned by `plan_jobs`, which the command line and
the daemon use, each with its plan in words. Beside it the same jobs that take their turn
only: by deadline, each at its best on what those before it have left. Both at the exact
second, where the bound of the linear relaxation counts capacity in whole hours: so they
may save more than it says is possible.

Forecasts are the hours that came. Seconds are of processor time, of one run; those of
the fleet are a part of the others, from the places open to each job to its seat.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from greenops.model import (
    Basis,
    Bounded,
    Forecast,
    Free,
    IntensityKind,
    Objective,
    Phase,
    Place,
    Plan,
    PlannedJob,
    Seen,
    Workload,
)
from greenops.planner.carried import hour_of
from greenops.planner.fleet.relaxed import relaxed_g
from greenops.planner.in_turn import Asked, Left, in_turn, turn
from greenops.planner.plan import plan_jobs
from greenops.planner.route import SEEN_FOR
from greenops.planner.seats import Open, seats
from greenops.planner.terms import Terms
from greenops.planner.weighing import open_sites
from greenops.units import J_PER_KWH
from tests.bench.carboncast import Region
from tests.bench.job_traces import job_traces
from tests.bench.planner_capacity import SIZES, SLACK_H, Fleet, fleet, zones_of

T0 = datetime(2022, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def together_rows(traces: Path) -> list[dict[str, Any]]:
    """Return a row per trace that is long enough, from the first hour on."""
    zones = zones_of(traces)
    rows = []
    for trace in job_traces(traces) if zones else ():
        if len(trace) < SIZES[0]:
            continue
        made = fleet(trace.first(SIZES[0]), zones, 0, may_pause=False)
        if made is not None:
            rows.append({**_row(made, zones), "jobs_file": trace.name})
    return rows


def _row(made: Fleet, zones: Sequence[Region]) -> dict[str, Any]:
    places, jobs = _places(made, zones), _jobs(made, zones)
    now_g = float(made.now_g().sum())
    began = time.process_time()
    plans, refusals = plan_jobs(jobs, places, now=T0)
    seconds = time.process_time() - began
    saved = 100 * (1 - _emitted_g(plans) / now_g)
    before = _in_turn(jobs, places)
    most = 100 * (1 - relaxed_g(made.sites, made.jobs) / now_g)
    in_turn_saved = 100 * (1 - _emitted_g(before) / now_g)
    return {
        "bench": "together",
        "region": "+".join(zone.name for zone in zones),
        "jobs": len(jobs),
        "job_h": round(float(made.jobs.duration_s[:, 0].mean()) / 3600.0, 2),
        "slack_h": SLACK_H,
        "interruptible": False,
        "oracle": "linear relaxation",
        "oracle_saved_pct": most,
        "saved_pct": saved,
        "pct_of_oracle": 100 * saved / most,
        "in_turn_saved_pct": in_turn_saved,
        "in_turn_pct_of_oracle": 100 * in_turn_saved / most,
        "in_turn_refused": len(jobs) - len(before),
        "deadline_misses": len(refusals),
        "seconds": seconds,
        "fleet_seconds": _fleet_s(jobs, places),
    }


def _fleet_s(jobs: Sequence[PlannedJob], places: Sequence[Place]) -> float:
    """Return how long the fleet takes, once it is known what is open to each job."""
    terms = Terms(now=T0)
    opened = [
        Open(job=job, found=open_sites(job, places, terms))
        for job in sorted(jobs, key=turn)
    ]
    began = time.process_time()
    seats(opened, places, T0, Objective())
    return time.process_time() - began


def _emitted_g(plans: Sequence[Plan]) -> float:
    return sum(p.chosen.cost.total_g.central for p in plans)


def _in_turn(jobs: Sequence[PlannedJob], places: Sequence[Place]) -> list[Plan]:
    """Return the plans of the jobs that find room, each on what is left."""
    asked = Asked(
        now=T0,
        paused_at={},
        seen_for=SEEN_FOR,
        standing=None,
        past={},
        untouched={p.name: p for p in places},
    )
    left = Left(places=tuple(places), objective=Objective())
    found = in_turn(sorted(jobs, key=turn), left, asked).answers.values()
    return [a.found for a in found if isinstance(a.found, Plan)]


def _places(made: Fleet, zones: Sequence[Region]) -> list[Place]:
    found = []
    for zone, rates, free in zip(
        zones, made.sites.rate_g_per_j, made.sites.free_units, strict=True
    ):
        gpus = int(free[0])
        forecast = Forecast(
            zone=zone.name,
            kind=IntensityKind.AVERAGE,
            basis=Basis.DIRECT,
            issued_at=T0,
            method="what came",
            source="traces",
            hours=tuple(
                hour_of(T0 + i * HOUR, float(rate * J_PER_KWH), 0.0)
                for i, rate in enumerate(rates)
            ),
        )
        span = Free(start=T0, stop=T0 + len(rates) * HOUR, gpus=gpus)
        found.append(
            Place(
                name=zone.name,
                zone=zone.name,
                forecast=forecast,
                free=(span,),
                pue=Bounded(central=1.0, low=1.0, high=1.0),
                seen=Seen(free_gpus=gpus, at=T0),
            )
        )
    return found


def _jobs(made: Fleet, zones: Sequence[Region]) -> list[PlannedJob]:
    jobs, found = made.jobs, []
    for i in range(len(jobs)):
        length_s = float(jobs.duration_s[i, 0])
        start = T0 + timedelta(seconds=float(jobs.earliest_s[i, 0]))
        found.append(
            PlannedJob(
                name=f"job-{i:05}",
                workload=Workload.TRAIN,
                duration_s=Bounded(central=length_s, low=length_s, high=length_s),
                phases=(Phase(share=1.0, power_w=float(jobs.power_w[i, 0])),),
                home=zones[int(made.home[i])].name,
                earliest=start,
                deadline=T0 + timedelta(seconds=float(jobs.deadline_s[i])),
                gpus=int(np.ceil(jobs.units[i])),
            )
        )
    return found
