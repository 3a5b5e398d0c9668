"""When something that waits in the foreground should start, looked at again and again.

Planned with the daemon's own code, for one job at one place: this one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from greenops.agent.estimates import Estimate
from greenops.agent.intent import Intent
from greenops.agent.lifecycle import submitted
from greenops.agent.planning import AHEAD, Candidate, candidate
from greenops.agent.replan import Situation, replan
from greenops.agent.standing import Job
from greenops.agent.submission import check_deadline
from greenops.agent.words import BLIND
from greenops.model import Forecast, JobSpec, Place
from greenops.planner.carried import carried_on

JOB_ID = "foreground"
LOOK_S = 5.0
"""The longest sleep between two looks at the clock, which may have been set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is meant at one moment.

    Attributes:
        start: When it is to start, at the latest its latest start.
        why: In one sentence.
        saved_g: Expected below starting at once, in g; None: not known.
    """

    start: datetime
    why: str
    saved_g: float | None = None


@dataclass(slots=True)
class Foreground:
    """One command that waits in the foreground for its hour.

    Attributes:
        spec: What waits.
        estimate: What it takes.
        place: Where it runs, without forecast.
        since: When it began to wait; aware.
        version: Of greenops.
    """

    spec: JobSpec
    estimate: Estimate
    place: Place
    since: datetime
    version: str
    _standing: dict[str, Intent] = field(init=False, default_factory=dict)

    def look(self, forecast: Forecast | None, now: datetime) -> Look:
        """Return when it should start by what is known now; that it may change stays.

        Args:
            forecast: The latest; None: there is none.
            now: Aware.

        Raises:
            JobRefusedError: its deadline cannot be met, whenever it starts.
        """
        who = self._candidate(now)
        there = replace(self.place, forecast=forecast)
        place = replace(there, forecast=carried_on(there, now, now + AHEAD))
        if now == self.since:
            check_deadline(self.spec, who, [place])
        if now >= who.latest_start:
            return Look(start=now, why="no time is left to wait")
        situation = Situation(
            now=now,
            cause="foreground",
            places=(place,),
            standing=self._standing,
            version=self.version,
        )
        intent = replan([who], situation).intents.get(JOB_ID)
        if intent is None or intent.start is None:
            return Look(start=now, why=BLIND if intent is None else intent.why)
        self._standing = {JOB_ID: intent}
        start = min(max(intent.start, now), max(who.latest_start, now))
        why = intent.why.replace(JOB_ID, self.spec.name)
        return Look(start=start, why=why, saved_g=intent.saved_g)

    def _candidate(self, now: datetime) -> Candidate:
        first = submitted(JOB_ID, self.since, self.spec.user, held=False)
        job = Job(job_id=JOB_ID, spec=self.spec, last=first)
        return candidate(
            job,
            self.estimate,
            submitted_at=self.since,
            home=self.place.name,
            now=now,
        )


def wait(
    waiting: Foreground,
    forecast: Callable[[], Forecast | None],
    *,
    wall: Callable[[], datetime],
    sleep: Callable[[float], object],
    say: Callable[[Look], object],
) -> Look:
    """Return when it is time to start, with the reason.

    Args:
        waiting: What waits.
        forecast: Returns the latest that there is, at once.
        wall: Returns the time, aware.
        sleep: Sleeps for so many s.
        say: Told every plan that is another one.

    Raises:
        JobRefusedError: its deadline cannot be met.
    """
    known, hour, look = forecast(), _hour(waiting.since), None
    told: datetime | None = None
    now = waiting.since
    while True:
        if look is None or (forecast(), _hour(now)) != (known, hour):
            known, hour = forecast(), _hour(now)
            look = waiting.look(known, now)
            if look.start > now and look.start != told:
                told = look.start
                say(look)
        if look.start <= now:
            return look
        sleep(min(LOOK_S, (look.start - now) / timedelta(seconds=1)))
        now = wall()


def _hour(at: datetime) -> int:
    return int(at.timestamp() // 3600)
