"""Watches training in the process that trains, through public extension points only.

Loaded by `shim/sitecustomize.py` into whatever Python runs the job, under the name
`_greenops_hooks` and from its files alone; hence its relative imports, standard library
only, and no syntax after Python 3.9. What it sees lies in a small file that is mapped
into memory: a count is a store, there is nothing to flush, and neither a SIGKILL nor
`os._exit` loses a step.
"""

from __future__ import annotations

from . import cells
from .observer import Observer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_observers: dict[str, Observer] = {}
"""By folder; there is one, as a rule."""


def imported(module: ModuleType, folder: str) -> None:
    """Hook into `module`, which was imported a moment ago; never raises for it.

    Where one hook finds no hold, the others are taken out: half a count misleads.
    """
    observer = observer_in(folder)
    if module.__name__ == "torch":
        from .formats import watch_autocast
        from .loaders import watch_loaders
        from .steps import watch_steps

        for watch in (watch_steps, watch_loaders, watch_autocast):
            try:
                watch(observer)
            except Exception as e:
                observer.give_up(e)
                return
    else:
        from .compiles import watch_compiles

        try:
            watch_compiles(observer, module)
        except Exception as e:
            observer.give_up(e)


def observer_in(folder: str) -> Observer:
    """Return the observer that keeps its file in `folder`."""
    if folder not in _observers:
        _observers[folder] = Observer(folder)
    return _observers[folder]


def current() -> Observer | None:
    """Return the observer at work in this process, if any."""
    return next(iter(_observers.values()), None)


def tell_step(observer: Observer, samples: int) -> None:
    """Count a step that the loop itself tells of. Never raises."""
    if observer.off:
        return
    try:
        import time

        counts = observer.ready()
        number = counts.whole[cells.TOLD_STEPS]
        now_s = time.monotonic()
        counts.whole[cells.TOLD_STEPS] = number + 1
        counts.whole[cells.TOLD_SAMPLES] += samples
        counts.times[cells.LAST_STEP_S] = now_s
        if number < cells.MARKS:
            counts.times[cells.FIRST_MARK + number] = now_s
    except Exception as e:  # the job outranks us
        observer.give_up(e)


def steps_of(observer: Observer) -> int:
    """Return the steps counted so far: those told, where any were."""
    if observer.counts is None:
        return 0
    whole = observer.counts.whole
    return whole[cells.TOLD_STEPS] or whole[cells.STEPS]
