"""The jobs that have not ended: their submissions, read once, and their last events."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from greenops.errors import LedgerError
from greenops.ledger.job_reading import chunks
from greenops.ledger.job_records import event_of, shown_spec_of
from greenops.ledger.listing import Execute
from greenops.ledger.records import Found
from greenops.ledger.sealed import SealedCommands
from greenops.ledger.text import unescape
from greenops.model import JobEvent, JobSpec

_HEADS = (
    "SELECT o.job_key AS job_key, e.seq AS seq, e.at_epoch_s AS at_epoch_s,"
    " e.state AS state, e.why AS why, e.attempt_id AS attempt_id, e.place AS place,"
    " e.facts AS facts FROM open_jobs o"
    " JOIN job_events e ON e.job_key = o.job_key AND e.seq = o.seq ORDER BY o.job_key"
)


class OpenJobs:
    """Remembers submissions, which never change, as long as their jobs are open.

    Args:
        sealed: Where commands lie that are not in the ledger.

    Attributes:
        unreadable: By job id, what was left out at the last reading, and why.
    """

    def __init__(self, sealed: SealedCommands) -> None:
        self._sealed = sealed
        self._specs: dict[int, tuple[str, JobSpec | LedgerError]] = {}
        self.unreadable: dict[str, str] = {}

    def read(self, execute: Execute) -> Mapping[str, tuple[JobSpec, JobEvent]]:
        """Return the jobs that are not final by id, the oldest first."""
        heads = execute(_HEADS, {})
        self._learn(execute, [row["job_key"] for row in heads])
        self.unreadable = {}
        found: dict[str, tuple[JobSpec, JobEvent]] = {}
        for row in heads:
            job_id, spec = self._specs[row["job_key"]]
            try:
                if isinstance(spec, LedgerError):
                    raise spec
                found[job_id] = (spec, event_of(row, job_id))
            except LedgerError as e:
                self.unreadable[job_id] = str(e)
        return found

    def _learn(self, execute: Execute, keys: Sequence[int]) -> None:
        """Read the submissions that are not known, forget those no longer needed."""
        known = {k: self._specs[k] for k in keys if k in self._specs}
        # What could not be read is looked at again: a command may be back.
        self._specs = {k: s for k, s in known.items() if isinstance(s[1], JobSpec)}
        missing = [k for k in keys if k not in self._specs]
        for some in chunks(missing):
            # Whole numbers of our own.
            sql = f"SELECT * FROM jobs WHERE job_key IN ({some})"  # noqa: S608
            for row in execute(sql, {}):
                job_id = unescape(row["job_id"])
                self._specs[row["job_key"]] = (job_id, self._exact(row, job_id))

    def _exact(self, row: Found, job_id: str) -> JobSpec | LedgerError:
        """Return a submission as it is to be run, or why it cannot be."""
        try:
            spec = shown_spec_of(row)
            if row["command_sealed"]:
                return replace(spec, argv=self._sealed.command(job_id))
        except LedgerError as e:
            return e
        return spec
