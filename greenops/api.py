"""What `import greenops` offers: measure a block or a function from within.

Measuring happens in a background thread and never raises into the code it measures.
"""

import contextvars
import functools
import logging
import os

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, overload

from greenops.errors import ConfigError
from greenops.report.summary import Summary
from greenops.tracking.outcome import Ended
from greenops.tracking.recording import Recording
from greenops.tracking.roster import Entry
from greenops.wire import in_process

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_surrounding: contextvars.ContextVar["Tracker | None"] = contextvars.ContextVar(
    "greenops_tracker", default=None
)


class Tracker:
    """One tracked block. Made by `track`; a context manager, and a decorator.

    Blocks may be nested (the outer one holds the inner one) and may run beside each
    other in threads or tasks (they then share what the process uses; see the method
    page). In a forked child a tracker of the parent does nothing.

    Raises:
        ConfigError: an option is wrong; raised at once, before anything is measured.
    """

    def __init__(self, name: str | None = None, **options: object) -> None:
        self._name = name
        self._options = options
        self._process = in_process(options)
        self._pid = os.getpid()
        self._recording: Recording | None = None
        self._entry: Entry | None = None
        self._token: contextvars.Token[Tracker | None] | None = None
        self._result: Summary | None = None
        self.run_id: str | None = None

    def __enter__(self) -> "Tracker":
        surrounding = _surrounding.get()
        try:
            parent = surrounding if surrounding and surrounding._entry else None
            self._entry = self._process.roster.enter(parent._entry if parent else None)
            self.run_id, self._recording = self._process.record(
                self._name or "tracked",
                self._entry,
                parent_run_id=parent.run_id if parent else None,
            )
        except Exception:  # noqa: BLE001 - the job outranks its accountant
            log.warning("greenops cannot track %r", self._name, exc_info=True)
        self._token = _surrounding.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _surrounding.reset(self._token)
            self._token = None
        if os.getpid() != self._pid or self._recording is None or self._entry is None:
            return
        ended = Ended(
            at_s=time.monotonic(), exit_code=0 if kind is None else 1, exit_signal=None
        )
        try:
            self._result = self._process.finish(self._recording, self._entry, ended)
        except Exception:  # noqa: BLE001 - as above
            log.warning("greenops lost the end of %r", self._name, exc_info=True)
        self._recording = None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with each call tracked as a run of its own."""
        return _tracked(function, self._name or function.__qualname__, self._options)

    def mark(self, name: str) -> None:
        """Begin the phase `name` here; it ends where the next one begins."""
        if self._recording is not None and os.getpid() == self._pid:
            self._recording.mark(name)

    def result(self) -> Summary:
        """Return what the block used, in the units its fields name.

        Raises:
            RuntimeError: the block is not over yet, or it could not be measured.
        """
        if self._result is None:
            raise RuntimeError(
                "no result: the tracked block is still running, or measuring it failed"
                " (see the log)"
            )
        return self._result


@overload
def track(name: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def track(
    name: str | None = None,
    /,
    *,
    project: str | None = None,
    team: str | None = None,
    tags: Mapping[str, str] | None = None,
    zone: str | None = None,
    pue: float | None = None,
    interval_s: float | None = None,
) -> Tracker: ...


def track(name: Any = None, /, **options: Any) -> Any:
    """Measure a block, or every call of a function.

        with track("training"): ...
        @track
        @track("training", project="vision", zone="FR")

    Args:
        name: What to call the run; the function's name where it is used bare.
        **options: `project`, `team`, `tags`, `zone`, `pue` (at least 1) and
            `interval_s`, each in place of what is configured.

    Raises:
        ConfigError: an option is unknown or wrong.
    """
    unknown = set(options) - {"project", "team", "tags", "zone", "pue", "interval_s"}
    if unknown:
        raise ConfigError(f"track() has no option {', '.join(sorted(unknown))}")
    given = {key: value for key, value in options.items() if value is not None}
    if callable(name):
        return _tracked(name, name.__qualname__, given)
    return Tracker(name, **given)


def _tracked(
    function: Callable[P, R], name: str, options: Mapping[str, object]
) -> Callable[P, R]:
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with Tracker(name, **options):
            return function(*args, **kwargs)

    return wrapper


