"""Keeps a daemon from going on with an empty ledger where its own was damaged.

Whoever finds a damaged ledger moves it aside, and the next to write begins a new one:
right for measured runs, which are complete in themselves. A daemon would forget the
jobs that wait and that run, as if nobody had submitted them.
"""

from contextlib import closing, suppress
from pathlib import Path

from greenops.errors import ConfigError, LedgerDamagedError, LedgerUnavailableError
from greenops.ledger.damage import move_aside, moved_aside
from greenops.ledger.jobs import LedgerJobs


class DaemonLedgerError(ConfigError):
    """The daemon's ledger was damaged: a person has to say how to go on."""


class LedgerWatch:
    """Looks after the ledger at `path`.

    Args:
        path: Its file.
        folder: Of the jobs.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._before = set(moved_aside(path))

    def begin(self) -> None:
        """Look at it before anything else does. One that is away may come back.

        Raises:
            DaemonLedgerError: it is damaged, and was moved aside.
            LedgerTooNewError: a newer greenops wrote it.
        """
        try:
            with (
                suppress(LedgerUnavailableError),
                closing(LedgerJobs(self._path, self._folder)) as store,
            ):
                store.open_jobs()
        except LedgerDamagedError:
            move_aside(self._path)
            self.check()
            raise

    def check(self) -> None:
        """See that nobody has found it damaged since the start.

        Raises:
            DaemonLedgerError: somebody has; it says how to go on.
        """
        found = sorted(set(moved_aside(self._path)) - self._before)
        if found:
            raise DaemonLedgerError(
                f"{self._path} was damaged, and is kept as {found[-1]}: the jobs in it"
                " are looked after no more, those that run go on. What can be read of"
                f" it: sqlite3 {found[-1]} .recover; put back a copy of your own as"
                f" {self._path}, or start the daemon again to begin with an empty one"
            )
