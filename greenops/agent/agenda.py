"""When each job is due, and where: what a plan means at this very moment."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from greenops.agent.intent import Intent
from greenops.agent.lifecycle import Due
from greenops.agent.planning import Candidate
from greenops.model import Place, Seen
from greenops.planner.route import open_places

Fits = Callable[[str, Candidate], bool]
NEVER_LATER = "it starts now to be done in time, however clean the hours to come are"
AS_ASKED = "it starts now as it was asked to, whatever the hours are like"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What is meant for jobs that can be planned, ordered by when they are due.

    Attributes:
        candidates: By id of the job.
        intents: By id of the job; one without may wait for its latest start.
        places: As they were planned with, in the order of their configuration.
    """

    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    intents: Mapping[str, Intent] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    _due: tuple[tuple[float, str], ...] = ()
    _late_s: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        candidates: Sequence[Candidate],
        intents: Mapping[str, Intent],
        places: tuple[Place, ...],
        now: datetime,
    ) -> "Agenda":
        """Return the agenda of a plan that was made at `now`."""
        by_id = {c.job.job_id: c for c in candidates}
        due = sorted(
            (_due_s(c, intents.get(name), now), name)
            for name, c in by_id.items()
            if not c.running
        )
        late_s = sorted(c.latest_start.timestamp() for c in candidates)
        return cls(
            candidates=by_id,
            intents=intents,
            places=places,
            _due=tuple(due),
            _late_s=tuple(late_s),
        )

    def counts(self, now: datetime) -> tuple[int, int]:
        """Return how many jobs are due, and how many may not wait any longer."""
        now_s = now.timestamp()
        return (
            bisect_right(self._due, (now_s, "\uffff")),
            bisect_right(self._late_s, now_s),
        )

    def due(self, now: datetime) -> list[Candidate]:
        """Return the jobs that wait and are due, the most urgent first."""
        until, _ = self.counts(now)
        found = [self.candidates[name] for _, name in self._due[:until]]
        return sorted(found, key=lambda c: self._urgency(c, now))

    def _urgency(self, who: Candidate, now: datetime) -> tuple[object, ...]:
        intent = self.intents.get(who.job.job_id)
        unplaced = intent is None or not intent.spells
        return (
            not must_start(who, now),
            -who.planned.priority,
            unplaced,
            who.latest_start,
            who.job.job_id,
        )

    def place_for(self, who: Candidate, now: datetime, fits: Fits) -> Due | None:
        """Return where a job that is due starts now; None: there is no room.

        It waits for room at the place it is meant for; if it must start now, any place
        that it may go to will do, the cleanest first.
        """
        intent = self.intents.get(who.job.job_id)
        must = must_start(who, now)
        meant = None if intent is None else intent.place
        why = NEVER_LATER if must or intent is None else intent.why
        if who.job.standing.run_now:
            why = AS_ASKED
        if meant is not None and fits(meant, who):
            return Due(place=meant, why=why)
        if meant is not None and not must:
            return None
        # What fits was just seen to have room: the plan's look at it may be old.
        seen = Seen(free_gpus=who.planned.gpus, at=now)
        roomy = [replace(p, seen=seen) for p in self.places if fits(p.name, who)]
        if not roomy:
            return None
        kept, _ = open_places(who.planned, roomy, now=now)
        by_grid = sorted(kept, key=lambda p: _g_per_kwh(p, now))
        return Due(place=by_grid[0].name, why=why) if by_grid else None

    def for_running(self, job_id: str, now: datetime) -> Due | None:
        """Return what is meant of a job that runs; None: that it runs on."""
        who, intent = self.candidates.get(job_id), self.intents.get(job_id)
        if who is None or intent is None or not who.running:
            return None
        if intent.place is None or must_start(who, now):
            return None
        pausing = who.planned.pausing
        if not intent.runs_on_at(now, pausing.pause_s + pausing.resume_s):
            return Due(place=None, why=f"it pauses: {intent.why}")
        if intent.place == who.job.last.place:
            return None
        return Due(place=intent.place, why=f"it moves: {intent.why}")


def must_start(who: Candidate, now: datetime) -> bool:
    """Return whether a job may not wait any longer, whatever the plan."""
    return who.job.standing.run_now or now >= who.latest_start


def _due_s(who: Candidate, intent: Intent | None, now: datetime) -> float:
    """Return when a job is due, in epoch seconds."""
    earliest_s = who.planned.earliest.timestamp()
    if who.job.standing.run_now:
        return -inf
    latest_s = max(who.latest_start.timestamp(), earliest_s)
    if intent is None:
        return latest_s
    if intent.runs_at(now):
        return earliest_s
    later = [start for start, _ in intent.spells if start > now]
    return min(latest_s, max(earliest_s, min(later).timestamp()))


def _g_per_kwh(place: Place, now: datetime) -> float:
    hours = place.forecast.hours if place.forecast else ()
    for hour in hours:
        if 0.0 <= (now - hour.start).total_seconds() < 3600.0:
            return hour.intensity_g_per_kwh * place.pue.central
    return inf
