"""Writes down, tick by tick, what the job's processes count of their training."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from greenops.model import Training, TrainingPass
from greenops.ports import Recorder, TrainingWatch


class TrainingLog:
    """The training of one run, as its recorder is told of it.

    Args:
        watch: Who knows; None: nobody looks.
        recorder: Told of what is new, and of nothing where nothing trains.
        run_id: The run.
    """

    def __init__(
        self, watch: TrainingWatch | None, recorder: Recorder, run_id: str
    ) -> None:
        self._watch = watch
        self._recorder = recorder
        self._run_id = run_id
        self._told: dict[tuple[int, int], TrainingPass] = {}
        self.last: Training | None = None

    def tick(self, epoch_s: Callable[[float], float], at_s: float) -> None:
        """Look, and write down what is new.

        Args:
            epoch_s: Turns monotonic s into epoch s.
            at_s: Monotonic s of now.
        """
        if self._watch is None:
            return
        found = self._watch.read(epoch_s=epoch_s, at_s=at_s)
        if found is None:
            return
        known = {(one.pid, one.number): one for one in found.passes}
        if self.last is not None and _still(found, self.last):
            return
        news = tuple(p for key, p in known.items() if not _same(p, self._told.get(key)))
        self._told = known
        self.last = found
        self._recorder.add_training(self._run_id, replace(found, passes=news))

    def close(self) -> Sequence[str]:
        """Look no more; return what the job's processes had to say."""
        if self._watch is None:
            return ()
        said = self._watch.notes()
        self._watch.close()
        return said


def _still(found: Training, last: Training) -> bool:
    """Return whether nothing at all was counted since."""
    return replace(found.tick, at_epoch_s=last.tick.at_epoch_s) == last.tick


def _same(one: TrainingPass, told: TrainingPass | None) -> bool:
    """Return whether nothing was counted since; a clock that was set counts nothing."""
    return told is not None and (one.batches, one.steps, one.trains) == (
        told.batches,
        told.steps,
        told.trains,
    )
