"""Submits jobs: plans them on what is known now, and writes them down."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from greenops import __version__
from greenops.agent.estimates import estimated
from greenops.agent.planning import AHEAD, Site, place_now
from greenops.agent.submission import Asking, Foreseen, foreseen
from greenops.config import Config
from greenops.errors import JobRefusedError
from greenops.executors.job_folder import MAX_ENVIRONMENT_BYTES, write_environment
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.place import private_dir
from greenops.model import JobSpec, Place, RequestKind
from greenops.planner.carried import carried_on
from greenops.tracking.identity import new_run_id, user_name
from greenops.wire.agent_outlook import Outlook
from greenops.wire.agent_sites import jobs_folder, ledger_file, sites_of, state_folder
from greenops.wire.executors import open_executors
from greenops.wire.outlook_file import kept_outlook

OWN_VARIABLES = (b"GREENOPS_JOB_ID", b"GREENOPS_RESUME", b"GREENOPS_CHECKPOINT_DIR")
"""Of the job that submits another one: they are not that other one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a job is submitted.

    Attributes:
        held: It waits to be released.
        now: It is to run at once, whatever the hours are like.
        dry_run: Nothing is written.
    """

    held: bool = False
    now: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A job that was submitted, or would be.

    Attributes:
        job_id: Its id.
        spec: As asked for.
        foreseen: Its plan, made alone, before the daemon weighs it among others.
        places: Those it was planned over.
        daemon: Whether one works on the ledger.
        notes: What its owner should know.
    """

    job_id: str
    spec: JobSpec
    foreseen: Foreseen
    places: tuple[Place, ...]
    daemon: bool
    notes: tuple[str, ...] = ()


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
        self._environ = {k: v for k, v in environ.items() if k not in OWN_VARIABLES}
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

    def submit(self, spec: JobSpec, how: How) -> Submitted:
        """Plan a job and write it down; on return it is on the disk.

        Args:
            spec: What is asked for; the names of its environment are filled in.
            how: Held, at once, or not at all.

        Raises:
            JobRefusedError: it can never run as it stands.
            LedgerError: it cannot be written down; nothing was.
            ExecutorError: its folder cannot be written.
        """
        now = datetime.now(UTC)
        names = sorted(os.fsdecode(name) for name in self._environ)
        spec = replace(spec, environment_names=tuple(names))
        asking = Asking(
            job_id=new_run_id(time.time()),
            spec=spec,
            by_user=user_name(),
            held=how.held,
        )
        planned = self._foreseen(asking, now)
        if not how.dry_run:
            self._write(asking, planned, run_now=how.now)
        return Submitted(
            job_id=asking.job_id,
            spec=spec,
            foreseen=planned,
            places=self._places or (),
            daemon=DaemonSeat(ledger_file(self.config)).held(),
            notes=tuple(self._notes),
        )

    def _foreseen(self, asking: Asking, now: datetime) -> Foreseen:
        if self._places is None:
            self._places = self._usable(now)
        spec = asking.spec
        known = spec.duration_s is not None and spec.power_w is not None
        known = known or not ledger_file(self.config).exists()
        return foreseen(
            asking,
            estimated(spec, None if known else self._store.past(spec.name)),
            self._places,
            home=self._home(spec, self._places),
            now=now,
            version=__version__,
        )

    def _home(self, spec: JobSpec, places: tuple[Place, ...]) -> str:
        """Return where it would run at once: the first place it may go to."""
        names = [p.name for p in places] or [s.place.name for s in self.sites]
        allowed = [n for n in names if not spec.places or n in spec.places]
        return next(iter(allowed or names), "")

    def _usable(self, now: datetime) -> tuple[Place, ...]:
        """Return the places that can be used now, as their executors say."""
        state = private_dir(state_folder(self.config))
        names = {site.executor for site in self.sites}
        executors = open_executors(names, state, self._notes)
        forecasts = self._forecasts(state, now)
        places = []
        for site in self.sites:
            executor = executors.get(site.executor)
            if executor is None:
                continue
            health = executor.health(site.place.name, site.options)
            if not health.usable:
                self._notes.append(f"{site.place.name}: {health.detail}")
                continue
            there = replace(site.place, forecast=forecasts.latest(site.place.zone))
            forecast = carried_on(there, now, now + AHEAD)
            places.append(place_now(site, health, forecast, (), now))
        return tuple(places)

    def _forecasts(self, state: Path, now: datetime) -> Outlook:
        """Return the daemon's forecasts if they are new, else own ones."""
        zones = dict.fromkeys(site.place.zone for site in self.sites)
        outlook = Outlook(self.config, lambda: zones, wait_s=WAIT_S)
        kept = kept_outlook(state, now)
        outlook.take(kept)
        if not zones.keys() <= kept.keys():
            outlook.refresh(now)
        return outlook

    def _write(self, asking: Asking, planned: Foreseen, *, run_now: bool) -> None:
        self._check_environment()
        job_id = asking.job_id
        folder = private_dir(private_dir(self._folders) / job_id)
        write_environment(folder, self._environ)
        self._store.add(job_id, asking.spec, planned.first)
        self._store.append(decisions=planned.decisions)
        if run_now:
            kind = RequestKind.RUN_NOW
            self._store.ask(job_id, kind, asking.by_user, planned.first.at)

    def _check_environment(self) -> None:
        size = sum(len(k) + len(v) + 2 for k, v in self._environ.items())
        if size > MAX_ENVIRONMENT_BYTES:
            largest = max(self._environ, key=lambda k: len(self._environ[k]))
            raise JobRefusedError(
                f"the environment takes {size >> 20} MiB, of which a job can be given"
                f" {MAX_ENVIRONMENT_BYTES >> 20}; the largest variable is"
                f" {os.fsdecode(largest)[:80]}: unset it, or submit with `env -i`"
            )


WAIT_S = 1.0
"""How long forecasts of one's own may wait for the network: a person waits."""
