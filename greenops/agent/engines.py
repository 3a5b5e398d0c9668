"""Asks executors, and leaves those alone for a while that fail.

An executor may be anybody's code: whatever it raises costs its own places a pause, and
nobody else anything.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from greenops.agent.acts import Act, ActKind
from greenops.agent.baseline import stated_pue
from greenops.agent.patience import Patience
from greenops.agent.planning import Site
from greenops.agent.standing import Job
from greenops.errors import ExecutorBusyError, ExecutorError, ExecutorRefusedError
from greenops.model import Attempt, AttemptStatus, PlaceHealth
from greenops.ports import Executor

log = logging.getLogger(__name__)

FolderOf = Callable[[str], str]


class Engines:
    """The executors of all places.

    Args:
        executors: By name.
        sites: The places, as configured.
        folder_of: Returns the folder of a job by its id.
        not_ours: Returns why a user's jobs may not be run here; empty: they may.
    """

    def __init__(
        self,
        executors: Mapping[str, Executor],
        sites: Sequence[Site],
        folder_of: FolderOf,
        *,
        not_ours: Callable[[str], str] = lambda _user: "",
    ) -> None:
        self._executors = dict(executors)
        self._sites: dict[str, Site] = {}
        self._folder_of = folder_of
        self._not_ours = not_ours
        self._patience = Patience()
        self._current: frozenset[str] = frozenset()
        self.take(sites)

    def take(self, sites: Sequence[Site]) -> None:
        """Take another list of places; attempts at those that are gone are followed."""
        self._sites |= {s.place.name: s for s in sites}
        self._current = frozenset(s.place.name for s in sites)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The places where jobs may be started."""
        return tuple(s for name, s in self._sites.items() if name in self._current)

    def usable(self, place: str, now: datetime) -> bool:
        """Return whether a place and its executor may be asked for anything now."""
        site = self._sites.get(place)
        if site is None or site.executor not in self._executors:
            return False
        return not (
            self._patience.resting(_engine(site), now)
            or self._patience.resting(place, now)
        )

    def trouble(self, place: str) -> tuple[int, str]:
        """Return how often in a row a place failed to take a job, and with what."""
        return self._patience.times(place), self._patience.why(place)

    def statuses(self, jobs: Iterable[Job], now: datetime) -> dict[str, AttemptStatus]:
        """Return how the last attempts of jobs stand, by id of the attempt.

        One question per executor. Those of one that does not answer are left out.
        """
        asked: dict[str, list[str]] = {}
        for job in jobs:
            site = self._sites.get(job.last.place or "")
            if site is not None and job.last.attempt_id is not None:
                asked.setdefault(site.executor, []).append(job.last.attempt_id)
        found: dict[str, AttemptStatus] = {}
        for name, attempt_ids in asked.items():
            engine = f"executor {name}"
            if name in self._executors and not self._patience.resting(engine, now):
                found |= self._polled(name, engine, attempt_ids, now)
        return found

    def health(self, site: Site, now: datetime) -> PlaceHealth:
        """Return what is at a place now; one that cannot be asked is not usable."""
        name, engine = site.place.name, _engine(site)
        executor = self._executors.get(site.executor)
        if executor is None:
            detail = f"no executor {site.executor!r}; `greenops doctor` lists them"
            return PlaceHealth(usable=False, at=now, detail=detail)
        if self._patience.resting(engine, now) or self._patience.resting(name, now):
            why = self._patience.why(engine) or self._patience.why(name)
            return PlaceHealth(usable=False, at=now, detail=f"left alone: {why}")
        try:
            # Seen just now by our clock, whatever clock the engine goes by.
            return replace(executor.health(name, site.options), at=now)
        except Exception as e:  # noqa: BLE001 - anybody's code; the loop must go on
            self._failed(engine, str(e), now)
            return PlaceHealth(usable=False, at=now, detail=str(e))

    def do(self, job: Job, act: Act, now: datetime) -> bool:
        """Do what is owed to a job; return whether it was done.

        Raises:
            ExecutorRefusedError: the attempt can never run as it stands.
        """
        site = self._sites.get(act.place)
        executor = None if site is None else self._executors.get(site.executor)
        if site is None or executor is None:
            return False
        submits = act.kind is ActKind.SUBMIT
        rests = self._patience.resting(_engine(site), now)
        if rests or (submits and self._patience.resting(act.place, now)):
            return False
        subject = act.place if submits else _engine(site)
        try:
            self._ask(executor, site, job, act)
        except ExecutorRefusedError as e:
            if submits:
                raise
            # Such as a signal that does not exist: no fault of the engine.
            log.warning("%s of %s was refused: %s", act.kind, act.attempt_id, e)
            return act.kind is ActKind.SIGNAL
        except ExecutorBusyError as e:
            if submits:
                self._failed(subject, str(e), now)
            log.debug("%s of %s comes later: %s", act.kind, act.attempt_id, e)
            return False
        except Exception as e:  # noqa: BLE001 - anybody's code; the loop must go on
            self._failed(subject, str(e), now)
            return False
        self._patience.worked(subject)
        return True

    def _ask(self, executor: Executor, site: Site, job: Job, act: Act) -> None:
        match act.kind:
            case ActKind.SUBMIT:
                if why := self._not_ours(job.spec.user):
                    raise ExecutorRefusedError(why)
                executor.submit(self._attempt(site, job, act))
            case ActKind.VOID:
                executor.void(act.attempt_id)
            case ActKind.SIGNAL:
                executor.signal(act.attempt_id, act.signal)
            case ActKind.CANCEL:
                executor.cancel(act.attempt_id, act.grace_s)
            case ActKind.FORGET:
                executor.forget(act.attempt_id)
            case ActKind.NONE:
                return

    def _attempt(self, site: Site, job: Job, act: Act) -> Attempt:
        return Attempt(
            attempt_id=act.attempt_id,
            job_id=job.job_id,
            spec=job.spec,
            place=site.place.name,
            zone=site.place.zone,
            folder=self._folder_of(job.job_id),
            resume=act.resume,
            pue=stated_pue(site.place),
            options=site.options,
        )

    def _polled(
        self, name: str, engine: str, attempt_ids: list[str], now: datetime
    ) -> Mapping[str, AttemptStatus]:
        try:
            found = self._executors[name].poll(attempt_ids)
        except ExecutorError as e:
            self._failed(engine, str(e), now)
            return {}
        except Exception as e:  # noqa: BLE001 - anybody's code; the loop must go on
            self._failed(engine, f"{type(e).__name__}: {e}", now)
            return {}
        if self._patience.worked(engine):
            log.info("the %s answers again", engine)
        return found

    def _failed(self, name: str, why: str, now: datetime) -> None:
        if self._patience.failed(name, why, now):
            log.warning("%s failed, and is left alone for a while: %s", name, why)


def _engine(site: Site) -> str:
    return f"executor {site.executor}"
