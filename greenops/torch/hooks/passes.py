"""Tells passes over a loader that train from those that do not.

A pass trains if an optimizer steps on what it yielded. So every batch counts as one of
evaluation until the first step after it, and then the whole pass changes sides.
"""

from __future__ import annotations

import weakref

from . import cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .cells import Cells


MOST_RECENT = 8
"""Loaders that may feed one step; more are told apart by their latest batches."""


class Pass:
    """One pass over one loader, and where its counts lie.

    `batches_at` and `samples_at` are the cells of the process's own counts that a batch
    of this pass adds to: they change when it turns out to train.
    """

    __slots__ = (
        "at",
        "batches_at",
        "done",
        "iterator",
        "learns",
        "number",
        "samples_at",
        "size_of",
        "trains",
    )

    def __init__(self, number: int, iterator: object | None) -> None:
        self.number = number
        self.at = cells.FIRST_PASS + cells.PASS_CELLS * (number % cells.MOST_PASSES)
        self.batches_at = cells.OTHER_BATCHES
        self.samples_at = cells.OTHER_SAMPLES
        self.trains = False
        self.learns: bool | None = None
        """Whether gradients were on at its first batch; None: there was none yet."""
        self.done = False
        self.size_of: Callable[[Any], int] | None = None
        self.iterator = None if iterator is None else weakref.ref(iterator)

    @property
    def goes_on(self) -> bool:
        """Whether more batches may come of it: neither at its end nor given up."""
        return not self.done and (self.iterator is None or self.iterator() is not None)


class PassBook:
    """The passes of one process."""

    def __init__(self, counts: Cells) -> None:
        self._counts = counts
        self._recent: list[Pass] = []
        self.latest: Pass | None = None
        self.credited: Pass | None = None
        """The pass the next step belongs to; None: it has to be found out."""
        self._last_trained: Pass | None = None

    def open(self, iterator: object, now_s: float) -> Pass:
        """Return a new pass, begun now."""
        whole, times = self._counts.whole, self._counts.times
        number = whole[cells.PASSES]
        found = Pass(number, iterator)
        for i in range(cells.PASS_CELLS):
            whole[found.at + i] = 0
        times[found.at + cells.START_S] = times[found.at + cells.LAST_S] = now_s
        whole[found.at + cells.NUMBER] = number + 1
        whole[cells.PASSES] = number + 1
        return found

    def turn_to(self, found: Pass, *, gradients: bool) -> None:
        """Note that batches come from another pass than before."""
        if found.learns is None:
            found.learns = gradients
        for each in (self.latest, found):
            if each is not None and each not in self._recent:
                self._recent.append(each)
        del self._recent[:-MOST_RECENT]
        self.latest = found
        self.credited = None

    def credit(self) -> Pass | None:
        """Return the pass that the step just made belongs to; None: to none.

        Several loaders may feed one step: all that gave a batch since the last one and
        still go on then train. A loader that is read ahead is at its end by its last
        step; one that was left by a `break` is gone.
        """
        learning = [p for p in self._recent if p.learns]
        feeding = (
            [p for p in learning if p.goes_on]
            or [p for p in learning if p.trains][-1:]
            or learning[-1:]
        )
        for found in feeding:
            if not found.trains:
                self._trains(found)
        self._recent = []
        self._last_trained = feeding[-1] if feeding else self._last_trained
        self.credited = self._last_trained
        return self.credited

    def _trains(self, found: Pass) -> None:
        whole = self._counts.whole
        found.trains = True
        for within, here, there in (
            (cells.BATCHES, found.batches_at, cells.TRAIN_BATCHES),
            (cells.SAMPLES, found.samples_at, cells.TRAIN_SAMPLES),
        ):
            so_far = whole[found.at + within]
            whole[here] -= so_far
            whole[there] += so_far
        found.batches_at, found.samples_at = cells.TRAIN_BATCHES, cells.TRAIN_SAMPLES
        whole[found.at + cells.TRAINS] = 1
