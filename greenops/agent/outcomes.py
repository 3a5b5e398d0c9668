"""States what came of jobs that have ended, and states it anew when more is known."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from greenops.agent.baseline import Course, at_once, promised_g, transfer_g
from greenops.agent.planning import Site
from greenops.errors import (
    GreenopsError,
    LedgerUnavailableError,
    SignalError,
    UnknownZoneError,
)
from greenops.footprint.realised import AtOnce, Measured, realised
from greenops.model import (
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    OutcomeLook,
    Realised,
    RunRecord,
    RunStatus,
)
from greenops.ports import JobHistory, JobStore

log = logging.getLogger(__name__)

MOST = 10
"""Jobs in one round: each may ask several signals about several zones."""
AGAIN_AFTER = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=30),
)
"""After its end a job is looked at again then: operators revise their hours within
hours to days, and hardly after a month."""
UNFINISHED_AGAIN = timedelta(minutes=1)
MOST_DOUBLINGS = 6
"""Of that minute, while a run of a job is not closed yet: up to an hour."""
# What damaged rows of one job may lead to; the others' turn must come.
DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)

Grid = Callable[[str, datetime, datetime], Sequence[IntensityPoint]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What outcomes are made from.

    Attributes:
        jobs: The jobs, and what was decided about them.
        history: Their runs and outcomes; the same store.
        run: Returns a measured run and its energy by clock hour; raises
            RunNotFoundError.
        restate: States the footprints of runs anew by what is known now.
        grids: By kind of intensity, what is known now of a zone over `[start, stop)`;
            raises SignalError, UnknownZoneError.
        sites: The places as configured.
    """

    jobs: JobStore
    history: JobHistory
    run: Callable[[str], tuple[RunRecord, Sequence[HourEnergy]]]
    restate: Callable[[Sequence[str]], object]
    grids: Mapping[IntensityKind, Grid]
    sites: Callable[[], Sequence[Site]]


class Outcomes:
    """Looks at ended jobs when they are due, few at a time.

    Args:
        accounts: What outcomes are made from.
        stopping: Whether it is time to leave off; asked between two jobs.
    """

    def __init__(
        self, accounts: Accounts, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._accounts = accounts
        self._stopping = stopping

    def round(self, now: datetime) -> int:
        """Look at the jobs that are due; return how many there were, `MOST` at most.

        Args:
            now: Aware.

        Raises:
            LedgerUnavailableError: nobody can write now; what was not looked at is due
                still.
        """
        history = self._accounts.history
        due = history.outcomes_due(now, MOST)
        for number, look in enumerate(due):
            if self._stopping():
                return number
            history.looked(look, self._looked_at(look, now))
        return len(due)

    def _looked_at(self, look: OutcomeLook, now: datetime) -> datetime | None:
        """Look at a job; return when to look again."""
        try:
            finished = self._look(look.job_id, now)
        except LedgerUnavailableError:
            raise
        except (GreenopsError, *DAMAGE) as e:
            # Were it raised, this job would keep all others from their turn.
            log.warning("what came of job %s is not stated: %s", look.job_id, e)
            finished = True
        return again_at(look, now, finished=finished)

    def _look(self, job_id: str, now: datetime) -> bool:
        """State what is news of a job; return whether all its runs are closed."""
        run_ids = self._accounts.history.run_ids(job_id)
        if any(_is_open(self._accounts.run(r)[0]) for r in run_ids):
            return False
        self._accounts.restate(run_ids)
        runs = [self._accounts.run(r) for r in run_ids]
        if not runs:
            return True
        _, spec, events = self._accounts.jobs.job(job_id)
        decisions = self._accounts.jobs.decisions(job_id)
        course = Course(spec=spec, events=events, decisions=decisions)
        stated = self._accounts.history.outcomes(job_id)
        for kind in self._accounts.grids:
            outcome = self._outcome(job_id, course, runs, kind, now)
            if outcome is not None and not _same(outcome, stated.get(kind)):
                self._accounts.history.state_outcome(outcome)
        return True

    def _outcome(
        self,
        job_id: str,
        course: Course,
        runs: Sequence[tuple[RunRecord, Sequence[HourEnergy]]],
        kind: IntensityKind,
        now: datetime,
    ) -> Realised | None:
        """Return what came of a job; None: not all its runs have a footprint so."""
        measured = [m for r, hours in runs if (m := Measured.of(r, hours, kind))]
        if len(measured) < len(runs):
            log.info("job %s: not all its runs have %s emissions", job_id, kind)
            return None
        beside = at_once(course, measured, self._accounts.sites())
        if beside is None:
            log.info("job %s: nobody knows where it would have run at once", job_id)
            return None
        points, refused = self._points(kind, beside, measured)
        outcome = realised(
            job_id,
            measured,
            beside,
            points,
            kind=kind,
            stated_at=now,
            transfer_g=transfer_g(course),
        )
        how = f"{outcome.how} ({refused})" if refused else outcome.how
        return replace(outcome, how=how, promised_g=promised_g(course, kind))

    def _points(
        self, kind: IntensityKind, beside: AtOnce, runs: Sequence[Measured]
    ) -> tuple[Sequence[IntensityPoint], str]:
        """Return what is known of the hours of then, and why nothing is, if so."""
        lasted = timedelta(seconds=sum(run.duration_s for run in runs))
        try:
            grid = self._accounts.grids[kind]
            return grid(beside.zone, beside.start, beside.start + lasted), ""
        except (SignalError, UnknownZoneError) as e:
            return (), str(e)


def again_at(look: OutcomeLook, now: datetime, *, finished: bool) -> datetime | None:
    """Return when a job is to be looked at again; None: never.

    Args:
        look: This look.
        now: Aware.
        finished: Whether all its runs were closed.
    """
    if now >= look.ended_at + AGAIN_AFTER[-1]:
        return None
    if not finished:
        return now + UNFINISHED_AGAIN * (1 << min(look.looks, MOST_DOUBLINGS))
    moments = [look.ended_at + after for after in AGAIN_AFTER]
    return min(at for at in moments if at > now)


def _is_open(record: RunRecord) -> bool:
    return record.end is None or record.status is RunStatus.RUNNING


def _same(outcome: Realised, before: Realised | None) -> bool:
    """Return whether an outcome says nothing new."""
    if before is None:
        return False
    version = before.greenops_version
    return before == replace(
        outcome, stated_at=before.stated_at, greenops_version=version
    )
