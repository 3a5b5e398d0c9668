"""Starts and stops jobs when they are due."""

from datetime import datetime
from functools import partial

from greenops.agent.attendant import Attendant
from greenops.agent.intent import Intent
from greenops.agent.lifecycle import Due
from greenops.agent.planning import Candidate
from greenops.agent.present import WAITING, Present
from greenops.model import JobState

GIVEN_UP_AFTER = 2
"""Failures in a row of a place to take a job, before it is tried elsewhere."""


class Dispatch:
    """Does what the agenda says.

    Args:
        present: What is known and meant.
        attendant: Takes jobs on.
    """

    def __init__(self, present: Present, attendant: Attendant) -> None:
        self._present = present
        self._attendant = attendant
        self._tried: tuple[object, ...] = ()

    def start_what_is_due(self, now: datetime) -> None:
        """Start the jobs whose time has come, as far as there is room."""
        present = self._present
        counts = present.agenda.counts(now)
        tried = (present.planned_at, counts, present.rooms.changes)
        if tried == self._tried:
            return  # what found no room then finds none now
        full: set[tuple[object, ...]] = set()
        for who in present.agenda.due(now):
            job = present.book.jobs.get(who.job.job_id)
            if job is None or job.state not in WAITING:
                continue
            alike = _alike(who, present.intents.get(job.job_id))
            if alike in full:
                continue
            due = present.agenda.place_for(who, now, partial(self._fits, now))
            if due is None or due.place is None:
                full.add(alike)
                continue
            after = self._attendant.attend(job, now, due)
            if after.state is JobState.STARTING:
                present.rooms.take(due.place, job.spec)
        self._tried = tried

    def stop_what_is_due(self, now: datetime) -> None:
        """Pause or move what is meant to, and take back what a place does not take."""
        for job in self._present.book.attempted:
            if job.state is JobState.RUNNING and job.spec.interruptible:
                due = self._present.agenda.for_running(job.job_id, now)
                if due is not None:
                    self._attendant.attend(job, now, due)
            elif job.state is JobState.STARTING:
                times, why = self._present.engines.trouble(job.last.place or "")
                if times >= GIVEN_UP_AFTER:
                    told = f"{job.last.place} does not take it: {why}"
                    self._attendant.attend(job, now, Due(place=None, why=told))

    def _fits(self, now: datetime, place: str, who: Candidate) -> bool:
        if who.job.standing.frozen and who.job.last.place == place:
            return True  # it holds what it needs there
        usable = self._present.engines.usable(place, now)
        return usable and self._present.rooms.fits(place, who.job.spec)


def _alike(who: Candidate, intent: Intent | None) -> tuple[object, ...]:
    """Return what decides whether there is room: one that finds none speaks for all."""
    job = who.planned
    return (
        *(job.gpus, job.cpus, job.memory_gib, job.places, job.needs_tags),
        *(job.shuns_tags, job.private, job.workload, who.paused_at),
        None if intent is None else intent.place,
    )
