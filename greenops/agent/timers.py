"""What the daemon does again and again, on APScheduler.

Each task has a thread of its own, so that a sluggish provider never keeps jobs waiting,
and what belongs to one thread stays there. Whatever was missed while the machine slept
is made up for once (`coalesce`), however late (`misfire_grace_time`), and never beside
itself (`max_instances`). All times are UTC: nothing happens twice, or never, when
clocks change for summer.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

STEP = timedelta(seconds=2)
"""A clock that differs by more from what elapsed was set, or the machine slept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done again and again.

    Attributes:
        name: Of the task; its thread bears it.
        every_s: Between the starts of two runs.
        do: What is done. What it raises is logged, and it is done again.
        finish: Done last, in the same thread.
        at_once: Whether it is done first at the start; else after `every_s`.
    """

    name: str
    every_s: float
    do: Callable[[], None]
    finish: Callable[[], None] | None = None
    at_once: bool = True


@dataclass(slots=True)
class _Guarded:
    """Does a task, and says when it fails and when it works again: once each."""

    task: Task
    failed: str = ""

    def __call__(self) -> None:
        try:
            self.task.do()
        except Exception as e:  # a daemon's job: it is done again, whatever it was
            failed = f"{type(e).__name__}: {e}"
            if failed != self.failed:
                log.exception("%s failed, and is done again", self.task.name)
            self.failed = failed
        else:
            if self.failed:
                log.info("%s works again", self.task.name)
            self.failed = ""


@dataclass(slots=True)
class Timers:
    """Runs tasks until it is stopped.

    Attributes:
        tasks: What is done.
        wall: Returns the time, UTC.
        monotonic: Returns seconds that no clock setting changes.
    """

    tasks: tuple[Task, ...]
    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    _scheduler: BackgroundScheduler = field(init=False)
    _guarded: dict[str, _Guarded] = field(init=False)
    _seen: tuple[datetime, float] = field(init=False)

    def __post_init__(self) -> None:
        self._guarded = {t.name: _Guarded(t) for t in self.tasks}
        self._seen = (self.wall(), self.monotonic())
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={t.name: ThreadPoolExecutor(1) for t in self.tasks},
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": None,
            },
        )
        # It warns of every run that is skipped because the one before still runs.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    @property
    def trouble(self) -> str:
        """What fails just now; empty: nothing."""
        failing = [f"{n}: {g.failed}" for n, g in self._guarded.items() if g.failed]
        return "; ".join(failing)

    def start(self) -> None:
        """Begin."""
        for task in self.tasks:
            first = {"next_run_time": _at_once()} if task.at_once else {}
            self._scheduler.add_job(
                self._guarded[task.name],
                "interval",
                seconds=task.every_s,
                id=task.name,
                executor=task.name,
                **first,
            )
        self._scheduler.start()

    def hurry(self, name: str) -> None:
        """Have a task done now rather than at its time."""
        self._scheduler.modify_job(name, next_run_time=_at_once())

    def check_clock(self) -> bool:
        """Return whether the clock was set or the machine slept; go on at once if so.

        The scheduler goes by the wall: after a clock that was set back by hours it
        would rest for hours. To be called every few seconds.
        """
        before, before_s = self._seen
        self._seen = (self.wall(), self.monotonic())
        elapsed = timedelta(seconds=self._seen[1] - before_s)
        if abs(self._seen[0] - before - elapsed) <= STEP:
            return False
        log.info("the clock was set, or the machine slept: everything is looked at")
        for task in self.tasks:
            self.hurry(task.name)
        return True

    def stop(self) -> None:
        """Let what runs come to its end, finish each task, and return."""
        self._scheduler.remove_all_jobs()
        for task in self.tasks:
            if task.finish is not None:
                self._scheduler.add_job(
                    task.finish,
                    id=f"finish {task.name}",
                    executor=task.name,
                    next_run_time=_at_once(),
                )
        self._scheduler.wakeup()
        self._drain()
        self._scheduler.shutdown(wait=True)

    def _drain(self, most_s: float = 5.0) -> None:
        """Wait until the last tasks were handed to their threads."""
        until_s = self.monotonic() + most_s
        while self._scheduler.get_jobs() and self.monotonic() < until_s:
            time.sleep(0.01)


def _at_once() -> datetime:
    """Return a moment that is due: the scheduler goes by the system's own clock."""
    return datetime.now(UTC)
