"""Calls a meter at its sampling times, in a thread of its own."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from greenops.energy.integrate import jittered_deadline
from greenops.tracking import patience

Made = TypeVar("Made")

log = logging.getLogger(__name__)

MIN_SLEEP_S = 0.001


class Ticking(Protocol):
    """What the loop calls."""

    @property
    def jitter(self) -> bool:
        """Whether sampling times should be random, for loads as fast as the pace."""

    @property
    def glance_s(self) -> float | None:
        """Mean time in s between two calls of `glance`; None: none is wanted."""

    def tick(self) -> None:
        """Take one sample."""

    def glance(self) -> None:
        """Look at devices that need more looks than samples."""


class SamplingLoop:
    """Runs `prepare` once, then its `tick` every `interval_s`.

    The thread that waits for the job's signals must never wait for a driver or a
    disk, so all measuring happens here. A driver that hangs can then be left behind.

    Args:
        prepare: Opens sensors; returns what to call at each sampling time.
        interval_s: Sampling period in s. A tick that comes late is not made up for:
            the next one is due a period after the missed one, on the same grid.
    """

    def __init__(self, prepare: Callable[[], Ticking], interval_s: float) -> None:
        self._prepare = prepare
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="greenops-sampler", daemon=True
        )
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin. Signals blocked in the calling thread stay blocked in the loop."""
        self._thread.start()

    def stop(self, idle_s: float) -> bool:
        """End the loop; return whether its thread ended, see `patience.join`."""
        self._stop.set()
        return patience.join(self._thread, idle_s)

    @property
    def stopping(self) -> bool:
        """Whether the job is over already."""
        return self._stop.is_set()

    def _run(self) -> None:
        try:
            ticking = self._prepare()
            due_s = time.monotonic()
            while not self._stop.is_set():
                ticking.tick()
                now_s = time.monotonic()
                due_s = self._next(due_s, now_s, jitter=ticking.jitter)
                self._wait(due_s, ticking)
        except Exception as e:
            log.debug("sampling ended early", exc_info=True)
            self.failure = e

    def _wait(self, due_s: float, ticking: Ticking) -> None:
        """Wait until `due_s`, looking at devices in between at random times.

        Then the tick is the first of these times after `due_s`: one at a fixed time
        would begin each second's looks in the same phase of a load as fast.
        """
        at_s = now_s = time.monotonic()
        while (pace_s := ticking.glance_s) is not None:
            chance = random.random()  # noqa: S311 - as below
            at_s = max(now_s, jittered_deadline(at_s, pace_s, chance))
            if self._stop.wait(max(MIN_SLEEP_S, at_s - now_s)) or at_s >= due_s:
                return
            ticking.glance()
            now_s = time.monotonic()
        self._stop.wait(max(MIN_SLEEP_S, due_s - now_s))

    def _next(self, due_s: float, now_s: float, *, jitter: bool) -> float:
        if jitter:
            chance = random.random()  # noqa: S311 - sampling times are no secret
            return max(now_s, jittered_deadline(due_s, self._interval_s, chance))
        missed = max(1, -(-(now_s - due_s) // self._interval_s))
        return due_s + self._interval_s * missed


class Background(Generic[Made]):
    """Makes something in a thread, because its imports take longer than some jobs."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: Made | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="greenops-begin")
        self._thread.daemon = True
        self._thread.start()

    def _run(self) -> None:
        try:
            self._made = self._make()
        except Exception as e:  # as in SamplingLoop
            log.debug("not begun", exc_info=True)
            self._failure = e

    def result(self, idle_s: float) -> Made | Exception:
        """Return what was made, or why it was not, waiting as `patience.join` does."""
        patience.join(self._thread, idle_s)
        if self._made is None:
            return self._failure or TimeoutError("a driver did not answer in time")
        return self._made
