"""Appends rows to an open ledger, in short transactions of their own."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from greenops.errors import LedgerError, LedgerUnavailableError
from greenops.ledger.damage import beside
from greenops.ledger.rows import Entry, Row, Value
from greenops.ledger.statements import (
    CLOSE_RUN,
    COLUMNS,
    FIND_DEVICES,
    FIND_RUN,
    FORGET_TOTALS,
    NEWEST_FOOTPRINT,
    OPEN_RUN,
    POINT_IDENTITY,
    find_point,
    insert,
)
from greenops.ledger.store import is_busy, ledger_error, open_ledger

RETRY_S = (0.002, 0.04)
"""Between two tries for the lock: random, so that rivals do not stay in step."""

RUNLESS = frozenset({"node_energy"})
"""Tables whose rows belong to no run."""

Work = Callable[[sqlite3.Connection], None]
T = TypeVar("T")
_UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    OverflowError,
)


class Appender:
    """One connection to the ledger, for one thread.

    Raises:
        LedgerError: the ledger cannot be opened (see `store.open_ledger`).
    """

    def __init__(
        self, path: Path, *, until_s: Callable[[], float] | None = None
    ) -> None:
        self._path = path
        self._connection = _patiently(
            lambda: open_ledger(path), until_s or _no_longer, path
        )
        self._identity = _identity(path)
        self._run_keys: dict[str, int] = {}
        self._device_numbers: dict[int, dict[Value, int]] = {}
        self._wal_fd: int | None = None

    def is_current(self) -> bool:
        """Return whether the ledger at the path is still the file that is open."""
        return _identity(self._path) == self._identity

    def write(self, entries: Sequence[Entry], *, until_s: Callable[[], float]) -> None:
        """Append `entries`, all or none.

        Args:
            entries: What to append.
            until_s: Returns the monotonic time up to which to try for the lock.

        Raises:
            LedgerError: nothing was appended.
            ValueError: an entry does not fit; nothing was appended.
        """
        self.transact(lambda _: self.apply(entries), until_s=until_s)

    def transact(self, work: Work, *, until_s: Callable[[], float]) -> None:
        """Do `work` in one transaction, as soon as the lock is to be had.

        Raises:
            LedgerError: it was not to be had, or the ledger failed; nothing is done.
            ValueError: a row does not fit; nothing is done.
        """
        try:
            _patiently(lambda: self._try(work), until_s, self._path)
        except _UNFIT as e:
            raise ValueError(f"a row does not fit: {e}") from e

    def apply(self, entries: Iterable[Entry]) -> None:
        """Append `entries` within the transaction that `transact` has begun."""
        for entry in entries:
            if not entry.run_id:
                self._insert_runless(entry)
                continue
            run_key = self._run_key(entry)
            for table, rows in entry.rows.items():
                self._insert(table, run_key, rows)
            if "run_ends" in entry.rows:  # a process may record very many runs
                self._run_keys.pop(entry.run_id, None)
                self._device_numbers.pop(run_key, None)

    def read(
        self, sql: str, given: Mapping[str, Value], *, until_s: Callable[[], float]
    ) -> list[sqlite3.Row]:
        """Return what a query finds, by the names of its columns.

        Raises:
            LedgerError: the ledger failed.
        """

        def work() -> list[sqlite3.Row]:
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(sql, given).fetchall()

        return _patiently(work, until_s, self._path)

    def sync(self) -> bool:
        """Bring what was committed to the disk itself, without holding any lock.

        In WAL mode SQLite leaves this to the kernel, which may take half a minute.
        Returns False where the disk refused.
        """
        try:
            if self._wal_fd is None:
                wal = beside(self._path, "-wal")
                self._wal_fd = os.open(wal, os.O_RDONLY)
            _to_disk(self._wal_fd)
        except FileNotFoundError:
            return True  # no log: in another journal mode a commit waits for the disk
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Release the ledger. May be called twice."""
        if self._wal_fd is not None:
            os.close(self._wal_fd)
            self._wal_fd = None
        self._connection.close()

    def _try(self, work: Work) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            work(connection)
            connection.execute("COMMIT")
        except BaseException:
            self._run_keys.clear()  # keys handed out in a transaction that never was
            self._device_numbers.clear()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _run_key(self, entry: Entry) -> int:
        begins = entry.rows.get("runs")
        known = self._run_keys.get(entry.run_id)
        if known is not None and not begins:
            return known
        if begins:
            self._connection.execute(insert("runs"), begins[0])
        found = self._connection.execute(FIND_RUN, (entry.run_id,)).fetchone()
        if found is None:
            raise ValueError(f"run {entry.run_id!r} was never begun")
        if begins:
            self._connection.execute(OPEN_RUN, found)
        self._run_keys[entry.run_id] = run_key = int(found[0])
        return run_key

    def _insert(self, table: str, run_key: int, rows: Sequence[Row]) -> None:
        if table == "runs":
            return
        if table == "devices":
            self._insert_devices(run_key, rows)
            return
        if table == "intensities":
            newest = self._connection.execute(NEWEST_FOOTPRINT, (run_key,)).fetchone()
            keep_points(self._connection, rows, footprint_key=newest[0])
            return
        if table == "run_ends":
            self._connection.execute(CLOSE_RUN, (run_key,))
            self._connection.execute(FORGET_TOTALS, (run_key,))
        filled: Iterable[Row]
        if table == "samples":
            numbers = self._numbers(run_key, (r[1] for r in rows))
            filled = [(run_key, r[0], numbers[r[1]], *r[2:]) for r in rows]
        elif table == "totals":
            numbers = self._numbers(run_key, (r[0] for r in rows))
            filled = [(run_key, numbers[r[0]], *r[1:]) for r in rows]
        elif (
            table == "footprints"
        ):  # spooled by an older greenops, it has fewer columns
            missing = len(COLUMNS[table]) - 1
            filled = [(run_key, *r, *[None] * (missing - len(r))) for r in rows]
        else:
            filled = [(run_key, *r) for r in rows]
        self._connection.executemany(insert(table), filled)

    def _insert_runless(self, entry: Entry) -> None:
        for table in entry.rows.keys() & RUNLESS:
            self._connection.executemany(insert(table), entry.rows[table])

    def _insert_devices(self, run_key: int, rows: Sequence[Row]) -> None:
        numbers = self._known_numbers(run_key)
        for row in rows:
            number = numbers.setdefault(row[0], len(numbers))
            self._connection.execute(insert("devices"), (run_key, number, *row))

    def _numbers(self, run_key: int, device_ids: Iterable[Value]) -> dict[Value, int]:
        """Return the numbers of devices; one that was not declared is noted as such."""
        numbers = self._known_numbers(run_key)
        missing = {d for d in device_ids if d not in numbers}
        undeclared = [(d, "other", d, "undeclared", 1.0, None, None) for d in missing]
        self._insert_devices(run_key, undeclared)
        return numbers

    def _known_numbers(self, run_key: int) -> dict[Value, int]:
        if run_key not in self._device_numbers:
            found = self._connection.execute(FIND_DEVICES, (run_key,))
            self._device_numbers[run_key] = dict(found.fetchall())
        return self._device_numbers[run_key]


