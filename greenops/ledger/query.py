"""Reads a ledger, for the faces: command line, Python, dashboard, reports."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from greenops.ledger import listing
from greenops.ledger.access import LedgerAccess
from greenops.ledger.listing import RunFilter
from greenops.ledger.rows import footprint_rows
from greenops.ledger.version import greenops_version
from greenops.model import (
    Basis,
    Course,
    Device,
    DeviceTotal,
    Footprint,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    JobUse,
    Mark,
    NodeEnergy,
    RunRecord,
    RunRow,
    Sample,
    Training,
    TrainingTick,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Ledger:
    """A ledger to read, to restate and to delete from.

    A local ledger that is not there yet reads as empty. One that turns out damaged is
    moved aside, never deleted, and said so by LedgerDamagedError.

    Args:
        place: The file of a local ledger, or the URL of another, as SQLAlchemy has it.

    Every method raises:
        LedgerUnavailableError: it cannot be opened.
        LedgerDamagedError: it was no sound database, and was moved aside.
        LedgerTooNewError: a newer greenops wrote it.
    """

    def __init__(self, place: Path | str) -> None:
        self._access = LedgerAccess(place)

    def find_runs(
        self,
        *,
        sort: str = "started",
        descending: bool = True,
        limit: int | None = None,
        offset: int = 0,
        **chosen: Unpack[RunFilter],
    ) -> list[RunRow]:
        """Return the runs that match, a line each.

        Args:
            sort: `started`, `duration`, `energy`, `emissions`, `name` or `status`;
                what is not known yet stands last.
            descending: Largest, or newest, first.
            limit: At most so many; None: all.
            offset: Leave out so many at the beginning.
            **chosen: See `listing.RunFilter`.
        """
        with self._access.execute() as execute:
            return listing.list_runs(
                execute,
                chosen,
                sort=sort,
                descending=descending,
                limit=limit,
                offset=offset,
            )

    def count_runs(self, **chosen: Unpack[RunFilter]) -> int:
        """Return how many runs match; the arguments are those of `find_runs`."""
        with self._access.execute() as execute:
            return listing.count(execute, chosen)

    def run_ids(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        zone: str | None = None,
    ) -> list[str]:
        """Return the ids of the runs begun in `[since, until)`, the oldest first.

        Reads nothing else of them: one damaged run hides no other.

        Args:
            since: Aware; None: from the first on.
            until: Aware; None: to the last.
            zone: Only runs whose zone has this canonical code.
        """
        from greenops.ledger import reading

        if self._access.is_missing():
            return []
        with self._access.connection() as connection:
            return reading.ids(connection, since=since, until=until, zone=zone)

    def get(self, name: str) -> RunRecord:
        """Return all about one run except its samples.

        Args:
            name: Its id, the beginning of one, its name (then the newest of that
                name), or `last` for the newest of all.

        Raises:
            RunNotFoundError: there is none, or several; lists near matches.
        """
        from greenops.ledger import reading

        with self._access.connection() as connection:
            return reading.record(connection, self._key(connection, name))

    def samples(self, name: str) -> Iterator[Sample]:
        """Yield the samples of one run in time order, few at a time in memory.

        Args:
            name: As for `get`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import reading

        with self._access.connection() as connection:
            yield from reading.samples(connection, self._key(connection, name))

    def course(
        self, name: str, *, width_s: float, cuts: Sequence[float] = ()
    ) -> Course:
        """Return how one run went, summed up in stretches of `width_s` seconds.

        Args:
            name: As for `get`.
            width_s: See `course.course`, as for `cuts`.
            cuts: Epoch seconds of the run's marks.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import course

        with self._access.connection() as connection:
            key = self._key(connection, name)
            return course.course(connection, key, width_s=width_s, cuts=sorted(cuts))

    def job_use(self, name: str) -> Iterator[JobUse]:
        """Yield what one run's job used, tick by tick.

        Args:
            name: As for `get`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import reading

        with self._access.connection() as connection:
            yield from reading.job_use(connection, self._key(connection, name))

    def devices(self, name: str) -> list[Device]:
        """Return the devices one run was measured by, in the order declared.

        Args:
            name: As for `get`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import reading

        with self._access.connection() as connection:
            key = self._key(connection, name)
            return list(reading.devices(connection, key).values())

    def training(self, name: str) -> Training | None:
        """Return what one run's training counted; None: nothing trained in it.

        Args:
            name: As for `get`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import training_reading

        with self._access.connection() as connection:
            return training_reading.training(connection, self._key(connection, name))

    def training_ticks(self, name: str, *, width_s: float) -> list[TrainingTick]:
        """Return the last counts of each `width_s` seconds of one run, in time order.

        Args:
            name: As for `get`.
            width_s: So that a week has no more of them than a minute.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import training_reading

        with self._access.connection() as connection:
            key = self._key(connection, name)
            return training_reading.ticks(connection, key, width_s)

    def marks(self, name: str) -> list[Mark]:
        """Return the phase marks of one run, in time order.

        Args:
            name: As for `get`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import reading

        with self._access.connection() as connection:
            return reading.marks(connection, self._key(connection, name))

    def totals(self, names: Sequence[str]) -> dict[str, tuple[DeviceTotal, ...]]:
        """Return the totals of several runs, by the name they were asked by.

        Args:
            names: As for `get`.

        Raises:
            RunNotFoundError: one of them is not there.
        """
        from greenops.ledger import reading

        with self._access.connection() as connection:
            return {
                name: reading.totals(connection, self._key(connection, name))
                for name in names
            }

    def add_footprint(
        self,
        name: str,
        footprint: Footprint,
        *,
        why: str | None = None,
        beside: int | None = None,
    ) -> bool:
        """Restate the emissions of one run. The earlier figures stay in the ledger.

        All of it is appended, or nothing.

        Args:
            name: As for `get`.
            footprint: Counts from now on.
            why: What it is restated for.
            beside: How many statements the run had when this one was computed; None:
                any number.

        Returns:
            Whether it was appended: not where somebody else restated it meanwhile.

        Raises:
            RunNotFoundError: there is no such run.
            ValueError: a figure is not finite.
        """
        from greenops.ledger import history

        rows = footprint_rows(
            footprint, computed_epoch_s=time.time(), version=greenops_version(), why=why
        )
        with self._access.writing() as connection:
            key = self._key(connection, name)
            if beside not in (None, history.count_statements(connection, key)):
                return False
            history.add_footprint(connection, key, rows)
            return True

    def hours(self, name: str) -> list[HourEnergy]:
        """Return the energy of one run by clock hour, from its samples if need be.

        Args:
            name: As for `get`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        from greenops.ledger import history, reading

        with self._access.connection() as connection:
            key = self._key(connection, name)
            return history.hours(connection, key) or reading.hours(connection, key)

    def node_energy(
        self, start: datetime, stop: datetime, *, host: str | None = None
    ) -> Iterator[NodeEnergy]:
        """Yield what nodes used by the hour and for whom, in time order.

        Args:
            start: Aware; hours that begin in `[start, stop)` are returned.
            stop: Aware.
            host: One node; None: all.
        """
        from greenops.ledger import reading

        if self._access.is_missing():
            return
        with self._access.connection() as connection:
            yield from reading.node_energy(connection, start, stop, host=host)

    def add_intensities(self, signal: str, points: Iterable[IntensityPoint]) -> int:
        """Append what a signal states, each statement once; return how many were new.

        Args:
            signal: Its name.
            points: What it states.
        """
        from greenops.ledger import history

        with self._access.writing(make=True) as connection:
            return history.add_intensities(connection, signal, points, time.time())

    def intensities(
        self,
        zone: str,
        start: datetime,
        stop: datetime,
        *,
        kind: IntensityKind = IntensityKind.AVERAGE,
        basis: Basis | None = None,
        known_at: datetime | None = None,
    ) -> list[IntensityPoint]:
        """Return what the ledger knows of a zone, in time order, without overlap.

        Args:
            zone: The canonical code.
            start: Aware; points that touch `[start, stop)` are returned.
            stop: Aware.
            kind: Average or marginal; never both.
            basis: Life-cycle or direct; None: whichever the zone has.
            known_at: Only what could be known then: for a replay, or to train a
                forecaster. None: all.

        Raises:
            MixedSignalsError: both bases are known of this zone; name one.
        """
        from greenops.ledger import history

        if self._access.is_missing():
            return []
        with self._access.connection() as connection:
            return history.intensities(
                connection,
                zone,
                (start, stop),
                kind=kind,
                basis=basis,
                known_at=known_at,
            )

    def forecasts(
        self,
        zone: str,
        start: datetime,
        stop: datetime,
        *,
        kind: IntensityKind,
        basis: Basis,
    ) -> list[IntensityPoint]:
        """Return every forecast kept of a zone, whichever issue, oldest issue first.

        Args:
            zone: The canonical code.
            start: Aware; forecasts for hours that touch `[start, stop)` are returned.
            stop: Aware.
            kind: Average or marginal.
            basis: Life-cycle or direct.
        """
        from greenops.ledger import history

        if self._access.is_missing():
            return []
        with self._access.connection() as connection:
            return history.forecasts(
                connection, zone, (start, stop), kind=kind, basis=basis
            )

    def last_issue(
        self, zone: str, *, kind: IntensityKind, basis: Basis
    ) -> datetime | None:
        """Return when the newest forecast kept of a zone was issued; None: none is."""
        from greenops.ledger import history

        if self._access.is_missing():
            return None
        with self._access.connection() as connection:
            return history.last_issue(connection, zone, kind, basis)

    def delete(self, run_ids: Sequence[str]) -> int:
        """Delete runs with all that belongs to them; return how many there were.

        Args:
            run_ids: Whole ids.

        Raises:
            LedgerError: one of them is still running; then none is deleted.
        """
        return self._prune(run_ids, samples_only=False)

    def delete_samples(self, run_ids: Sequence[str]) -> int:
        """Delete what runs are drawn and split by; return how many samples that were.

        Their totals, emissions and marks stay.

        Args:
            run_ids: Whole ids.

        Raises:
            LedgerError: one of them is still running; then nothing is deleted.
        """
        return self._prune(run_ids, samples_only=True)

    def _prune(self, run_ids: Sequence[str], *, samples_only: bool) -> int:
        from greenops.ledger import pruning

        if self._access.is_missing():
            return 0
        with self._access.connection() as connection:
            with connection.begin():
                pruning.refuse_running(connection, run_ids)
            forget = pruning.forget_samples if samples_only else pruning.forget
            count = forget(connection, run_ids)
        if self._access.path is not None:
            pruning.shrink(self._access.path)
        return count

    def close(self) -> None:
        """Release connections. The ledger may be used again."""
        self._access.close()

    def _key(self, connection: "Connection", name: str) -> int:
        from greenops.ledger.naming import find_key

        return find_key(connection, name)
