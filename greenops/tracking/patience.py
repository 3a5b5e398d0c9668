"""Waits for a thread as long as it gets on, and not for one that hangs."""

import threading
import time
from collections.abc import Callable

from greenops.tracking.roster import thread_cpu_s

LOOK_S = 0.1
LONGEST_S = 30.0
"""A driver that asks again and again gets on as well, in its way."""


def join(
    thread: threading.Thread,
    idle_s: float,
    *,
    cpu_s: Callable[[int], float | None] = thread_cpu_s,
    longest_s: float = LONGEST_S,
) -> bool:
    """Wait for `thread` to end; return whether it did.

    On a machine with fifty jobs per core a thread takes long to do little, and is worth
    waiting for; one that waits for a driver uses no processor at all.

    Args:
        thread: Has been started.
        idle_s: Give up once it has used no CPU time for so many s.
        cpu_s: CPU time of a thread by its identifier, in s; None: cannot be told.
        longest_s: Give up after so many s in any case.
    """
    began_s = moved_s = time.monotonic()
    used_s: float | None = None
    while thread.is_alive():
        thread.join(min(LOOK_S, idle_s))
        now_s, before_s = time.monotonic(), used_s
        if thread.is_alive() and thread.ident is not None:
            used_s = cpu_s(thread.ident)
        if used_s != before_s:
            moved_s = now_s
        if now_s - moved_s >= idle_s or now_s - began_s >= longest_s:
            break
    return not thread.is_alive()
