"""Plans all jobs anew on what is known at this moment: one round of planning."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from greenops.agent.agenda import Agenda
from greenops.agent.estimates import Estimate, estimated, left_of
from greenops.agent.kinds import of_one_kind
from greenops.agent.planning import AHEAD, Candidate, Held, candidate, place_now
from greenops.agent.present import WAITING, Present
from greenops.agent.replan import Situation, replan
from greenops.agent.standing import Job
from greenops.model import Forecast, JobSpec, JobState, Past, Place
from greenops.planner.carried import carried_on

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Plans, again and again.

    Attributes:
        present: What is known; what is meant from then on is kept there.
        outlook: The latest forecast of a zone that there is; answers at once.
        past: What jobs and runs of a name took.
        version: Of greenops.
    """

    present: Present
    outlook: Callable[[str], Forecast | None]
    past: Callable[[str], Past | None]
    version: str

    def plan(self, now: datetime) -> None:
        """Plan all jobs anew, and write down what is news."""
        present = self.present
        causes = ", ".join(present.causes)
        jobs = present.book.jobs.values()
        found = [c for j in jobs if (c := self._candidate(j, now))]
        places = self._places(found, now)
        situation = Situation(
            now=now,
            cause=causes,
            places=places,
            standing=present.intents,
            version=self.version,
        )
        planned = replan(found, situation)
        if planned.decisions:
            present.book.decide(planned.decisions)
        names = {c.job.job_id for c in found}
        kept = {n: i for n, i in present.intents.items() if n in names}
        present.intents = kept | dict(planned.intents)
        present.agenda = Agenda.of(found, present.intents, places, now)
        present.planned_at = now
        present.causes.clear()
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
            submitted_at=self.present.book.submitted_at(job),
            home=home or self._home(job),
            now=now,
            running_s=self.present.ran_s(job, now) if runs else None,
        )

    def _estimate(self, spec: JobSpec) -> Estimate:
        stated = spec.duration_s is not None and spec.power_w is not None
        return estimated(spec, None if stated else self.past(spec.name))

    def _home(self, job: Job) -> str:
        """Return where a job would run at once: the first place it may go to."""
        names = [s.place.name for s in self.present.engines.sites]
        allowed = [n for n in names if not job.spec.places or n in job.spec.places]
        usable = [n for n in allowed if self.present.rooms.usable(n)]
        return next(iter(usable or allowed or names), "")

    def _places(self, found: list[Candidate], now: datetime) -> tuple[Place, ...]:
        """Return the usable places, with what is free for the jobs to be planned."""
        replanned = [c for c in found if c.running]
        planned_ids = {c.job.job_id for c in replanned}
        held = [
            self._held(j, now)
            for j in self.present.book.attempted
            if j.standing.live and j.job_id not in planned_ids
        ]
        places = []
        for site in self.present.engines.sites:
            name = site.place.name
            health = self.present.rooms.found.get(name)
            if health is None or not health.usable:
                continue
            if health.free_gpus is not None:  # theirs are free to those who hold them
                own = sum(c.planned.gpus for c in replanned if c.paused_at == name)
                health = replace(health, free_gpus=max(0, health.free_gpus + own))
            outlook = self.outlook(site.place.zone)
            there = replace(site.place, forecast=outlook)
            forecast = carried_on(there, now, now + AHEAD)
            places.append(place_now(site, health, forecast, held, now))
        return of_one_kind(places)

    def _held(self, job: Job, now: datetime) -> Held:
        estimate = self._estimate(job.spec)
        before_s = job.standing.ran_s * job.standing.resume
        left_s = left_of(
            estimate.duration_s, before_s + self.present.ran_s(job, now)
        ).high
        until = now + timedelta(seconds=left_s)
        return Held(place=job.last.place or "", gpus=job.spec.gpus, until=until)
