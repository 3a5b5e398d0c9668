"""Whom not to ask for now: sources that refused, sources that want to be left alone.

A refusal holds for a zone and for how far the question reached: a free plan that
forecasts nothing may well answer for this hour.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError

PAUSE_S = 60.0
"""How long a source is left alone that did not say for how long."""
PAUSE_AT_MOST_S = 86_400.0
_AHEAD = timedelta(hours=1)
_LONG_AGO = timedelta(hours=24)


def reach_of(start: datetime, stop: datetime, now: datetime) -> str:
    """Return how far `[start, stop)` reaches: `now`, `past`, `ahead`, `past ahead`.

    Plans differ by that: the present is what the cheapest ones cover.
    """
    parts = []
    if start < now - _LONG_AGO:
        parts.append("past")
    if stop > now + _AHEAD:
        parts.append("ahead")
    return " ".join(parts) or "now"


class Silences:
    """What sources have said that spares asking them again, within this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep time by `clock`, in s."""
        self._clock = clock
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str | None, str], str] = {}
        self._until_s: dict[str, tuple[float, str]] = {}

    def check(self, name: str, zone: str | None, reach: str) -> None:
        """Return if `name` may be asked.

        Raises:
            SignalRefusedError: it has refused this question before.
            SignalBusyError: it is not yet time; says when.
        """
        with self._lock:
            refusal = self._refused.get((name, zone, reach))
            until_s, said = self._until_s.get(name, (0.0, ""))
        if refusal is not None:
            raise SignalRefusedError(refusal)
        left_s = until_s - self._clock()
        if left_s > 0:
            raise SignalBusyError(said, retry_after_s=left_s)

    def heard(
        self, name: str, zone: str | None, reach: str, error: SignalError
    ) -> None:
        """Remember what `name` said in place of an answer."""
        with self._lock:
            if isinstance(error, SignalRefusedError):
                self._refused[name, zone, reach] = str(error)
            elif isinstance(error, SignalBusyError):
                pause_s = pause_of(error)
                self._until_s[name] = (self._clock() + pause_s, str(error))


def pause_of(error: SignalBusyError) -> float:
    """Return for how many seconds a busy source is left alone."""
    wanted_s = PAUSE_S if error.retry_after_s is None else error.retry_after_s
    return min(max(wanted_s, 0.0), PAUSE_AT_MOST_S)
