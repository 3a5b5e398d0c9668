"""The daemon's heart: looks at what is, and does what is owed; again and again.

Nothing that it remembers is needed: a service that is killed at any line is followed by
another one over the same store, which finds every job as its last event left it, and
asks the executors how its attempt stands. Called from one thread at a time.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from greenops.agent.attendant import Attendant
from greenops.agent.book import Book
from greenops.agent.dispatch import Dispatch
from greenops.agent.engines import Engines, FolderOf
from greenops.agent.planning import Site
from greenops.agent.present import WAITING, Present
from greenops.agent.recall import Recall
from greenops.agent.rounds import Rounds
from greenops.errors import JobChangedError
from greenops.model import Forecast, Past
from greenops.ports import Executor, JobStore

log = logging.getLogger(__name__)


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
        not_ours: Why a user's jobs may not be run here; empty: they may. Asked before
            any executor is handed an attempt, beside what those check themselves.
        version: Of greenops.
    """

    store: JobStore
    executors: Mapping[str, Executor]
    sites: tuple[Site, ...]
    outlook: Callable[[str], Forecast | None]
    past: Callable[[str], Past | None]
    folder_of: FolderOf
    version: str
    not_ours: Callable[[str], str] = lambda _user: ""


class AgentService:
    """Holds, starts, pauses and resumes submitted jobs.

    Args:
        parts: What it works with.
    """

    def __init__(self, parts: Parts) -> None:
        engines = Engines(
            parts.executors, parts.sites, parts.folder_of, not_ours=parts.not_ours
        )
        self._present = Present(book=Book(parts.store), engines=engines)
        self._recall = Recall(self._present, parts.store)
        self._attendant = Attendant(self._present)
        self._rounds = Rounds(
            present=self._present,
            outlook=parts.outlook,
            past=parts.past,
            version=parts.version,
        )
        self._dispatch = Dispatch(self._present, self._attendant)
        self._outlook = parts.outlook
        self._issued: dict[str, datetime | None] = {}

    @property
    def open_jobs(self) -> int:
        """How many jobs are not final, as it last saw."""
        return len(self._present.book.jobs)

    def reload(self, sites: tuple[Site, ...]) -> None:
        """Take another list of places; what runs elsewhere is followed to its end."""
        self._present.engines.take(sites)
        self._present.note("places configured anew")

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
            self._present.book.doubt()
        except BaseException:
            self._present.book.doubt()
            raise

    def _tick(self, now: datetime) -> None:
        present = self._present
        if present.book.refresh():
            self._recall.look()
            self._note_submissions()
        followed = self._attendant.followed()
        present.statuses = present.engines.statuses(followed, now)
        for job in followed:
            self._attendant.attend(job, now)
        for job in present.book.asked_about():
            self._attendant.attend(job, now)
        self._look_at_places(now)
        self._note_forecasts(now)
        if present.is_planning_due(now):
            self._rounds.plan(now)
        self._dispatch.start_what_is_due(now)
        self._dispatch.stop_what_is_due(now)

    def _note_submissions(self) -> None:
        known = self._present.agenda.candidates
        if any(
            j.state in WAITING and j.job_id not in known
            for j in self._present.book.jobs.values()
        ):
            self._present.note("submission")

    def _note_forecasts(self, now: datetime) -> None:
        zones = {s.place.zone for s in self._present.engines.sites}
        issued = {
            z: None if f is None else f.issued_at
            for z, f in ((z, self._outlook(z)) for z in zones)
        }
        if issued != self._issued:
            self._issued = issued
            self._present.note("forecast")
        planned_at = self._present.planned_at
        if planned_at is not None and _hour(planned_at) != _hour(now):
            self._present.note("hour")

    def _look_at_places(self, now: datetime) -> None:
        rooms, engines = self._present.rooms, self._present.engines
        for site in engines.sites:
            name = site.place.name
            unusable_now = rooms.usable(name) and not engines.usable(name, now)
            if not (rooms.due(name, now) or unusable_now):
                continue
            if rooms.saw(name, engines.health(site, now)):
                self._present.note("capacity")


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // 3600)
