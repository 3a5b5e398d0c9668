"""Many jobs that compete for capacity, replayed: fast plan against the LP optimum.

How a trace becomes a fleet:

* The first 1,000 and the first 3,000 jobs of each trace. Arrivals over more than a week
  are compressed into a week. A job may start from its arrival on, and must stop 48 h
  after it would have stopped, had it started at once. All are planned in one go, with
  the hours that came, in slots of an hour, from the table's first hour, and from its
  middle.
* Five zones: DE, NL, BE, IE, ES if the folder has them all, else the first five by name
  with all hours known. Each has the same constant capacity. In all that is three times
  the work, over the hours until the last deadline, rounded up per zone; and room for
  the widest job. A job holds its CPUs in whole hours, and counts as such in the work.
* Power is proportional to CPUs. Jobs have the zones as their homes in turn. Saved is
  against running at once at home, were there always room.
* The oracle is the optimum of the linear relaxation (HiGHS), for jobs that may be paused
  the highest bound found by prices. No plan can save more; the best may save less.
* Seconds are those of the shortest of three runs, in one thread.
"""

import gzip
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from greenops.planner.fleet.columns import columns, integral
from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.pauses import windows
from greenops.planner.fleet.plan import FleetPlan
from greenops.planner.fleet.prices import Prices
from greenops.planner.fleet.problem import Jobs, Sites, jobs_at, whole_slots
from greenops.planner.fleet.relaxed import relaxed_g
from greenops.units import J_PER_KWH, S_PER_HOUR
from tests.bench.carboncast import Region, regions
from tests.bench.job_traces import JobTrace, job_traces

ZONES = ("DE", "NL", "BE", "IE", "ES")
SIZES = (1_000, 3_000)
LEAST_JOBS = 100
SLACK_H = 48.0
TIMES_THE_WORK = 3.0
SPAN_S = 7 * 24 * S_PER_HOUR
BEGINS = (0.0, 0.5)
"""Where plans begin, as shares of the table."""
W_PER_CPU = 10.0
RUNS = 3
BOUND_STEPS = 400

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fleet:
    """One trace in five zones."""

    sites: Sites
    jobs: Jobs
    home: NDArray[np.int64]

    def now_g(self) -> Floats:
        """Return what each job costs, run at once at home, shape (jobs,)."""
        each = np.arange(len(self.jobs))
        start_s = self.jobs.earliest_s[each, self.home]
        stop_s = start_s + self.jobs.duration_s[each, self.home]
        rate = integral(self.sites, self.home, stop_s)
        rate -= integral(self.sites, self.home, start_s)
        return np.asarray(self.jobs.power_w[each, self.home] * rate)


def capacity_rows(traces: Path) -> list[dict[str, Any]]:
    """Return a row per trace, number of jobs, begin, and whether jobs may be paused."""
    zones = zones_of(traces)
    if not zones:
        return []
    hours = min(len(zone.history.g_per_kwh) for zone in zones)
    rows = []
    for trace in _sized(job_traces(traces)):
        for share in BEGINS:
            for may_pause in (False, True):
                begin = int(share * hours)
                if may_pause and (share > 0 or len(trace) > SIZES[0]):
                    continue
                made = fleet(trace, zones, begin, may_pause=may_pause)
                if made is not None:
                    rows.append(_row(trace, zones, made, begin, may_pause=may_pause))
    return rows


def zones_of(traces: Path) -> list[Region]:
    """Return five zones of the first wide table, else five regions of any kind."""
    tables = [path for path in sorted(traces.rglob("*.csv*")) if _is_wide(path)]
    found = regions(tables[0].parent if tables else traces)
    by_name = {r.name: r for r in found if np.isfinite(r.history.g_per_kwh).all()}
    if set(ZONES) <= set(by_name):
        return [by_name[name] for name in ZONES]
    return [by_name[name] for name in sorted(by_name)[: len(ZONES)]]


