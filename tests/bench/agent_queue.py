"""What a long queue costs the daemon: `python -m tests.bench.agent_queue [JOBS]`.

Jobs wait in a real ledger with three places; the daemon's loop, with an engine in
memory, plans them anew for a new forecast and writes down what that changes.
"""

import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.agent.lifecycle import submitted
from greenops.agent.planning import Site
from greenops.agent.service import AgentService, Parts
from greenops.ledger.jobs import LedgerJobs
from greenops.model import (
    Basis,
    Bounded,
    Forecast,
    ForecastHour,
    IntensityKind,
    JobSpec,
    Place,
    PlaceHealth,
)
from greenops.testing import FakeExecutor, FixedClock

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
ZONES = ("SE", "FR", "DE")
GPUS = 200
KIB_PER_MIB = 1024


def forecast(zone: str, seed: int, issued_at: datetime) -> Forecast:
    """Return a week of hours that go up and down."""
    dice = random.Random(f"{zone} {seed}")
    hours = []
    for i in range(168):
        g = 300.0 + 150.0 * (((i + len(zone) * 3) % 24) - 12) / 12 + dice.gauss(0, 20)
        ends = (g * 0.8, g * 0.9, g * 1.1, g * 1.2)
        at = T0 + timedelta(hours=i)
        hours.append(
            ForecastHour(
                start=at,
                intensity_g_per_kwh=g,
                low95_g_per_kwh=ends[0],
                low80_g_per_kwh=ends[1],
                high80_g_per_kwh=ends[2],
                high95_g_per_kwh=ends[3],
            )
        )
    return Forecast(
        zone=zone,
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        issued_at=issued_at,
        method="made up",
        source="bench",
        hours=tuple(hours),
    )


def spec(number: int, dice: random.Random) -> JobSpec:
    """Return one of many different jobs."""
    long_s = dice.uniform(600.0, 20_000.0)
    return JobSpec(
        name=f"train-{number % 50}",
        argv=("python", "train.py", str(number)),
        cwd="/",
        user="ada",
        duration_s=Bounded(central=long_s, low=long_s * 0.8, high=long_s * 1.2),
        power_w=dice.uniform(100.0, 2000.0),
        gpus=dice.randint(1, 3),
        private=True,
        deadline=T0 + timedelta(hours=dice.uniform(48.0, 160.0)),
    )


def main() -> None:
    """Print what planning a queue takes, and what memory."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    dice, clock = random.Random(1), FixedClock(T0)
    with tempfile.TemporaryDirectory() as folder:
        store = LedgerJobs(Path(folder) / "ledger.db", Path(folder) / "jobs")
        store.add_all(
            (f"job-{i}", spec(i, dice), submitted(f"job-{i}", T0, "ada", held=False))
            for i in range(jobs)
        )
        outlook = {z: forecast(z, 0, T0) for z in ZONES}
        # Full for now, so that planning is timed and not the starting of jobs.
        found = PlaceHealth(usable=True, at=T0, gpus=GPUS, free_gpus=0)
        service = AgentService(
            Parts(
                store=store,
                executors={"fake": FakeExecutor(clock, health=found)},
                sites=tuple(
                    Site(place=Place(name=z.lower(), zone=z), executor="fake")
                    for z in ZONES
                ),
                outlook=outlook.get,
                past=lambda _name: None,
                folder_of=lambda job_id: f"/jobs/{job_id}",
                version="bench",
            )
        )
        _timed("first look", service, T0)
        for n in range(1, 4):
            _timed("nothing new", service, T0 + timedelta(seconds=n))
        for n in range(1, 4):
            now = T0 + timedelta(minutes=n)
            outlook |= {z: forecast(z, n, now) for z in ZONES}
            _timed("new forecast", service, now)
        store.close()
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(f"peak memory {mib:.0f} MiB")


def _timed(what: str, service: AgentService, now: datetime) -> None:
    began_s, cpu_s = time.perf_counter(), time.process_time()
    service.tick(now)
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    print(f"{what}: {took_s:.3f} s, of which {cpu_s:.3f} s CPU")


if __name__ == "__main__":
    main()
