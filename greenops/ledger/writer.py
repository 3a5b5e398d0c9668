"""Writes entries to the ledger, or to the spool while that is not possible."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from greenops.errors import LedgerDamagedError, LedgerError
from greenops.ledger.append import Appender
from greenops.ledger.background import Note
from greenops.ledger.damage import move_aside
from greenops.ledger.notes import entry_of
from greenops.ledger.rows import Entry
from greenops.ledger.spool import Spool, spool_files
from greenops.ledger.take_in import take_in_file

RETURN_AFTER_S = 30.0
"""How long a recorder spools before it looks for its ledger again."""
MAX_COMPLAINTS = 20
_BEGINNING = {"runs", "devices"}


class Writer:
    """Takes batches from one thread. Never raises for what the disk does.

    Args:
        path: The ledger.
        spool_dirs: Where to spool, best place first.
        until_s: Returns the monotonic time up to which to try for a locked ledger.
    """

    def __init__(
        self,
        path: Path,
        spool_dirs: Sequence[Path],
        *,
        until_s: Callable[[], float],
    ) -> None:
        self._path = path
        self._spool_dirs = spool_dirs
        self._until_s = until_s
        self._appender: Appender | None = None
        self._spool: Spool | None = None
        self._spooling_since_s = 0.0
        self._begun: dict[str, list[Entry]] = {}
        self._reasons: list[str] = []
        self._looked = False
        self.samples_lost = 0
        self.records_lost = 0

    def write_notes(self, notes: Sequence[Note]) -> None:
        """Append what a recorder was told."""
        entries = []
        for note in notes:
            try:
                entries.append(entry_of(note, self.complain))
            except Exception as e:  # noqa: BLE001 - one bad record costs no other
                self.complain(f"LOST: a record that cannot be kept: {e!r}")
                self.records_lost += 1
        try:
            self.write(entries)
        except Exception as e:  # noqa: BLE001 - a dead thread would lose all that follows
            self.complain(f"the ledger failed: {e!r}")
            self._count_lost(entries)
            self._drop_appender()

    def write(self, entries: Sequence[Entry]) -> None:
        """Append `entries` to the ledger; failing that, to the spool."""
        self._remember(entries)
        try:
            if self._spool is not None:
                self._return_to_ledger()
            if self._spool is None:
                self._to_ledger(entries)
        except LedgerError as e:
            entries = self._start_spooling(e, entries)
        if self._spool is not None:
            self._to_spool(self._spool, entries)
        self._forget(entries)

    def idle(self) -> None:
        """Do what may take its time: reach the disk, take in what others set aside."""
        if self._appender is None:
            return
        self._appender.sync()
        if self._looked:
            return
        self._looked = True
        try:
            for file in (f for d in self._spool_dirs for f in spool_files(d)):
                take_in_file(self._appender, file)
        except LedgerError:
            return  # theirs waits for the next process; our own run goes on

    @property
    def has_lost(self) -> bool:
        """Whether something could be written nowhere."""
        return bool(self.samples_lost or self.records_lost)

    def close(self) -> None:
        """Release the ledger and the spool."""
        if self._appender is not None:
            self._appender.close()
            self._appender = None
        if self._spool is not None:
            self._spool.close()

    def place(self) -> Path:
        """Return the file that is written to."""
        spooled = self._spool.path if self._spool is not None else None
        return spooled or self._path

    def complaints(self) -> list[str]:
        """Return what went wrong, in sentences for the user."""
        said = list(self._reasons)
        if self.has_lost:
            said.append(
                f"LOST: {self.samples_lost} samples and {self.records_lost} other"
                " records of this run could be written nowhere"
            )
        return said

    def complain(self, sentence: str) -> None:
        """Note `sentence` for the user, once."""
        if sentence not in self._reasons and len(self._reasons) < MAX_COMPLAINTS:
            self._reasons.append(sentence)

    def _to_ledger(self, entries: Sequence[Entry]) -> None:
        try:
            self._append(entries)
        except LedgerDamagedError as e:
            aside = move_aside(self._path)
            if aside is not None:
                self.complain(f"{e}; it was moved to {aside}, and a new one begun")
            self._drop_appender()
            self._append(entries)

    def _append(self, entries: Sequence[Entry]) -> None:
        if self._appender is not None and not self._appender.is_current():
            self.complain(f"{self._path} was moved or removed meanwhile; begun anew")
            self._drop_appender()
        if self._appender is None:
            self._appender = Appender(self._path, until_s=self._until_s)
            entries = self._with_begun(entries)
        try:
            self._appender.write(entries, until_s=self._until_s)
        except ValueError:
            self._append_one_by_one(entries)

    def _append_one_by_one(self, entries: Sequence[Entry]) -> None:
        """Append what fits; one record that does not must not cost the others."""
        for entry in entries:
            try:
                if self._appender is not None:
                    self._appender.write([entry], until_s=self._until_s)
            except ValueError as e:
                self.complain(f"a record could not be kept: {e}")
                self._count_lost([entry])

    def _start_spooling(
        self, reason: LedgerError, entries: Sequence[Entry]
    ) -> Sequence[Entry]:
        self._drop_appender()
        self._spooling_since_s = time.monotonic()
        if self._spool is not None:
            return entries  # it was tried again in vain
        self._spool = Spool(self._spool_dirs)
        self.complain(str(reason))
        return self._with_begun(entries)

    def _to_spool(self, spool: Spool, entries: Sequence[Entry]) -> None:
        try:
            left_out = spool.write(entries)
        except (OSError, ValueError) as e:
            self.complain(f"nor can the run be set aside: {e}")
            self._count_lost(entries)
            return
        self.complain(
            f"the run was set aside in {spool.path}; the next greenops that can write"
            " the ledger takes it in"
        )
        if left_out:
            self.complain(f"{spool.path} is full; its samples end early")
        self.samples_lost += left_out

    def _return_to_ledger(self) -> None:
        """Go back to the ledger if it can be written again, with what was spooled."""
        if time.monotonic() - self._spooling_since_s < RETURN_AFTER_S:
            return
        appender = Appender(self._path, until_s=self._until_s)
        spool, self._spool, self._appender = self._spool, None, appender
        if spool is None or spool.path is None:
            return
        spool.close()
        take_in_file(appender, spool.path)

    def _drop_appender(self) -> None:
        if self._appender is not None:
            self._appender.close()
            self._appender = None

    def _remember(self, entries: Sequence[Entry]) -> None:
        """Keep how each run began, for a ledger or a spool that does not know it."""
        for entry in entries:
            if entry.rows.keys() & _BEGINNING and "run_ends" not in entry.rows:
                known = self._begun.setdefault(entry.run_id, [])
                if entry not in known:
                    known.append(entry)

    def _with_begun(self, entries: Sequence[Entry]) -> list[Entry]:
        begun = [entry for known in self._begun.values() for entry in known]
        return [*begun, *(e for e in entries if e not in begun)]

    def _forget(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if "run_ends" in entry.rows:
                self._begun.pop(entry.run_id, None)

    def _count_lost(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            samples = len(entry.rows.get("samples", ()))
            self.samples_lost += samples
            self.records_lost += sum(map(len, entry.rows.values())) - samples
