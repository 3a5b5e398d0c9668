"""Jobs in the local ledger: where those who submit and the daemon meet."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from greenops.errors import LedgerUnavailableError
from greenops.ledger import job_looks, job_reading, job_writing
from greenops.ledger.append import Appender
from greenops.ledger.job_heads import OpenJobs
from greenops.ledger.job_rows import job_row
from greenops.ledger.records import Found
from greenops.ledger.sealed import SealedCommands, checked_id
from greenops.model import (
    JOB_ID_TAG,
    Answer,
    Decision,
    IntensityKind,
    JobEvent,
    JobRequest,
    JobSpec,
    OutcomeLook,
    Past,
    Realised,
    RequestKind,
)

PATIENCE_S = 10.0
T = TypeVar("T")


class LedgerJobs:
    """A `ports.JobStore` and `JobHistory` in the ledger at `path`, made if missing.

    Args:
        path: The file of a local ledger.
        folder: Of the jobs (`<state>/jobs`): commands that hold what looks like a
            secret are kept there, and nowhere else.
        patience_s: How long to wait for another process that holds the ledger.

    Every method raises:
        LedgerUnavailableError: it cannot be opened or written, or is held for longer.
        LedgerDamagedError: it is no sound database.
        LedgerTooNewError: a newer greenops wrote it.
    """

    def __init__(
        self, path: Path, folder: Path, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._path = path
        self._patience_s = patience_s
        self._sealed = SealedCommands(folder)
        self._appender: Appender | None = None
        self._open = OpenJobs(self._sealed)
        self._version: int | None = None

    def add(
        self,
        job_id: str,
        spec: JobSpec,
        first: JobEvent,
        decisions: Sequence[Decision] = (),
    ) -> None:
        """Write down a submission; see `ports.JobStore`."""
        self.add_all([(job_id, spec, first)], decisions)

    def add_all(
        self,
        submissions: Iterable[tuple[str, JobSpec, JobEvent]],
        decisions: Sequence[Decision] = (),
    ) -> None:
        """Write down submissions, all or none; the arguments are those of `add`."""
        rows = []
        for job_id, spec, first in submissions:
            row, sealed = job_row(checked_id(job_id), spec, first.at)
            if sealed:  # first, so that no job in the ledger lacks its command
                self._sealed.keep(job_id, spec.argv)
            rows.append((row, first))

        def work(connection: sqlite3.Connection) -> None:
            job_writing.add(connection, rows)
            job_writing.decide(connection, decisions)

        self._write(work)

    def append(
        self,
        *events: JobEvent,
        decisions: Sequence[Decision] = (),
        answers: Sequence[Answer] = (),
    ) -> None:
        """Write down what happened, in one go; see `ports.JobStore`."""
        if not (events or decisions or answers):
            return

        def work(connection: sqlite3.Connection) -> None:
            job_writing.append(connection, events)
            job_writing.decide(connection, decisions)
            job_writing.answer(connection, answers)

        self._write(work)

    def open_jobs(self) -> Mapping[str, tuple[JobSpec, JobEvent]]:
        """Return jobs that are not final; see `ports.JobStore`.

        A submission is read once and remembered, the last events every time.
        """
        return self._read(self._open.read)

    def unreadable(self) -> Mapping[str, str]:
        """Return what `open_jobs` last left out, and why."""
        return dict(self._open.unreadable)

    def changed(self) -> bool:
        """Return whether another process wrote since this was last asked.

        Source: SQLite, PRAGMA data_version: it changes by what others commit.
        """
        found = self._read(lambda execute: execute("PRAGMA data_version", {}))
        before, self._version = self._version, int(found[0]["data_version"])
        return before != self._version

    def job(self, name_or_id: str) -> tuple[str, JobSpec, Sequence[JobEvent]]:
        """Return a job by its id, the start of it, its name or `last`."""
        return self._read(lambda execute: job_reading.job(execute, name_or_id))

    def decisions(self, job_id: str) -> Sequence[Decision]:
        """Return what was decided for a job, the oldest first."""
        return self._read(lambda execute: job_reading.decisions(execute, job_id))

    def last_decisions(self, job_ids: Sequence[str]) -> Mapping[str, Decision]:
        """Return what was decided last for each of these jobs."""
        return self._read(lambda execute: job_reading.last_decisions(execute, job_ids))

    def ask(self, job_id: str, kind: RequestKind, by_user: str, at: datetime) -> int:
        """Write down what a person asks of a job; return the number of the request."""
        numbers: list[int] = []

        def work(connection: sqlite3.Connection) -> None:
            number = job_writing.ask(connection, job_id, kind, by_user, at)
            numbers.append(number)

        self._write(work)
        return numbers[-1]

    def requests(self) -> Sequence[JobRequest]:
        """Return what was asked and not answered yet, the oldest first."""
        return self._read(job_reading.requests)

    def answer(self, request_id: int) -> Answer | None:
        """Return what came of a request; None: not answered yet."""
        return self._read(lambda execute: job_reading.answer(execute, request_id))

    def past(self, name: str) -> Past | None:
        """Return what done jobs and finished runs of a name took; None: none."""
        from greenops.ledger import job_past  # and with it `statistics`

        return self._read(lambda execute: job_past.past(execute, name))

    def state_outcome(self, outcome: Realised) -> None:
        """Write down what came of a job; a later statement counts.

        Raises:
            JobNotFoundError: there is no such job.
            ValueError: a figure is no number.
        """
        self._write(lambda connection: job_writing.state(connection, outcome))

    def outcomes(self, job_id: str) -> Mapping[IntensityKind, Realised]:
        """Return what came of a job by kind of intensity, as it was stated last."""
        return self._read(lambda execute: job_reading.outcomes(execute, job_id))

    def outcomes_due(self, now: datetime, most: int) -> Sequence[OutcomeLook]:
        """Return the ended jobs to be looked at, the longest due first."""
        return self._read(lambda execute: job_looks.due(execute, now, most))

    def looked(self, look: OutcomeLook, again_at: datetime | None) -> None:
        """Write down that an ended job was looked at, and when to look again."""
        self._write(lambda connection: job_looks.looked(connection, look, again_at))

    def ended(self, job_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return when each of these jobs ended, without those that did not."""
        return self._read(lambda execute: job_looks.ended(execute, job_ids))

    def run_ids(self, job_id: str) -> Sequence[str]:
        """Return the measured runs that were attempts at a job, the oldest first."""
        return self._read(
            lambda execute: job_reading.run_ids(execute, job_id, JOB_ID_TAG)
        )

    def close(self) -> None:
        """Release the ledger. It may be used again."""
        if self._appender is not None:
            self._appender.close()
            self._appender = None
        self._version = None

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        appender = self._opened()
        appender.transact(work, until_s=self._until())
        if not appender.sync():
            raise LedgerUnavailableError(
                f"{self._path}: the disk did not confirm what was written; look again"
            )

    def _read(self, read: Callable[[Callable[..., Sequence[Found]]], T]) -> T:
        appender = self._opened()
        until_s = self._until()
        return read(lambda sql, given: appender.read(sql, given, until_s=until_s))

    def _opened(self) -> Appender:
        if self._appender is not None and not self._appender.is_current():
            self.close()
            self._open = OpenJobs(self._sealed)
        if self._appender is None:
            self._appender = Appender(self._path, until_s=self._until())
        return self._appender

    def _until(self) -> Callable[[], float]:
        until_s = time.monotonic() + self._patience_s
        return lambda: until_s
