"""Counts what `torch.compile` compiles, and how long that takes."""

from __future__ import annotations

import time

from . import cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from .observer import Observer


class CompileClock:
    """Told of the beginning and the end of compilations; they do not nest."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._began_s: float | None = None

    def begun(self, *_about: Any) -> None:
        """Note when a compilation begins. Never raises."""
        self._began_s = time.monotonic()

    def ended(self, *_about: Any) -> None:
        """Count a compilation. Never raises."""
        began_s, self._began_s = self._began_s, None
        if began_s is None or self._observer.off:
            return
        try:
            counts = self._observer.ready()
            counts.whole[cells.COMPILES] += 1
            counts.times[cells.COMPILED_S] += time.monotonic() - began_s
        except Exception as e:
            self._observer.give_up(e)


def watch_compiles(observer: Observer, callback: ModuleType) -> None:
    """Have compilations counted.

    Args:
        observer: Whose counts they are.
        callback: The module `torch._dynamo.callback`.

    Raises:
        Exception: this torch has no such callbacks.
    """
    clock = CompileClock(observer)
    handler = callback.callback_handler
    handler.register_start_callback(clock.begun)
    handler.register_end_callback(clock.ended)
