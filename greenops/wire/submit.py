"""Submits jobs: plans them on what is known now, and writes them down."""

import contextlib
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from greenops import __version__
from greenops.agent.estimates import estimated
from greenops.agent.kinds import of_one_kind
from greenops.agent.planning import AHEAD, Site, place_now
from greenops.agent.submission import Asking, Foreseen, foreseen
from greenops.config import Config
from greenops.errors import JobRefusedError, LedgerUnavailableError
from greenops.executors.job_folder import write_environment
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.place import private_dir
from greenops.model import JobSpec, Past, Place, Seen
from greenops.planner.carried import carried_on
from greenops.tracking.identity import new_run_id, user_name
from greenops.wire.agent_sites import jobs_folder, ledger_file, sites_of, state_folder
from greenops.wire.at_hand import forecasts_at_hand
from greenops.wire.executors import open_executors
from greenops.wire.job_variables import job_variables
from greenops.wire.place_health import healths_of
from greenops.wire.submitted import How, Submitted

ASKED_WITHIN_S = 0.2
"""How long all executors may take to say what is free: a person waits."""
PLENTY = 1_000_000
"""GPUs at a place that did not say: the daemon asks again before it starts anything."""


class Submitter:
    """Plans and writes down jobs of one configuration. A context manager.

    Args:
        config: The settings in force.
        environ: What the jobs run in; kept in a file of theirs (0600), never in the
            ledger, which holds the names alone.

    Raises:
        ConfigError: the file of places is wrong.
    """

    def __init__(self, config: Config, environ: Mapping[bytes, bytes]) -> None:
        self.config = config
        self._environ = environ
        self._notes: list[str] = []
        self.sites: tuple[Site, ...] = sites_of(config, self._notes)
        self._folders = jobs_folder(config)
        self._store = LedgerJobs(ledger_file(config), self._folders)
        self._places: tuple[Place, ...] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the ledger."""
        self._store.close()

    def submit(
        self, spec: JobSpec, how: How, *, more: Mapping[str, str] | None = None
    ) -> Submitted:
        """Plan a job and write it down; on return it is on the disk.

        Args:
            spec: What is asked for; the names of its environment are filled in.
            how: Held, at once, or not at all.
            more: Variables of this job alone, beside the environment.

        Raises:
            JobRefusedError: it can never run as it stands.
            LedgerError: it cannot be written down; nothing was.
            ExecutorError: its folder cannot be written.
        """
        now = datetime.now(UTC)
        if not how.dry_run:
            self._make_folder(self._folders)
        environ = job_variables(self._environ, more or {})
        names = tuple(sorted(os.fsdecode(name) for name in environ))
        asking = Asking(
            job_id=new_run_id(time.time()),
            spec=replace(spec, environment_names=names),
            by_user=user_name(),
            held=how.held,
            run_now=how.now,
        )
        planned = self._foreseen(asking, now, dry_run=how.dry_run)
        if not how.dry_run:
            self._write(asking, planned, environ)
        return Submitted(
            job_id=asking.job_id,
            spec=asking.spec,
            foreseen=planned,
            places=self._places or (),
            daemon=_has_daemon(ledger_file(self.config)),
            notes=tuple(self._notes),
        )

    def _foreseen(self, asking: Asking, now: datetime, *, dry_run: bool) -> Foreseen:
        if self._places is None:
            self._places = self._usable(now, dry_run=dry_run)
        spec = asking.spec
        known = spec.duration_s is not None and spec.power_w is not None
        known = known or not ledger_file(self.config).exists()
        return foreseen(
            asking,
            estimated(spec, None if known else self._past(spec.name)),
            self._places,
            home=self._home(spec, self._places),
            now=now,
            version=__version__,
        )

    def _past(self, name: str) -> Past | None:
        try:
            return self._store.past(name)
        except LedgerUnavailableError as e:  # a plan may be had all the same
            self._notes.append(f"what it took before is not known: {e}")
            return None

    def _home(self, spec: JobSpec, places: tuple[Place, ...]) -> str:
        """Return where it would run at once: the first place it may go to."""
        names = [p.name for p in places] or [s.place.name for s in self.sites]
        allowed = [n for n in names if not spec.places or n in spec.places]
        return next(iter(allowed or names), "")

    def _usable(self, now: datetime, *, dry_run: bool) -> tuple[Place, ...]:
        """Return the places that can be used now, as their executors say."""
        state = state_folder(self.config)
        names = {site.executor for site in self.sites}
        executors = open_executors(names, state, self._notes)
        healths = healths_of(self.sites, executors, now, within_s=ASKED_WITHIN_S)
        zones = dict.fromkeys(site.place.zone for site in self.sites)
        config = self.config
        forecasts = forecasts_at_hand(config, zones, state, now, keep=not dry_run)
        places = []
        for site in self.sites:
            name, health = site.place.name, healths.get(site.place.name)
            if health is not None and not health.usable:
                self._notes.append(f"{name}: {health.detail}")
                continue
            there = replace(site.place, forecast=forecasts.get(site.place.zone))
            forecast = carried_on(there, now, now + AHEAD)
            if health is None:
                self._notes.append(
                    f"{name} did not say in time what is free: planned as if all was"
                )
                seen = Seen(free_gpus=PLENTY, at=now)
                places.append(replace(site.place, forecast=forecast, seen=seen))
            else:
                places.append(place_now(site, health, forecast, (), now))
        return of_one_kind(places)

    def _write(
        self, asking: Asking, planned: Foreseen, environ: Mapping[bytes, bytes]
    ) -> None:
        """Write down the environment, then the job; all of it or nothing."""
        folder = self._folders / asking.job_id
        try:
            self._make_folder(folder)
            write_environment(folder, environ)
            self._store.add(
                asking.job_id, asking.spec, planned.first, planned.decisions
            )
        except BaseException as e:
            # Nobody is to find the values of a job that there is not.
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(e, LedgerUnavailableError):
                raise self._explained(e) from e
            if isinstance(e, ValueError):  # such as thousands of variables' names
                raise JobRefusedError(str(e)) from e
            raise

    def _explained(self, error: LedgerUnavailableError) -> LedgerUnavailableError:
        """Return the error with what to do, where SQLite's words do not tell."""
        ledger = ledger_file(self.config)
        there = ledger if ledger.exists() else ledger.parent
        if not there.exists() or os.access(there, os.W_OK):
            return error
        return LedgerUnavailableError(
            f"{error}: it is read-only here; set `ledger.path` to one that you may"
            " write to"
        )

    def _make_folder(self, folder: Path) -> None:
        try:
            for path in (self._folders.parent, self._folders, folder):
                private_dir(path)
        except OSError as e:
            raise LedgerUnavailableError(
                f"the job has no folder: cannot make {folder}: {e.strerror or e}; set"
                " `state.path` to a folder that you may write to"
            ) from e


def _has_daemon(ledger: Path) -> bool:
    with contextlib.suppress(LedgerUnavailableError):
        return DaemonSeat(ledger).held()
    return False
