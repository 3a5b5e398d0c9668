"""What came of jobs that have ended, looked after beside the daemon's loop."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from greenops.agent.outcomes import Accounts, Grid, Outcomes
from greenops.agent.planning import Site
from greenops.config import Config
from greenops.ledger.jobs import LedgerJobs
from greenops.model import HourEnergy, IntensityKind, IntensityPoint, RunRecord
from greenops.signals.zones import WORLD
from greenops.wire.agent_sites import jobs_folder, ledger_file
from greenops.wire.signals import open_signal
from greenops.wire.tend import tend

if TYPE_CHECKING:
    from greenops.ledger.query import Ledger
    from greenops.ports import CarbonSignal

WAIT_S = 10.0
"""Nobody waits for an outcome; but a daemon that is told to stop waits for this."""


class OutcomeKeeper:
    """States outcomes when they are due. All calls come from one thread.

    Args:
        config: The settings in force; may be replaced.
        sites: Returns the places as configured.
        stopping: Whether it is time to leave off.
    """

    def __init__(
        self,
        config: Config,
        sites: Callable[[], Sequence[Site]],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.config = config
        self._sites = sites
        self._stopping = stopping
        self._jobs: LedgerJobs | None = None

    def round(self, now: datetime) -> int:
        """Look at the jobs that are due; return how many there were.

        Where none is, one question is asked of the ledger and nothing is loaded.

        Args:
            now: Aware.

        Raises:
            LedgerError: the ledger fails.
        """
        if self._jobs is None:
            path, folder = ledger_file(self.config), jobs_folder(self.config)
            self._jobs = LedgerJobs(path, folder)
        if not self._jobs.outcomes_due(now, 1):
            return 0
        tend(self.config)  # closes the runs of attempts whose runner was killed
        from greenops.ledger.query import Ledger

        ledger = Ledger(ledger_file(self.config))
        try:
            accounts = self._accounts(self._jobs, ledger)
            return Outcomes(accounts, self._stopping).round(now)
        finally:
            ledger.close()

    def close(self) -> None:
        """Release the ledger."""
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def _accounts(self, jobs: LedgerJobs, ledger: "Ledger") -> Accounts:
        from greenops.wire.grid import Grid as Signals
        from greenops.wire.restate import Restater

        config = self.config
        wait_s = max(WAIT_S, config.signals_wait_s)
        restater = Restater(ledger, config, Signals(config, wait_s=wait_s))

        def run(run_id: str) -> tuple[RunRecord, Sequence[HourEnergy]]:
            return ledger.get(run_id), ledger.hours(run_id)

        return Accounts(
            jobs=jobs,
            history=jobs,
            run=run,
            restate=lambda run_ids: list(restater.restate(run_ids)),
            grids=_grids(config, wait_s),
            sites=self._sites,
        )


def _grids(config: Config, wait_s: float) -> Mapping[IntensityKind, Grid]:
    """Return what the configured signals know, average and marginal apart."""
    kinds = [IntensityKind.AVERAGE]
    if config.signals_marginal_order:
        kinds.append(IntensityKind.MARGINAL)
    return {k: _asking(open_signal(config, kind=k, wait_s=wait_s)) for k in kinds}


def _asking(signal: "CarbonSignal") -> Grid:
    def ask(zone: str, start: datetime, stop: datetime) -> Sequence[IntensityPoint]:
        return signal.intensity(None if zone == WORLD else zone, start, stop)

    return ask
