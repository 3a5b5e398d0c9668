"""A thread that collects notes and hands them over together."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence

Note = tuple[object, ...]
"""The name of a recorder's method, and what it was given."""


class Background:
    """Collects notes from any thread and hands them over in batches, in order.

    The thread starts with the first note and sleeps while there is none. In a process
    forked from this one it is not there, and every call does nothing.

    Args:
        write: Writes a batch; called from one thread at a time.
        idle: Called after each batch, for what may take its time.
        release: Called when the last batch is written.
        commit_every_s: How long a note may wait for others.
        patience_s: How long `write` should try for a locked ledger.
        max_weight: Most that may wait; more is refused.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Note]], None],
        *,
        idle: Callable[[], None],
        release: Callable[[], None],
        commit_every_s: float,
        patience_s: float,
        max_weight: int,
    ) -> None:
        self._write = write
        self._idle = idle
        self._release = release
        self._commit_every_s = commit_every_s
        self._patience_s = patience_s
        self._max_weight = max_weight
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._notes: list[Note] = []
        self._weight = self._put = self._done = 0
        self._urgent = self._closing = False
        self._hurry_until_s = float("inf")
        self._batch_began_s = 0.0
        self._thread: threading.Thread | None = None
        self._no_thread = False

    def until_s(self) -> float:
        """Return the monotonic time up to which `write` may try for a lock."""
        return min(self._batch_began_s + self._patience_s, self._hurry_until_s)

    def note(self, note: Note, *, weight: int = 0, urgent: bool = False) -> bool:
        """Take a note; return whether there was room for it."""
        if os.getpid() != self._pid:
            return True
        with self._changed:
            if self._closing:
                return True  # whoever closes has no more to say
            if weight and self._weight + weight > self._max_weight:
                return False
            self._notes.append(note)
            self._weight += weight
            self._put += 1
            self._urgent |= urgent
            if urgent or len(self._notes) == 1:
                self._changed.notify_all()
            self._start_once()
        return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was noted so far is handed over; return whether it is."""
        if os.getpid() != self._pid:
            return True
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            goal = self._put
            self._urgent = True
            # A locked ledger is given up in time to set the run aside instead.
            self._hurry_until_s = deadline_s - timeout_s / 2
            self._changed.notify_all()
            if self._no_thread and self._notes:
                self._write_here()
            self._changed.wait_for(lambda: self._done >= goal, timeout_s)
            self._hurry_until_s = float("inf")
            return self._done >= goal

    def close(self, timeout_s: float) -> None:
        """Write what is left and end the thread, within about twice `timeout_s`."""
        if os.getpid() != self._pid or self._closing:
            return
        self.flush(timeout_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _start_once(self) -> None:
        if self._thread is not None or self._no_thread:
            return
        thread = threading.Thread(target=self._run, name="greenops-ledger", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads allowed: then `flush` does the work
            self._no_thread = True
        else:
            self._thread = thread

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # signals are for the main thread
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        last_s = time.monotonic()  # so that a short run takes one transaction in all
        while batch := self._next_batch(last_s + self._commit_every_s):
            last_s = time.monotonic()
            self._write(batch)
            with self._changed:
                self._done += len(batch)
                self._changed.notify_all()
            self._idle()
        self._release()

    def _next_batch(self, due_s: float) -> list[Note]:
        """Wait for notes, and then until `due_s` for more; nothing: close."""
        with self._changed:
            self._changed.wait_for(lambda: self._notes or self._closing)
            while not (self._urgent or self._closing):
                left_s = due_s - time.monotonic()
                if left_s <= 0:
                    break
                self._changed.wait(left_s)
            return self._taken()

    def _taken(self) -> list[Note]:
        batch, self._notes = self._notes, []
        self._weight = 0
        self._urgent = False
        self._batch_began_s = time.monotonic()
        return batch

    def _write_here(self) -> None:
        batch = self._taken()
        self._write(batch)
        self._release()
        self._done += len(batch)
