"""A daemon over a store in memory and an engine in memory, with hours made up."""

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from greenops.agent.lifecycle import submitted
from greenops.agent.planning import Site
from greenops.agent.service import AgentService, Parts
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
from greenops.testing import FakeExecutor, FixedClock, MemoryJobs

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
DIRTY, CLEAN = 500.0, 50.0


class KilledError(BaseException):
    """The daemon was killed here."""


class Perilous:
    """Anything, whose caller is killed before or after some call of it."""

    def __init__(self, inner, peril):
        self._inner, self._peril = inner, peril

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if not inspect.ismethod(found):
            return found

        def call(*args, **kwargs):
            self._peril()
            outcome = found(*args, **kwargs)
            self._peril()
            return outcome

        return call


def forecast(zone, intensities, *, issued_at=T0):
    hours = tuple(
        ForecastHour(
            start=issued_at.replace(minute=0) + timedelta(hours=i),
            intensity_g_per_kwh=g,
            low80_g_per_kwh=g * 0.95,
            high80_g_per_kwh=g * 1.05,
            low95_g_per_kwh=g * 0.9,
            high95_g_per_kwh=g * 1.1,
        )
        for i, g in enumerate(intensities)
    )
    return Forecast(
        zone=zone,
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        issued_at=issued_at,
        method="made up",
        source="test",
        hours=hours,
    )


def dirty_then_clean(dirty_h=3, hours=168):
    return [DIRTY] * dirty_h + [CLEAN] * 4 + [DIRTY] * (hours - dirty_h - 4)


def a_site(name="here", zone="SE", executor="fake", **place):
    return Site(place=Place(name=name, zone=zone, **place), executor=executor)


def spec(**changed):
    fields: dict[str, Any] = {
        "name": "train",
        "argv": ("python", "train.py"),
        "cwd": "/",
        "user": "ada",
        "duration_s": Bounded(central=1800.0, low=1500.0, high=2400.0),
        "power_w": 300.0,
        "deadline": T0 + timedelta(hours=24),
        "grace_s": 30.0,
    }
    return JobSpec(**fields | changed)


class World:
    """What outlives a daemon, and the daemon of the moment."""

    def __init__(self, *, sites=None, intensities=None, health=None):
        self.clock = FixedClock(T0)
        self.store = MemoryJobs()
        self.engine = FakeExecutor(self.clock)
        self.found = health or PlaceHealth(
            usable=True, at=T0, gpus=8, free_gpus=8, cpus=64.0, free_cpus=64.0
        )
        self.engine.health = lambda *_: replace(self.found, at=self.now)  # type: ignore[method-assign]
        self.sites = sites or (a_site(),)
        self.forecasts = {"SE": forecast("SE", intensities or dirty_then_clean())}
        self.past = {}
        self.lines_left = None
        self.starts = {}
        self.service = self.born()

    def born(self):
        """Start a daemon that knows nothing but what is stored."""
        self.service = AgentService(
            Parts(
                store=Perilous(self.store, self.line),
                executors={"fake": Perilous(self.engine, self.line)},
                sites=self.sites,
                outlook=self.forecasts.get,
                past=self.past.get,
                folder_of=lambda job_id: f"/jobs/{job_id}",
                version="0",
            )
        )
        return self.service

    def line(self):
        """Pass one line at which the daemon may be killed."""
        if self.lines_left is not None:
            if self.lines_left == 0:
                self.lines_left = None
                raise KilledError
            self.lines_left -= 1

    @property
    def now(self):
        return datetime.fromtimestamp(self.clock.time(), UTC)

    def submit(self, job_id, a_spec=None, *, held=False):
        self.store.add(
            job_id, a_spec or spec(), submitted(job_id, self.now, "ada", held=held)
        )

    def tick(self, seconds=0.0, times=1):
        for _ in range(times):
            self.clock.sleep(seconds)
            self.service.tick(self.now)

    def states(self, job_id):
        return [str(e.state) for e in self.store.jobs[job_id].events]

    def state(self, job_id):
        return self.states(job_id)[-1]

    def attempts(self, job_id):
        return [a for a in self.engine.attempts() if a.job_id == job_id]
