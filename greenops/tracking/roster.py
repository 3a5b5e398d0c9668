"""Divides one process's CPU time among what is tracked within it at the same time.

Rules, each stated to the user in the method page:

* A tracked block within another one is part of it: the outer holds the inner.
* Blocks beside each other (threads, tasks) share what their common surroundings use,
  in proportion to the CPU time of the threads that opened them; equally where none of
  these did anything (both wait for workers) or where one thread opened several.
* A block opened in another thread lies within the block of the main thread, if one is
  open there: that is where the thread was started from.

So blocks beside each other never add up to more than the process.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def thread_cpu_s(ident: int) -> float | None:
    """Return the CPU time of a thread of this process, in s; None when it is gone."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(ident))
    except (OSError, AttributeError):
        return None


@dataclass(eq=False, slots=True)
class Entry:
    """One tracked block: the thread that opened it, and what it was given so far."""

    parent: "Entry | None"
    thread_id: int
    cpu_s: float = 0.0
    thread_cpu_s: float | None = None
    children: list["Entry"] = field(default_factory=list)
    fraction: float = 1.0
    """Fraction of the process's use that was this block's at the last division."""


class Roster:
    """The blocks now tracked in this process.

    Args:
        process_cpu_s: CPU seconds of the process and its descendants so far.
        thread_cpu_s: CPU seconds of a thread by its identifier.
    """

    def __init__(
        self,
        process_cpu_s: Callable[[], float],
        thread_cpu_s: Callable[[int], float | None] = thread_cpu_s,
    ) -> None:
        self._process_cpu_s = process_cpu_s
        self._thread_cpu_s = thread_cpu_s
        self._roots: list[Entry] = []
        self._last_s = process_cpu_s()
        self._lock = threading.RLock()

    def enter(self, parent: Entry | None) -> Entry:
        """Open a block in the calling thread, within `parent`."""
        with self._lock:
            self.divide()
            thread_id = threading.get_ident()
            if parent is None and threading.current_thread() is not main_thread():
                parent = self._open_in(main_thread().ident)
            entry = Entry(parent, thread_id)
            entry.thread_cpu_s = self._thread_cpu_s(thread_id)
            self._siblings(entry).append(entry)
            return entry

    def leave(self, entry: Entry) -> None:
        """Close a block. Blocks still open within it move to its surroundings."""
        with self._lock:
            self.divide()
            siblings = self._siblings(entry)
            if entry in siblings:
                siblings.remove(entry)
                for child in entry.children:
                    child.parent = entry.parent
                siblings += entry.children
                entry.children = []

    def divide(self) -> None:
        """Give out the CPU time used since the last division."""
        with self._lock:
            now_s = self._process_cpu_s()
            used_s, self._last_s = now_s - self._last_s, now_s
            self._share(self._roots, used_s, 1.0)

    def _share(self, entries: list[Entry], used_s: float, fraction: float) -> None:
        """Give `used_s` to the entries; `fraction` is their part of the process."""
        if not entries:
            return
        weights = self._weights(entries)
        for entry, weight in zip(entries, weights, strict=True):
            entry.cpu_s += used_s * weight
            entry.fraction = fraction * weight
            self._share(entry.children, used_s * weight, fraction * weight)

    def _weights(self, entries: list[Entry]) -> list[float]:
        worked = []
        now = {e.thread_id: self._thread_cpu_s(e.thread_id) for e in entries}
        for entry in entries:
            same_thread = sum(e.thread_id == entry.thread_id for e in entries)
            after, before = now[entry.thread_id], entry.thread_cpu_s
            if after is None or before is None:
                worked.append(0.0)  # the thread is gone
            else:
                worked.append(max(0.0, after - before) / same_thread)
            entry.thread_cpu_s = after
        total = sum(worked)
        if total <= 0:
            return [1 / len(entries)] * len(entries)
        return [w / total for w in worked]

    def _siblings(self, entry: Entry) -> list[Entry]:
        return self._roots if entry.parent is None else entry.parent.children

    def _open_in(self, thread_id: int | None) -> Entry | None:
        innermost, candidates = None, self._roots
        while found := [e for e in candidates if e.thread_id == thread_id]:
            innermost = found[-1]
            candidates = innermost.children
        return innermost


def main_thread() -> threading.Thread:
    """Return the thread the interpreter was started in."""
    return threading.main_thread()