def _is_wide(path: Path) -> bool:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as table:
        return table.readline().startswith(b"datetime_utc,")


def _sized(traces: Sequence[JobTrace]) -> Iterator[JobTrace]:
    """Yield the first jobs of each trace, by size; copies where none is long enough."""
    for size in SIZES:
        long_enough = [trace for trace in traces if len(trace) >= size]
        for trace in long_enough:
            yield trace.first(size)
        if not long_enough:
            for trace in traces:
                if len(trace) >= LEAST_JOBS:
                    yield trace.repeated(size)


def fleet(
    trace: JobTrace, zones: Sequence[Region], begin: int, *, may_pause: bool
) -> Fleet | None:
    """Return the fleet of a trace; None if the hours from `begin` on are too few."""
    trace = trace.within(SPAN_S)
    deadline_s = trace.arrival_s + trace.length_s + SLACK_H * S_PER_HOUR
    slots = int(np.ceil(deadline_s.max() / S_PER_HOUR))
    rate = [zone.history.g_per_kwh[begin : begin + slots] / J_PER_KWH for zone in zones]
    if min(map(len, rate)) < slots:
        return None
    work = float((trace.cpus * whole_slots(trace.length_s, S_PER_HOUR)).sum())
    each = np.ceil(TIMES_THE_WORK * work / (slots * len(zones)))
    units = max(float(each), float(trace.cpus.max()))
    sites = Sites(
        slot_s=S_PER_HOUR,
        rate_g_per_j=np.array(rate),
        free_units=np.full((len(zones), slots), units),
    )
    jobs = jobs_at(
        sites,
        units=trace.cpus,
        duration_s=trace.length_s,
        deadline_s=deadline_s,
        earliest_s=trace.arrival_s,
        power_w=trace.cpus * W_PER_CPU,
        may_pause=may_pause,
    )
    return Fleet(sites, jobs, np.arange(len(jobs)) % len(zones))


def _row(
    trace: JobTrace,
    zones: Sequence[Region],
    made: Fleet,
    begin: int,
    *,
    may_pause: bool,
) -> dict[str, Any]:
    plan, seconds = _timed(made)
    now_g = made.now_g()
    cost_g = np.full(len(made.jobs), np.inf)
    for run in plan.runs:
        cost_g[run.job] = run.cost_g
    oracle_g = (
        _highest_bound_g(made, plan) if may_pause else relaxed_g(made.sites, made.jobs)
    )
    saved = 100 * (1 - cost_g.sum() / now_g.sum())
    most = 100 * (1 - oracle_g / now_g.sum())
    return {
        "bench": "capacity",
        "region": "+".join(zone.name for zone in zones),
        "jobs_file": trace.name,
        "jobs": len(trace),
        "begin_hour": begin,
        "job_h": round(float(trace.length_s.mean()) / S_PER_HOUR, 2),
        "slack_h": SLACK_H,
        "interruptible": may_pause,
        "oracle": "highest bound by prices" if may_pause else "linear relaxation",
        "oracle_saved_pct": most,
        "saved_pct": saved,
        "pct_of_oracle": 100 * saved / most,
        "worse_than_now_pct": 100 * float((cost_g > now_g * (1 + 1e-9)).mean()),
        "deadline_misses": len(plan.unserved) + sum(r.late_s > 0 for r in plan.runs),
        "seconds": seconds,
    }


def _timed(made: Fleet) -> tuple[FleetPlan, float]:
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        plan = near_best(made.sites, made.jobs)
        took.append(time.perf_counter() - began)
    return plan, min(took)


def _highest_bound_g(made: Fleet, plan: FleetPlan) -> float:
    runs, rows = columns(made.sites, made.jobs), windows(made.sites, made.jobs)
    prices = Prices.none(made.sites)
    prices.climb(made.sites, runs, rows, cost_g=plan.cost_g, steps=BOUND_STEPS)
    return prices.bound_g
