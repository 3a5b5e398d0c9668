"""Writes a run to the ledger while it goes on, from a thread of its own."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from greenops.ledger.background import Background, Note
from greenops.ledger.place import default_path, default_spool_dirs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from greenops.ledger.writer import Writer
    from greenops.model import (
        Device,
        DeviceTotal,
        Footprint,
        JobUse,
        Mark,
        NodeEnergy,
        Run,
        RunEnd,
        Sample,
        Training,
    )

COMMIT_EVERY_S = 0.8
"""Rows wait at most this long; the rest of the second promised is for the disk."""
LOCK_PATIENCE_S = 5.0
MAX_QUEUED = 20_000
"""Samples in memory while the disk does not answer: some 5 MB."""
CLOSE_WITHIN_S = 1.0


class LedgerRecorder:
    """A `Recorder`, and a `NodeBook`, that appends to the local ledger.

    Nothing is opened, no thread started and nothing heavy imported before the first
    call. Each call leaves a note and returns; the thread turns notes into rows and
    commits them together. In a process forked from this one every call does nothing:
    the ledger is the parent's.

    Args:
        path: The ledger; its default place if None.
        spool_dir: Where to set records aside while it cannot be written.
        commit_every_s: How long rows may wait for others to share a commit with.
        lock_patience_s: How long to try for a locked ledger before setting aside.
        max_queued: Most samples to hold in memory.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        spool_dir: Path | None = None,
        commit_every_s: float = COMMIT_EVERY_S,
        lock_patience_s: float = LOCK_PATIENCE_S,
        max_queued: int = MAX_QUEUED,
    ) -> None:
        self._path = path or default_path()
        self._spool_dirs = (spool_dir,) if spool_dir else default_spool_dirs()
        self._samples_refused = 0
        self._writer: Writer | None = None
        self._background = Background(
            self._write,
            idle=self._idle,
            release=self._release,
            commit_every_s=commit_every_s,
            patience_s=lock_patience_s,
            max_weight=max_queued,
        )

    def begin(self, run: "Run") -> None:
        """Write down that a run has begun."""
        self._background.note(("begin", run))

    def add_devices(self, run_id: str, devices: "Sequence[Device]") -> None:
        """Write down devices the run is measured by. Repeats are harmless."""
        self._background.note(("add_devices", run_id, tuple(devices)))

    def add(
        self, run_id: str, samples: "Sequence[Sample]", use: "JobUse | None"
    ) -> None:
        """Append one tick. Lies in the ledger within 1 s."""
        note = ("add", run_id, tuple(samples), use)
        if not self._background.note(note, weight=len(samples) + 1):
            self._samples_refused += len(samples)

    def add_training(self, run_id: str, training: "Training") -> None:
        """Append what the job's training had counted by now."""
        # Lost under pressure, it is made good by the next: the counts are sums.
        self._background.note(("add_training", run_id, training), weight=1)

    def keep(self, energies: "Sequence[NodeEnergy]") -> None:
        """Write down what a node used; what is kept by its name is replaced."""
        self._background.note(("keep", tuple(energies)))

    def mark(self, run_id: str, mark: "Mark") -> None:
        """Append a phase mark."""
        self._background.note(("mark", run_id, mark))

    def finish(
        self,
        end: "RunEnd",
        totals: "Sequence[DeviceTotal]",
        footprint: "Footprint | None",
    ) -> None:
        """Close the run with its totals and its footprint."""
        note = ("finish", end, tuple(totals), footprint, time.time())
        self._background.note(note, urgent=True)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is written, at most `timeout_s`. Return whether it is."""
        if not self._background.flush(timeout_s) or self._samples_refused:
            return False
        return self._writer is None or not self._writer.has_lost

    def complaints(self) -> "Sequence[str]":
        """Return what went wrong, in sentences for the user; empty when all is well."""
        said = self._writer.complaints() if self._writer is not None else []
        if self._samples_refused:
            said.append(
                f"LOST: {self._samples_refused} samples; the disk of {self._path} did"
                " not answer for too long"
            )
        return said

    def place(self) -> str:
        """Return where the run is kept, for the user."""
        return str(self._writer.place() if self._writer is not None else self._path)

    def close(self) -> None:
        """Flush briefly and release. Never raises."""
        self._background.close(CLOSE_WITHIN_S)

    def _write(self, notes: "Sequence[Note]") -> None:
        if self._writer is None:
            from greenops.ledger.writer import Writer

            until_s = self._background.until_s
            self._writer = Writer(self._path, self._spool_dirs, until_s=until_s)
        self._writer.write_notes(notes)

    def _idle(self) -> None:
        if self._writer is not None:
            self._writer.idle()

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.close()
