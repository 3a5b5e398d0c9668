"""What `import greenops` offers: measure a block or a function from within.

Measuring happens in a background thread and never raises into the code it measures.
"""

import contextvars
import functools
import logging
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, cast, overload

from greenops.errors import ConfigError
from greenops.report.summary import Summary
from greenops.tracking.outcome import Ended
from greenops.wire.within import Within, config_for, this_process

if TYPE_CHECKING:
    from greenops.model import Forecast, IntensityPoint
    from greenops.reference.zone_names import GridZone
    from greenops.tracking.recording import Recording
    from greenops.tracking.roster import Entry

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
        self._name = name or "tracked"
        self._options = options
        self._config = config_for(options)
        self._within: Within | None = None
        self._recording: Recording | None = None
        self._entry: Entry | None = None
        self._token: contextvars.Token[Tracker | None] | None = None
        self._result: Summary | None = None
        self.run_id: str | None = None
        """The run in the ledger, once the block is open."""

    def __enter__(self) -> Self:
        try:
            self._open(_surrounding.get())
        except Exception:
            log.warning("greenops cannot track %r", self._name, exc_info=True)
        self._token = _surrounding.set(self)
        return self

    def _open(self, outer: "Tracker | None") -> None:
        within = this_process()
        inside = outer is not None and outer._within is within
        self._entry = within.roster.enter(outer._entry if outer and inside else None)
        self.run_id, self._recording = within.record(
            self._config,
            self._name,
            self._entry,
            parent_run_id=outer.run_id if outer and inside else None,
        )
        self._within = within

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _surrounding.reset(self._token)
            self._token = None
        if self._within is None or self._within.pid != os.getpid():
            return  # never opened, or opened by the process we were forked from
        ended = Ended(
            at_s=time.monotonic(), exit_code=0 if kind is None else 1, exit_signal=None
        )
        recording, self._recording = self._recording, None
        try:
            if recording is not None and self._entry is not None:
                self._result = self._within.finish(recording, self._entry, ended)
        except Exception:
            log.warning("greenops lost the end of %r", self._name, exc_info=True)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with each call tracked as a run of its own."""
        return _tracked(function, self._name, self._options)

    def mark(self, name: str) -> None:
        """Begin the phase `name` here; it ends where the next one begins."""
        mine = self._within is not None and self._within.pid == os.getpid()
        if mine and self._recording is not None:
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
    """Measure a block, or every call of a function, awaited to its end if it is async.

        with track("training"): ...
        @track
        @track("training", project="vision", zone="FR")

    Args:
        name: What to call the run; the function's name where it is used bare.
        **options: `project`, `team`, `tags`, `zone`, `pue` (at least 1) and
            `interval_s`, each in place of what is configured.

    Raises:
        ConfigError: an option is unknown or wrong, or the function is a generator.
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
    import inspect  # dear for a process that only opens blocks

    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError(
            f"track() measures a call, and the generator {name} does its work after it:"
            " put `with greenops.track(...)` around the loop that uses it"
        )
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> object:
            with Tracker(name, **options):
                return await function(*args, **kwargs)

        return cast("Callable[P, R]", awaited)

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with Tracker(name, **options):
            return function(*args, **kwargs)

    return wrapper


def intensity(
    zone: str | None = None, *, at: datetime | None = None, marginal: bool = False
) -> "IntensityPoint":
    """Return the carbon intensity of a grid zone at a moment, in gCO2e/kWh.

        greenops.intensity("FR").intensity_g_per_kwh

    The point holds the 95 % interval, the kind, the basis, how it came about and its
    source. The signals of `signals.order` are asked in turn; by default they are this
    machine's own and nothing is asked of anyone.

    Args:
        zone: `FR`, `US-CA`, a cloud region; None: where this machine is by
            configuration or by its cloud, else the world's average.
        at: Aware; None: now. As far ahead as the signals see.
        marginal: What a further kWh emits (`signals.marginal_order`).

    Raises:
        ConfigError: the configuration is wrong, or no signal of this kind is in it.
        UnknownZoneError: no such zone; the message lists near matches.
        SignalError: no signal has an answer.
        ValueError: `at` has no time zone.
        TypeError: `zone` is no text.
    """
    if not isinstance(zone, str | None):
        raise TypeError(f"a zone is text such as 'FR', not {zone!r}")
    from greenops.config import load_config, working_folder
    from greenops.model import IntensityKind
    from greenops.wire.signals import open_signal
    from greenops.wire.zone import zone_in_force

    config = load_config(environ=os.environ, cwd=working_folder())
    kind = IntensityKind.MARGINAL if marginal else IntensityKind.AVERAGE
    asked = zone_in_force(config) if zone is None else zone
    start = datetime.now(UTC) if at is None else at
    signal = open_signal(config, kind=kind)
    return signal.intensity(asked, start, start + timedelta(seconds=1))[0]


def intensity_forecast(
    zone: str | None = None, *, hours: int = 48, marginal: bool = False
) -> "Forecast":
    """Return the carbon intensity of a grid zone for the hours ahead, with bands.

        min(greenops.intensity_forecast("DE").hours, key=lambda h: h.high80_g_per_kwh)

    Learnt from the recorded hours of the configured signals and blended with the
    provider's forecast, where there are such; else as the signals state it.

    Args:
        zone: `FR`, `US-CA`, a cloud region; None: where this machine is by
            configuration or by its cloud, else the world's average.
        hours: How far ahead, 1 to 168.
        marginal: What a further kWh emits (`signals.marginal_order`).

    Raises:
        ConfigError: the configuration is wrong, or no signal of this kind is in it.
        UnknownZoneError: no such zone; the message lists near matches.
        SignalError: no signal has an answer.
        ValueError: `hours` is out of bounds.
    """
    from greenops.config import load_config, working_folder
    from greenops.model import IntensityKind
    from greenops.wire.forecast import forecast_zone
    from greenops.wire.signals import open_signal
    from greenops.wire.zone import zone_in_force

    config = load_config(environ=os.environ, cwd=working_folder())
    kind = IntensityKind.MARGINAL if marginal else IntensityKind.AVERAGE
    asked = zone_in_force(config) if zone is None else zone
    return forecast_zone(open_signal(config, kind=kind), asked, config, hours=hours)


def zones(
    search: str | None = None, *, near: str | None = None
) -> "tuple[GridZone, ...]":
    """Return grid zones, the likeliest first: code, name, position, providers' names.

        greenops.zones("paris")[0].code

    Args:
        search: Part of a code or a name, of greenops or of a provider.
        near: `LAT,LON` in degrees, a cloud region, a zone, or a city of a time zone:
            the zones nearest to it. Not together with `search`; with neither, all.

    Raises:
        ConfigError: no such place.
        ReferenceDataError: the table of zones is missing or damaged.
        ValueError: both are given.
    """
    from greenops.reference.zone_names import grid_zones
    from greenops.signals.zone_search import search_zones, zones_near

    if search is not None and near is not None:
        raise ValueError("give words to search for, or a place to be near, not both")
    if near is not None:
        return tuple(found.zone for found in zones_near(near))
    return tuple(grid_zones().values()) if search is None else search_zones(search)