def keep_points(
    connection: sqlite3.Connection, rows: Iterable[Row], *, footprint_key: int
) -> None:
    """Keep stated intensities, each statement once, as what a footprint was made of."""
    for row in rows:
        *identity, issued_epoch_s = row[: len(POINT_IDENTITY)]
        issued = issued_epoch_s is not None
        asked = (*identity, issued_epoch_s) if issued else tuple(identity)
        found = connection.execute(find_point(issued=issued), asked).fetchone()
        key = found[0] if found else None
        if key is None:
            key = connection.execute(insert("intensities"), row).lastrowid
        connection.execute(insert("footprint_points"), (footprint_key, key))


def _to_disk(fd: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:  # a platform without it
        os.fsync(fd)


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    except OSError as e:
        raise LedgerUnavailableError(f"cannot reach the ledger {path}: {e}") from e
    return (found.st_dev, found.st_ino)


def _patiently(work: Callable[[], T], until_s: Callable[[], float], path: Path) -> T:
    """Do `work`, again and again while another process holds the ledger.

    Raises:
        LedgerError: it failed, or was held for too long.
    """
    while True:
        try:
            return work()
        except _UNFIT:
            raise
        except (sqlite3.Error, OSError, LedgerUnavailableError) as e:
            held = is_busy(e) or is_busy(e.__cause__)
            if not held or time.monotonic() >= until_s():
                raise e if isinstance(e, LedgerError) else ledger_error(e, path) from e
            time.sleep(_random_s(*RETRY_S))


def _no_longer() -> float:
    return 0.0


def _random_s(least_s: float, most_s: float) -> float:
    """Return a random time; the module of that name takes 1 ms to import."""
    return least_s + (most_s - least_s) * os.urandom(1)[0] / 255
