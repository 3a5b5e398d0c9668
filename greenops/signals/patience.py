"""Waits for an answer only so long; the question goes on without us."""

import threading
from collections.abc import Callable, Sequence

from greenops.errors import SignalBusyError, SignalError, UnknownZoneError
from greenops.model import IntensityPoint

AT_LEAST_S = 0.1
"""An answer that lies on the disk is worth this much, however late it is."""


class TooLateError(SignalBusyError):
    """The source did not answer in the time it was given."""


Question = Callable[[], Sequence[IntensityPoint]]


class Patience:
    """Asks in threads that die with the process.

    A source that owes an answer is not asked again before it gave it. What comes too
    late is lost to the caller; a source that keeps its answers keeps it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._overdue: dict[str, _Asked] = {}

    def ask(self, name: str, question: Question, wait_s: float) -> list[IntensityPoint]:
        """Return the answer to `question`.

        Raises:
            TooLateError: no answer within `wait_s`, or one is owed still.
            SignalError: whatever the question raised.
            UnknownZoneError: likewise.
        """
        with self._lock:
            owed = self._overdue.get(name)
        if owed is not None and not owed.done.is_set():
            raise TooLateError(
                f"{name} still owes an earlier answer", retry_after_s=0.0
            )
        asked = _Asked(question)
        asked.start()
        if not asked.done.wait(max(wait_s, AT_LEAST_S)):
            with self._lock:
                self._overdue[name] = asked
            if wait_s < AT_LEAST_S:  # which is not held against this one
                raise TooLateError(
                    f"{name} had no time left: signals.wait_s is for all together",
                    retry_after_s=0.0,
                )
            raise TooLateError(f"{name} did not answer within {wait_s:.3g} s")
        return asked.answer(name)


class _Asked(threading.Thread):
    """One question under way."""

    def __init__(self, question: Question) -> None:
        super().__init__(name="greenops-signal", daemon=True)
        self.done = threading.Event()
        self._question = question
        self._points: list[IntensityPoint] = []
        self._failure: Exception | None = None

    def run(self) -> None:
        try:
            self._points = list(self._question())
        except Exception as e:  # noqa: BLE001 - a plugin may fail in any way it likes
            self._failure = e
        finally:
            self.done.set()

    def answer(self, name: str) -> list[IntensityPoint]:
        """Return the points, or raise what the question raised."""
        if self._failure is None:
            return self._points
        raise expected(self._failure, name) from self._failure


def expected(error: Exception, name: str) -> Exception:
    """Return `error` if the port allows it, else a SignalError that names it."""
    if isinstance(error, SignalError | UnknownZoneError):
        return error
    return SignalError(f"{name} failed unexpectedly: {error!r}")
