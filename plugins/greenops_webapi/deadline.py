"""The time one question may take, all its requests and waits together."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from greenops.errors import SignalBusyError

T = TypeVar("T")


class Deadline:
    """Counts down from when it is made.

    Args:
        total_s: How long the question may take.
        clock: Monotonic seconds.
    """

    def __init__(
        self, total_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total_s = total_s
        self._clock = clock
        self._end_s = clock() + total_s

    def left_s(self) -> float:
        """Return the seconds that are left, never below zero."""
        return max(0.0, self._end_s - self._clock())


def within(deadline: Deadline, call: Callable[[], T], what: str) -> T:
    """Return what `call` returns, or give it up at the deadline.

    Looking up a name knows no time-out, and a server that sends its headers byte by
    byte outlives every time-out per read; so the call runs in a thread of its own,
    which is left behind, and ends with its socket's time-outs.

    Raises:
        SignalBusyError: the deadline came first.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as e:  # noqa: BLE001 - carried over to the caller's thread
            failure.append(e)

    thread = threading.Thread(target=run, name="greenops-webapi", daemon=True)
    thread.start()
    thread.join(deadline.left_s())
    if failure:
        raise failure[0]
    if not outcome:
        raise SignalBusyError(f"{what}: no answer within {deadline.total_s:g} s")
    return outcome[0]
