"""How often a source may be asked, by its own rules and by what it said last."""

import threading
import time
from collections import deque
from collections.abc import Callable

from greenops.errors import SignalBusyError


class Pace:
    """At most `requests` in any stretch of `period_s`; none while it wants to rest.

    Thread-safe. Processes do not know of each other's requests: what they share is
    the cache of answers.

    Args:
        requests: How many are allowed.
        period_s: In how many seconds.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        requests: int,
        period_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = requests
        self._period_s = period_s
        self._clock = clock
        self._sent_s: deque[float] = deque()
        self._rest_until_s = 0.0
        self._lock = threading.Lock()

    def claim(self, what: str) -> None:
        """Count one request that is about to be sent.

        Raises:
            SignalBusyError: it would be one too many; says when it is not.
        """
        with self._lock:
            now_s = self._clock()
            while self._sent_s and self._sent_s[0] <= now_s - self._period_s:
                self._sent_s.popleft()
            free_at_s = self._rest_until_s
            if len(self._sent_s) >= self._requests:
                free_at_s = max(free_at_s, self._sent_s[0] + self._period_s)
            if free_at_s > now_s:
                wait_s = free_at_s - now_s
                raise SignalBusyError(
                    f"{what}: asked often enough; again in {wait_s:.0f} s",
                    retry_after_s=wait_s,
                )
            self._sent_s.append(now_s)

    def rest(self, duration_s: float) -> None:
        """Send nothing for `duration_s`, as the source asked."""
        with self._lock:
            self._rest_until_s = max(self._rest_until_s, self._clock() + duration_s)
