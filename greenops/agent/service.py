"""The daemon's heart: looks at what is, and does what is owed; again and again.

Nothing that it remembers is needed: a service that is killed at any line is followed by
another one over the same store, which finds every job as its last event left it, and
asks the executors how its attempt stands. Called from one thread at a time.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from greenops.agent.acts import ActKind
from greenops.agent.agenda import Agenda
from greenops.agent.book import Book
from greenops.agent.engines import Engines, FolderOf
from greenops.agent.estimates import Estimate, estimated, left_of
from greenops.agent.intent import Intent
from greenops.agent.kinds import of_one_kind
from greenops.agent.lifecycle import Due, confirmed, refused, step
from greenops.agent.planning import AHEAD, Candidate, Held, Site, candidate, place_now
from greenops.agent.replan import Situation, replan
from greenops.agent.rooms import Rooms
from greenops.agent.standing import Job
from greenops.errors import ExecutorRefusedError, JobChangedError
from greenops.model import (
    Answer,
    AttemptState,
    AttemptStatus,
    Forecast,
    JobSpec,
    JobState,
    Past,
    Place,
)
from greenops.planner.carried import carried_on
from greenops.ports import Executor, JobStore

log = logging.getLogger(__name__)

MOST_STEPS = 20
"""Steps of one job in one look; each is an event, and no life has so many at once."""
MANY = 100
REST = timedelta(seconds=10)
"""Between two plannings of more jobs than `MANY`: they take a second or two."""
WAITING = (JobState.WAITING, JobState.PAUSED)
GIVEN_UP_AFTER = 2
"""Failures in a row of a place to take a job, before it is tried elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a service works with.

    Attributes:
        store: Jobs, events, decisions, requests.
        executors: By name.
        sites: The places, in the order of preference among equals.
        outlook: The latest forecast of a zone that there is; answers at once.
        past: What jobs and runs of a name took.
        folder_of: The folder of a job by its id.
        version: Of greenops.
    """

    store: JobStore
    executors: Mapping[str, Executor]
    sites: tuple[Site, ...]
    outlook: Callable[[str], Forecast | None]
    past: Callable[[str], Past | None]
    folder_of: FolderOf
    version: str


class AgentService:
    """Holds, starts, pauses and resumes submitted jobs.

    Args:
        parts: What it works with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._book = Book(parts.store)
        self._engines = Engines(parts.executors, parts.sites, parts.folder_of)
        self._rooms = Rooms()
        self._statuses: dict[str, AttemptStatus] = {}
        self._released: set[str] = set()
        self._intents: dict[str, Intent] = {}
        self._agenda = Agenda()
        self._issued: dict[str, datetime | None] = {}
        self._causes: dict[str, None] = {"start": None}
        self._planned_at: datetime | None = None
        self._tried: tuple[object, ...] = ()

    @property
    def open_jobs(self) -> int:
        """How many jobs are not final, as it last saw."""
        return len(self._book.jobs)

    def reload(self, sites: tuple[Site, ...]) -> None:
        """Take another list of places; what runs elsewhere is followed to its end."""
        self._engines.take(sites)
        self._causes["places configured anew"] = None

    def tick(self, now: datetime) -> None:
        """Do all that is owed at a moment.

        Args:
            now: Aware. One that lies before the last is no harm.

        Raises:
            LedgerError: the store fails; nothing is lost, call again.
        """
        try:
            self._tick(now)
        except JobChangedError as e:
            log.debug("somebody else wrote first, so it is looked at again: %s", e)
            self._book.doubt()
        except BaseException:
            self._book.doubt()
            raise

    def _tick(self, now: datetime) -> None:
        if self._book.refresh():
            self._note_submissions()
        followed_jobs = [j for j in self._book.attempted if self._is_followed(j)]
        self._statuses = self._engines.statuses(followed_jobs, now)
        for job in followed_jobs:
            self._attend(job, now)
        for job in self._book.asked_about():
            self._attend(job, now)
        self._look_at_places(now)
        self._note_forecasts(now)
        if self._is_planning_due(now):
            self._plan(now)
        self._start_what_is_due(now)
        self._stop_what_is_due(now)

    def _is_followed(self, job: Job) -> bool:
        attempt_id = job.last.attempt_id
        return attempt_id is not None and (
            job.standing.live or attempt_id not in self._released
        )

    def _attend(self, job: Job, now: datetime, due: Due | None = None) -> Job:
        """Write down what comes next of a job until something is to be done; do it."""
        for _ in range(MOST_STEPS):
            status = self._statuses.get(job.last.attempt_id or "")
            request = self._book.request_of(job.job_id)
            found = step(job, now=now, status=status, request=request, due=due)
            if found.event is None and found.answer is None:
                return self._act(job, now, status)
            answer = None
            if request is not None and found.answer is not None:
                number = request.request_id
                answer = Answer(request_id=number, at=now, answer=found.answer)
                self._causes["request"] = None
            before = job
            job = self._book.write(job, found.event, request, answer)
            self._note(before, job)
        raise AssertionError(f"job {job.job_id} goes round in circles: {job.last}")

    def _act(self, job: Job, now: datetime, status: AttemptStatus | None) -> Job:
        act = step(job, now=now, status=status).act
        if act.kind is ActKind.NONE:
            self._release(job, status)
            return job
        try:
            done = self._engines.do(job, act, now)
        except ExecutorRefusedError as e:
            after = self._book.write(job, refused(job, str(e), now))
            self._note(job, after)
            return after
        if done and act.kind is ActKind.FORGET:
            self._released.add(act.attempt_id)
        if act.kind is ActKind.SUBMIT and not done:
            self._rooms.doubt(act.place)
        if done and (event := confirmed(job, act, now)) is not None:
            return self._book.write(job, event)
        return job

    def _release(self, job: Job, status: AttemptStatus | None) -> None:
        """Stop asking after an attempt that is over and forgotten."""
        gone = status is not None and status.state in {
            AttemptState.UNKNOWN,
            AttemptState.VOID,
        }
        if not job.standing.live and gone and job.last.attempt_id is not None:
            self._released.add(job.last.attempt_id)

    def _note(self, before: Job, after: Job) -> None:
        """Note what a step means to the plan."""
        if after.state == before.state:
            return
        if before.standing.live and not after.standing.live:
            self._causes["completion"] = None
            self._rooms.doubt(after.last.place)
            if not after.state.final:
                self._intents.pop(after.job_id, None)
        if after.state is JobState.RUNNING and after.spec.interruptible:
            self._causes["beginning"] = None

    def _note_submissions(self) -> None:
        known = self._agenda.candidates
        if any(
            j.state in WAITING and j.job_id not in known
            for j in self._book.jobs.values()
        ):
            self._causes["submission"] = None

    def _note_forecasts(self, now: datetime) -> None:
        zones = {s.place.zone for s in self._engines.sites}
        issued = {
            z: None if f is None else f.issued_at
            for z, f in ((z, self._parts.outlook(z)) for z in zones)
        }
        if issued != self._issued:
            self._issued = issued
            self._causes["forecast"] = None
        if self._planned_at is not None and _hour(self._planned_at) != _hour(now):
            self._causes["hour"] = None

    def _look_at_places(self, now: datetime) -> None:
        for site in self._engines.sites:
            name = site.place.name
            unusable_now = self._rooms.usable(name) and not self._engines.usable(
                name, now
            )
            if not (self._rooms.due(name, now) or unusable_now):
                continue
            if self._rooms.saw(name, self._engines.health(site, now)):
                self._causes["capacity"] = None

    def _is_planning_due(self, now: datetime) -> bool:
        if not self._causes:
            return False
        if self._planned_at is None or len(self._book.jobs) <= MANY:
            return True
        return not timedelta(0) <= now - self._planned_at < REST

    def _plan(self, now: datetime) -> None:
        """Plan all jobs anew, and write down what is news."""
        causes = ", ".join(self._causes)
        found = [c for j in self._book.jobs.values() if (c := self._candidate(j, now))]
        places = self._places(found, now)
        situation = Situation(
            now=now,
            cause=causes,
            places=places,
            standing=self._intents,
            version=self._parts.version,
        )
        planned = replan(found, situation)
        if planned.decisions:
            self._book.decide(planned.decisions)
        names = {c.job.job_id for c in found}
        kept = {n: i for n, i in self._intents.items() if n in names}
        self._intents = kept | dict(planned.intents)
        self._agenda = Agenda.of(found, self._intents, places, now)
        self._planned_at = now
        self._causes.clear()
        log.debug("planned %d jobs: %s", len(found), causes)

    def _candidate(self, job: Job, now: datetime) -> Candidate | None:
        """Return a job as it can be planned; None: it cannot, as it stands."""
        runs = job.state is JobState.RUNNING and job.spec.interruptible
        if not (runs or job.state in WAITING) or (runs and job.standing.run_now):
            return None
        home = job.last.place if job.standing.resume or runs else None
        return candidate(
            job,
            self._estimate(job.spec),
            submitted_at=self._book.submitted_at(job),
            home=home or self._home(job),
            now=now,
            running_s=self._ran_s(job, now) if runs else None,
        )

    def _estimate(self, spec: JobSpec) -> Estimate:
        stated = spec.duration_s is not None and spec.power_w is not None
        return estimated(spec, None if stated else self._parts.past(spec.name))

    def _home(self, job: Job) -> str:
        """Return where a job would run at once: the first place it may go to."""
        names = [s.place.name for s in self._engines.sites]
        allowed = [n for n in names if not job.spec.places or n in job.spec.places]
        usable = [n for n in allowed if self._rooms.usable(n)]
        return next(iter(usable or allowed or names), "")

    def _ran_s(self, job: Job, now: datetime) -> float:
        status = self._statuses.get(job.last.attempt_id or "")
        since = (status.started_at if status else None) or job.last.at
        return max(0.0, (now - since).total_seconds())

    def _places(self, found: list[Candidate], now: datetime) -> tuple[Place, ...]:
        """Return the usable places, with what is free for the jobs to be planned."""
        replanned = [c for c in found if c.running]
        planned_ids = {c.job.job_id for c in replanned}
        held = [
            self._held(j, now)
            for j in self._book.attempted
            if j.standing.live and j.job_id not in planned_ids
        ]
        places = []
        for site in self._engines.sites:
            name = site.place.name
            health = self._rooms.found.get(name)
            if health is None or not health.usable:
                continue
            if health.free_gpus is not None:  # theirs are free to those who hold them
                own = sum(c.planned.gpus for c in replanned if c.paused_at == name)
                health = replace(health, free_gpus=max(0, health.free_gpus + own))
            outlook = self._parts.outlook(site.place.zone)
            there = replace(site.place, forecast=outlook)
            forecast = carried_on(there, now, now + AHEAD)
            places.append(place_now(site, health, forecast, held, now))
        return of_one_kind(places)

    def _held(self, job: Job, now: datetime) -> Held:
        estimate = self._estimate(job.spec)
        ran_s = job.standing.ran_s * job.standing.resume + self._ran_s(job, now)
        left_s = left_of(estimate.duration_s, ran_s).high
        until = now + timedelta(seconds=left_s)
        return Held(place=job.last.place or "", gpus=job.spec.gpus, until=until)

    def _start_what_is_due(self, now: datetime) -> None:
        tried = (self._planned_at, self._agenda.counts(now), self._rooms.changes)
        if tried == self._tried:
            return  # what found no room then finds none now
        full: set[tuple[object, ...]] = set()
        for who in self._agenda.due(now):
            job = self._book.jobs.get(who.job.job_id)
            if job is None or job.state not in WAITING:
                continue
            alike = _alike(who, self._intents.get(job.job_id))
            if alike in full:
                continue
            due = self._agenda.place_for(who, now, partial(self._fits, now))
            if due is None or due.place is None:
                full.add(alike)
                continue
            after = self._attend(job, now, due)
            if after.state is JobState.STARTING:
                self._rooms.take(due.place, job.spec)
        self._tried = tried

    def _fits(self, now: datetime, place: str, who: Candidate) -> bool:
        if who.job.standing.frozen and who.job.last.place == place:
            return True  # it holds what it needs there
        usable = self._engines.usable(place, now)
        return usable and self._rooms.fits(place, who.job.spec)

    def _stop_what_is_due(self, now: datetime) -> None:
        for job in self._book.attempted:
            if job.state is JobState.RUNNING and job.spec.interruptible:
                due = self._agenda.for_running(job.job_id, now)
                if due is not None:
                    self._attend(job, now, due)
            elif job.state is JobState.STARTING:
                times, why = self._engines.trouble(job.last.place or "")
                if times >= GIVEN_UP_AFTER:
                    told = f"{job.last.place} does not take it: {why}"
                    self._attend(job, now, Due(place=None, why=told))


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // 3600)


def _alike(who: Candidate, intent: Intent | None) -> tuple[object, ...]:
    """Return what decides whether there is room: one that finds none speaks for all."""
    job = who.planned
    return (
        *(job.gpus, job.cpus, job.memory_gib, job.places, job.needs_tags),
        *(job.shuns_tags, job.private, job.workload, who.paused_at),
        None if intent is None else intent.place,
    )
