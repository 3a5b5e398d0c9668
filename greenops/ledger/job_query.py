"""Reads jobs for the faces, from any ledger, also one that cannot be written."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, Unpack

from greenops.errors import JobNotFoundError, LedgerError
from greenops.ledger import job_listing, job_past, job_reading, job_runs
from greenops.ledger.access import LedgerAccess
from greenops.ledger.job_listing import JobFilter
from greenops.ledger.listing import Execute
from greenops.model import (
    AttemptRun,
    Decision,
    IntensityKind,
    JobEvent,
    JobLine,
    JobSpec,
    JobState,
    Past,
    Realised,
)

T = TypeVar("T")
# What rows that somebody or something has written over may lead to on reading.
_DAMAGE = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)


class JobLedger:
    """The jobs of a ledger, to be read. One that is not there yet holds none.

    Args:
        place: As for `query.Ledger`, whose errors every method raises.
    """

    def __init__(self, place: Path | str) -> None:
        self._access = LedgerAccess(place)

    def find_jobs(
        self, *, limit: int | None = None, **chosen: Unpack[JobFilter]
    ) -> list[JobLine]:
        """Return the jobs that match, a line each, the newest first.

        Raises:
            ValueError: there is no such state.
        """
        if (state := chosen.get("state")) is not None:
            JobState(state)  # beforehand: what is raised below is about the ledger
        return self._ask(lambda x: job_listing.list_jobs(x, chosen, limit=limit))

    def count_jobs(self, **chosen: Unpack[JobFilter]) -> int:
        """Return how many jobs match."""
        return self._ask(lambda execute: job_listing.count_jobs(execute, chosen))

    def count_states(self) -> Mapping[JobState, int]:
        """Return how many jobs stand how."""
        return self._ask(job_listing.count_states)

    def job(self, name_or_id: str) -> tuple[str, JobSpec, Sequence[JobEvent]]:
        """Return a job by its id, the start of it, its name or `last`.

        Raises:
            JobNotFoundError: there is none, or several; carries near matches.
        """
        if self._access.is_missing():
            raise JobNotFoundError(f"no job yet: no ledger at {self._access.path}")
        return self._ask(lambda execute: job_reading.job(execute, name_or_id))

    def decisions(self, job_id: str) -> Sequence[Decision]:
        """Return what was decided for a job, the oldest first."""
        return self._ask(lambda execute: job_reading.decisions(execute, job_id))

    def outcomes(self, job_id: str) -> Mapping[IntensityKind, Realised]:
        """Return what came of a job by kind of intensity, as it was stated last."""
        return self._ask(lambda execute: job_reading.outcomes(execute, job_id))

    def attempt_runs(self, job_id: str) -> Sequence[AttemptRun]:
        """Return the measured runs that were attempts at a job, the oldest first."""
        return self._ask(lambda execute: job_runs.attempt_runs(execute, job_id))

    def past(self, name: str) -> Past | None:
        """Return what past jobs and runs of a name took; None: there were none."""
        return self._ask(lambda execute: job_past.past(execute, name))

    def close(self) -> None:
        """Release connections. The ledger may be used again."""
        self._access.close()

    def _ask(self, read: Callable[[Execute], T]) -> T:
        if self._access.is_missing():
            return read(lambda _sql, _given: [])
        try:
            with self._access.execute() as execute:
                return read(execute)
        except _DAMAGE as e:
            raise LedgerError(
                f"rows of jobs in the ledger {self._access.path or ''} make no sense"
                f" ({e!r:.200}): something else has written to them"
            ) from e
