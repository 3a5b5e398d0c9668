"""What a service knows at this moment; all of it can be found again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from greenops.agent.agenda import Agenda
from greenops.agent.book import Book
from greenops.agent.engines import Engines
from greenops.agent.intent import Intent
from greenops.agent.rooms import Rooms
from greenops.agent.standing import Job
from greenops.model import AttemptStatus, JobState

MANY = 100
REST = timedelta(seconds=10)
"""Between two plannings of more jobs than `MANY`: they take a second or two."""
WAITING = (JobState.WAITING, JobState.PAUSED)


@dataclass(slots=True, kw_only=True)
class Present:
    """Jobs, engines and places as they were last seen, and what is meant by it.

    Attributes:
        book: The open jobs.
        engines: The executors of all places.
        rooms: What is free at places.
        statuses: Of the attempts that were asked after in this look, by id.
        intents: What is meant for jobs, by id.
        agenda: When each job is due by that.
        causes: Why it is to be planned anew, in the order they came up; a set.
        planned_at: When it last was; None: not yet.
    """

    book: Book
    engines: Engines
    rooms: Rooms = field(default_factory=Rooms)
    statuses: Mapping[str, AttemptStatus] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    agenda: Agenda = field(default_factory=Agenda)
    causes: dict[str, None] = field(default_factory=lambda: {"start": None})
    planned_at: datetime | None = None

    def note(self, cause: str) -> None:
        """Have it planned anew, and say why."""
        self.causes[cause] = None

    def is_planning_due(self, now: datetime) -> bool:
        """Return whether there is a cause, and enough rest since the last time."""
        if not self.causes:
            return False
        if self.planned_at is None or len(self.book.jobs) <= MANY:
            return True
        return not timedelta(0) <= now - self.planned_at < REST

    def status_of(self, job: Job) -> AttemptStatus | None:
        """Return how the last attempt of a job stands; None: that is not known."""
        return self.statuses.get(job.last.attempt_id or "")

    def ran_s(self, job: Job, now: datetime) -> float:
        """Return for how long the attempt that runs now has run."""
        status = self.status_of(job)
        since = (status.started_at if status else None) or job.last.at
        return max(0.0, (now - since).total_seconds())
