"""Puts the daemon together from the configuration, and runs it."""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from greenops import __version__
from greenops.agent.heartbeat import Beat, written
from greenops.agent.planning import Site
from greenops.agent.service import AgentService, Parts
from greenops.agent.timers import Task, Timers
from greenops.config import Config
from greenops.errors import ConfigError
from greenops.executors.job_owner import why_not_ours
from greenops.ledger import ownership
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.place import private_dir
from greenops.model import Past
from greenops.tracking.identity import boot_id
from greenops.wire.agent_node import NodeWatch
from greenops.wire.agent_outcomes import OutcomeKeeper
from greenops.wire.agent_outlook import Outlook
from greenops.wire.agent_sites import (
    jobs_folder,
    ledger_file,
    sites_of,
    state_folder,
)
from greenops.wire.agent_tidying import Tidier
from greenops.wire.executors import open_executors
from greenops.wire.ledger_watch import LedgerWatch
from greenops.wire.outlook_file import keep_outlook

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""Between two looks at jobs: an act of a person is seen that soon."""
BEAT_S = 5.0
OUTCOMES_EVERY_S = 5.0
"""Between two looks whether there is an outcome to be stated."""
TIDY_EVERY_S = 600.0
PAST_FOR_S = 300.0
"""How long what past runs took is remembered."""


class DaemonRunningError(ConfigError):
    """Another daemon works on this ledger already."""


def utc_now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Daemon:
    """A daemon that is put together, and not running yet.

    Attributes:
        config: The settings in force.
        wall: Returns the time, UTC.
        beaten: Called with every beat, such as to tell a supervisor.
    """

    config: Config
    wall: Callable[[], datetime] = utc_now
    beaten: Callable[[], object] = lambda: None
    _sites: tuple[Site, ...] = field(init=False)
    _to_take: tuple[Site, ...] | None = field(init=False, default=None)
    _outlook: Outlook = field(init=False)
    _store: LedgerJobs = field(init=False)
    _service: AgentService = field(init=False)
    _seat: DaemonSeat = field(init=False)
    _watch: LedgerWatch = field(init=False)
    _timers: Timers = field(init=False)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)
    _outcomes: OutcomeKeeper = field(init=False)
    _tidier: Tidier = field(init=False)
    _node: NodeWatch = field(init=False)
    _started_at: datetime = field(init=False)
    _ticked_at: datetime | None = field(init=False, default=None)
    _past: dict[str, tuple[float, Past | None]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        problems: list[str] = []
        self._sites = sites_of(self.config, problems)
        state = private_dir(state_folder(self.config))
        folders = jobs_folder(self.config)
        self._store = LedgerJobs(ledger_file(self.config), folders)
        self._outlook = Outlook(self.config, self._zones, partial(keep_outlook, state))
        names = {site.executor for site in self._sites}
        self._service = AgentService(
            Parts(
                store=self._store,
                executors=open_executors(names, state, problems),
                sites=self._sites,
                outlook=self._outlook.latest,
                past=self._took_before,
                folder_of=lambda job_id: str(folders / job_id),
                version=__version__,
                not_ours=why_not_ours,
            )
        )
        self._outcomes = OutcomeKeeper(
            self.config, lambda: self._sites, self._stopping.is_set
        )
        self._tidier = Tidier(self.config, self.wall(), self._stopping.is_set)
        self._node = NodeWatch(self.config)
        self._seat = DaemonSeat(ledger_file(self.config))
        self._watch = LedgerWatch(ledger_file(self.config), folders)
        self._started_at = self.wall()
        self._timers = Timers(self._tasks(), utc_now, time.monotonic)
        for problem in problems:
            log.warning("%s", problem)

    def run(self, stop: threading.Event, reload: Callable[[], Config | None]) -> None:
        """Work until `stop` is set; jobs that run then run on.

        Args:
            stop: Set from a signal handler, or another thread.
            reload: Asked about once a second; returns a new configuration, once.

        Raises:
            DaemonRunningError: there is one on this ledger already.
            ConfigError: others own the ledger, or may write to it.
            LedgerUnavailableError: there is no place for the ledger.
            DaemonLedgerError: it was damaged, now or meanwhile, and is kept aside.
            LedgerTooNewError: a newer greenops wrote it.
        """
        if why := ownership.why_not_ours(ledger_file(self.config)):
            raise ConfigError(why)
        if not self._seat.take():
            raise DaemonRunningError(
                "a daemon works on this ledger already; see `greenops daemon status`"
            )
        try:
            self._watch.begin()
            self._forecast_first(stop)
            self._timers.start()
            try:
                self._work(stop, reload)
            finally:
                self._stopping.set()
                self._timers.stop()
        finally:
            self._node.stop()
            self._seat.leave()

    def _work(self, stop: threading.Event, reload: Callable[[], Config | None]) -> None:
        while not stop.wait(1.0):
            self._watch.check()
            self._timers.check_clock()
            self._take(reload())

    def _forecast_first(self, stop: threading.Event, most_s: float = 15.0) -> None:
        """Give the first forecasts a moment: without any, nothing would wait."""
        first = threading.Thread(target=self._refresh, daemon=True)
        first.start()
        until_s = time.monotonic() + most_s
        while first.is_alive() and not stop.is_set() and time.monotonic() < until_s:
            first.join(0.1)

    def _tasks(self) -> tuple[Task, ...]:
        every_s = self.config.daemon_forecast_every_s
        tasks = [
            Task(name="jobs", every_s=LOOK_S, do=self._tick, finish=self._store.close),
            Task(name="forecasts", every_s=every_s, do=self._refresh, at_once=False),
            Task(name="heartbeat", every_s=BEAT_S, do=self._beat),
            Task(
                name="outcomes",
                every_s=OUTCOMES_EVERY_S,
                do=self._state_outcomes,
                finish=self._outcomes.close,
            ),
            Task(
                name="tidying",
                every_s=TIDY_EVERY_S,
                do=self._tidy,
                finish=self._tidier.close,
                at_once=False,
            ),
        ]
        return tuple(tasks)

    def _tick(self) -> None:
        if self._to_take is not None:
            taken, self._to_take = self._to_take, None
            self._service.reload(taken)
        now = self.wall()
        self._service.tick(now)
        self._ticked_at = now

    def _refresh(self) -> None:
        self._outlook.refresh(self.wall())

    def _state_outcomes(self) -> None:
        self._outcomes.round(self.wall())

    def _tidy(self) -> None:
        self._tidier.round(self.wall())

    def _beat(self) -> None:
        if self.config.daemon_sample_node:
            self._node.see_to()
        beat = Beat(
            pid=os.getpid(),
            boot_id=boot_id(),
            started_at=self._started_at,
            ticked_at=self._ticked_at,
            version=__version__,
            open_jobs=self._service.open_jobs,
            trouble="; ".join(
                t for t in (self._timers.trouble, self._node.trouble) if t
            ),
            node=self._node.seen,
        )
        self._seat.say(written(beat))
        self.beaten()

    def _take(self, config: Config | None) -> None:
        """Take another configuration: its places, zones and signals."""
        if config is None:
            return
        problems: list[str] = []
        try:
            self._sites = self._to_take = sites_of(config, problems)
        except ConfigError as e:
            log.warning("the configuration in force stays: %s", e)
            return
        self.config = self._outlook.config = config
        self._outcomes.config = self._tidier.config = config
        self._timers.hurry("forecasts")
        for problem in problems:
            log.warning("%s", problem)
        log.info("the configuration was read again: %d places", len(self._sites))

    def _zones(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(site.place.zone for site in self._sites))

    def _took_before(self, name: str) -> Past | None:
        known_s, past = self._past.get(name, (0.0, None))
        now_s = time.monotonic()
        if name not in self._past or now_s - known_s > PAST_FOR_S:
            past = self._store.past(name)
            self._past[name] = (now_s, past)
        return past
