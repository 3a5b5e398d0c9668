"""Counts optimizer steps, by torch's global hook."""

from __future__ import annotations

import time
import weakref

from . import cells
from .surroundings import describe_step
from .untraced import leave_untraced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .observer import Observer


class StepCounter:
    """Counts the steps of every optimizer that is one of torch's classes or their heir.

    A step that a gradient scaler skips never reaches the hook; one of L-BFGS is one,
    however often it calls its closure.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._clock = time.monotonic
        self._slots: dict[int, int] = {}
        self._dying: dict[int, object] = {}
        self._names: list[dict[str, object]] = []
        observer.on_fork(self._forget)

    def stepped(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        """Count one step. Never raises."""
        observer = self._observer
        if observer.off or getattr(optimizer, "greenops_clone", False):
            return  # a trial steps copies; they are no steps of the training
        try:
            now_s = self._clock()
            counts = observer.counts or observer.ready()
            whole = counts.whole
            number = whole[cells.STEPS]
            whole[cells.STEPS] = number + 1
            counts.times[cells.LAST_STEP_S] = now_s
            if number < cells.MARKS:
                counts.times[cells.FIRST_MARK + number] = now_s
            passes = observer.passes
            found = passes.credited or passes.credit()  # type: ignore[union-attr]
            if found is not None:
                whole[found.at + cells.PASS_STEPS] += 1
            slot = self._slots.get(id(optimizer))
            if slot is None:
                slot = self._meet(optimizer)
            whole[cells.OPTIMIZER_STEPS + slot] += 1
        except Exception as e:
            observer.give_up(e)

    def _meet(self, optimizer: Any) -> int:
        slot = min(len(self._names), cells.MOST_OPTIMIZERS - 1)
        key = id(optimizer)
        self._slots[key] = slot
        # An id is used again once its object is gone.
        self._dying[key] = weakref.ref(optimizer, lambda _: self._part(key))
        if len(self._names) < cells.MOST_OPTIMIZERS:
            self._names.append({"optimizer": type(optimizer).__name__})
        self._observer.tell(**describe_step(optimizer, self._names, slot))
        return slot

    def _part(self, key: int) -> None:
        self._slots.pop(key, None)
        self._dying.pop(key, None)

    def _forget(self) -> None:
        self._slots.clear()
        self._dying.clear()
        self._names = []


def watch_steps(observer: Observer) -> None:
    """Have every optimizer step counted.

    Raises:
        Exception: this torch has no such hook.
    """
    from torch.optim.optimizer import register_optimizer_step_post_hook

    counter = StepCounter(observer)
    leave_untraced(counter.stepped)
    # Never removed: torch is iterating over its hooks when one of them gives up.
    register_optimizer_step_post_hook(counter.stepped)
