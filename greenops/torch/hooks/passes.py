"""Tells passes over a loader that train from those that do not.

A pass trains if an optimizer steps on what it yielded. So every pass counts as one of
evaluation until the first step after one of its batches, and then all of it trains.
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


_SUMS = {
    False: (cells.OTHER_BATCHES, cells.OTHER_SAMPLES),
    True: (cells.TRAIN_BATCHES, cells.TRAIN_SAMPLES),
}


class Pass:
    """One pass over one loader, and the place `at` of its cells.

    What its cells hold of batches and of waiting is held here too: to store is cheaper
    than to read, add and store.
    """

    __slots__ = (
        "at",
        "batches",
        "done",
        "iterator",
        "learns",
        "number",
        "size_of",
        "sizes_known",
        "trains",
        "waited_s",
    )

    def __init__(self, number: int, iterator: object) -> None:
        self.number = number
        self.at = cells.FIRST_PASS + cells.PASS_CELLS * (number % cells.MOST_PASSES)
        self.batches = 0
        self.waited_s = 0.0
        self.trains = False
        self.learns: bool | None = None
        """Whether gradients were on at its first batch; None: there was none yet."""
        self.done = False
        self.sizes_known = False
        self.size_of: Callable[[Any], int] | None = None
        self.iterator = weakref.ref(iterator)

    @property
    def goes_on(self) -> bool:
        """Whether more batches may come of it: neither at its end nor given up."""
        return not self.done and self.iterator() is not None


class PassBook:
    """The passes of one process."""

    def __init__(self, counts: Cells) -> None:
        self._counts = counts
        self._recent: list[Pass] = []
        self._placed: dict[int, Pass] = {}
        self.latest: Pass | None = None
        self.credited: Pass | None = None
        """The pass the next step belongs to; None: it has to be found out."""
        self._last_trained: Pass | None = None

    def open(
        self, iterator: object, now_s: float, *, sizes: tuple[int, int] | None
    ) -> Pass:
        """Return a new pass, begun now.

        Args:
            iterator: What yields its batches.
            now_s: Monotonic time.
            sizes: Of a batch, and of all together, where that is certain.
        """
        whole, times = self._counts.whole, self._counts.times
        number = whole[cells.PASSES]
        found = Pass(number, iterator)
        self._make_room(number)
        for i in range(cells.PASS_CELLS):
            whole[found.at + i] = 0
        times[found.at + cells.START_S] = times[found.at + cells.LAST_S] = now_s
        if sizes is not None:
            found.sizes_known = True
            whole[found.at + cells.BATCH_SIZE] = sizes[0]
            whole[found.at + cells.MOST_SAMPLES] = sizes[1]
        whole[found.at + cells.NUMBER] = number + 1
        whole[cells.PASSES] = number + 1
        self._placed[number % cells.MOST_PASSES] = found
        return found

    def _make_room(self, number: int) -> None:
        """Add the pass in the place of pass `number` to the counts of all."""
        old = self._placed.get(number % cells.MOST_PASSES)
        if old is None:
            return
        whole = self._counts.whole
        batches, samples = _SUMS[old.trains]
        whole[batches] += whole[old.at + cells.BATCHES]
        whole[samples] += cells.samples_in(whole, old.at)
        self._counts.times[cells.WAITED_S] += old.waited_s
        # Should it go on, it goes on from nothing.
        old.at = cells.SINKS + cells.PASS_CELLS * old.trains
        old.batches, old.waited_s = whole[old.at + cells.BATCHES], 0.0
        old.sizes_known = False

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
        feeding = [p for p in learning if p.goes_on] or learning[-1:]
        for found in feeding:
            if not found.trains:
                self._trains(found)
        self._recent = []
        self._last_trained = feeding[-1] if feeding else self._last_trained
        self.credited = self._last_trained
        return self.credited

    def _trains(self, found: Pass) -> None:
        found.trains = True
        if found.at < cells.SINKS:
            self._counts.whole[found.at + cells.TRAINS] = 1
