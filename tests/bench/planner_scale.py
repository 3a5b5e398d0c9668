"""Very many independent jobs planned at once: time, and memory of a whole process.

100,000 jobs with durations, bounds, powers and allowed places of their own, 20 places
with a week of hours, all drawn with a fixed seed. Each row is measured in a process of
its own. Seconds are those of the shortest of three runs; memory is the peak of the
process, the interpreter and the jobs included.

    python -m tests.bench.planner_scale {stretch|pauses}
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from greenops.planner.many.plan import plan_many
from greenops.planner.many.problem import ManyJobs, Rates
from greenops.units import J_PER_KWH, S_PER_HOUR

JOBS, PLACES, HOURS = 100_000, 20, 168
SEED = 4
RUNS = 3
KIB_PER_MIB = 1024
KINDS = {"stretch": False, "pauses": True}


def scale_rows() -> list[dict[str, Any]]:
    """Return a row for jobs without pauses, and one for jobs with."""
    root = Path(__file__).parents[2]
    rows = []
    for kind in KINDS:
        command = [sys.executable, "-m", "tests.bench.planner_scale", kind]
        ran = subprocess.run(
            command, cwd=root, stdout=subprocess.PIPE, text=True, check=True
        )
        rows.append(json.loads(ran.stdout))
    return rows


def instance(
    *, may_pause: bool, jobs: int = JOBS, places: int = PLACES, hours: int = HOURS
) -> tuple[Rates, ManyJobs]:
    """Return places whose intensity has a day and a chance, and jobs of all kinds.

    Durations are log-normal, a minute to 100 h, the median an hour. Two jobs in three
    may run within a week at most, the others within a day or two of their own.
    """
    rng = np.random.default_rng(SEED)
    hour = np.arange(hours)
    level = rng.uniform(30, 700, (places, 1))
    day = 1 + 0.3 * np.sin(2 * np.pi * (hour / 24 + rng.random((places, 1))))
    chance = np.exp(0.1 * rng.standard_normal((places, hours)).cumsum(axis=1) / 3)
    rates = Rates(slot_s=S_PER_HOUR, rate_g_per_j=level * day * chance / J_PER_KWH)
    earliest_s = rng.uniform(0, hours / 3, jobs) * S_PER_HOUR
    duration_s = np.exp(rng.normal(np.log(3600), 1.5, jobs)).clip(60, 360_000)
    slack_s = rng.choice([24.0, 48.0, hours], jobs) * S_PER_HOUR
    deadline_s = np.minimum(earliest_s + duration_s + slack_s, rates.horizon_s)
    return rates, ManyJobs(
        duration_s=np.minimum(duration_s, deadline_s - earliest_s),
        power_w=rng.uniform(50, 5000, jobs),
        earliest_s=earliest_s,
        deadline_s=deadline_s,
        may_pause=np.full(jobs, may_pause),
        allowed=rng.random((jobs, places)) < 0.8,
    )


def measured(*, may_pause: bool) -> dict[str, Any]:
    """Return the row of one kind, measured in this process."""
    rates, jobs = instance(may_pause=may_pause)
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        plan = plan_many(rates, jobs)
        took.append(time.perf_counter() - began)
    late = plan.stop_s > jobs.deadline_s + 1e-6
    return {
        "bench": "scale",
        "region": f"{rates.places} drawn places",
        "jobs": len(jobs),
        "places": rates.places,
        "hours": rates.slots,
        "interruptible": may_pause,
        "deadline_misses": int(
            (late | (plan.place < 0) & jobs.allowed.any(axis=1)).sum()
        ),
        "seconds": min(took),
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    """Return the peak resident memory of this process, in MiB.

    Not by `getrusage`: its peak outlives exec, so that it is that of a larger parent.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / KIB_PER_MIB
    raise SystemExit("this kernel does not state VmHWM")


def main() -> None:
    """Print the row of one kind as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=list(KINDS))
    print(json.dumps(measured(may_pause=KINDS[parser.parse_args().kind])))


if __name__ == "__main__":
    main()
