"""A training loop that can be paused at any batch, and goes on at exactly that one.

The half of the job protocol (`docs/jobs.md`) that a training script plays: on the
checkpoint signal it saves behind the batch at hand and ends with exit status 75; run
again with `GREENOPS_RESUME=1` it goes on there, bit for bit as if nothing had been.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from greenops.errors import CheckpointError
from greenops.model import CHECKPOINTED
from greenops.torch.checkpoint import Checkpoints
from greenops.torch.plain import plain, random_state, restore_random_state
from greenops.torch.ranks import ranks
from greenops.torch.training_state import TrainingState, generators_of

log = logging.getLogger(__name__)

FORMAT = "greenops.checkpoint/1"
SUBFOLDER = "greenops"
_NOTHING, _SAVE, _PAUSE = range(3)
Batch = TypeVar("Batch")


class Resumable:
    """A training that can be paused and resumed; made by `resumable`.

    Attributes:
        step: Batches done so far, in all epochs.
        resumed: Whether it goes on from a checkpoint.
        values: Plain values of the script's own that are kept as well, such as the
            best accuracy so far; numbers, texts, tensors, lists and mappings of them.
    """

    def __init__(
        self,
        state: TrainingState,
        folder: Path | None,
        *,
        every_s: float | None,
        signal_number: int,
    ) -> None:
        self.step = 0
        self.resumed = False
        self.values: MutableMapping[str, Any] = {}
        self._state = state
        self._ranks = ranks()
        rank = self._ranks.rank
        self._checkpoints = None if folder is None else Checkpoints(folder, rank)
        self._every_s = every_s
        self._saved_s = time.monotonic()
        self._asked = threading.Event()
        self._epoch = self._loop = self._batch = 0
        self._began: dict[str, Any] | None = None
        self._ahead: Mapping[str, Any] | None = None
        if self._checkpoints is not None:
            _listen(signal_number, self._asked)
            if self._ranks.rank == 0:
                self._checkpoints.mark_paused(paused=False)

    def pause(self) -> None:
        """Ask for a pause, as the signal does; from any thread."""
        self._asked.set()

    def epochs(self, count: int) -> Iterator[int]:
        """Yield the epochs from where the training stands up to `count`, from 0 on.

        Raises:
            SystemExit: it was paused between two epochs; its status is 75.
        """
        while self._epoch < count:
            self._loop = 0
            yield self._epoch
            self._epoch, self._loop, self._batch = self._epoch + 1, 0, 0
            self._ahead = None
            self._look()

    def batches(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches of a loader, after those that were done before a pause.

        The batches of the epoch that were done already are drawn again and dropped, so
        that the order, and what workers draw at random, come out the same.

        Args:
            loader: That of `resumable`, or one that is iterated over in the same order
                in every run.

        Raises:
            SystemExit: it was paused behind a batch; its status is 75.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and self._loop < ahead["loop"]:
            self._loop += 1  # a loop of this epoch that was over before the pause
            self._ahead = ahead
            return
        batches = self._begun(loader, ahead)
        for batch in batches:
            yield batch
            self._batch += 1
            self.step += 1
            self._look()
        self._loop, self._batch, self._began = self._loop + 1, 0, None

    def save(self) -> bool:
        """Save where the training stands; return whether that is on the disk.

        What fails is logged, the checkpoint before stays, and the training goes on.
        """
        if self._checkpoints is None:
            return False
        step, well = self.step, True
        try:
            self._checkpoints.write(step, self._kept())
        except (OSError, CheckpointError) as e:
            log.warning("no checkpoint could be written, the last one stays: %s", e)
            well = False
        if not self._ranks.all_well(well=well):
            self._checkpoints.discard(step)
            return False
        self._saved_s = time.monotonic()
        return self._ranks.all_well(well=self._committed(step))

    def _committed(self, step: int) -> bool:
        if self._ranks.rank != 0 or self._checkpoints is None:
            return True
        try:
            self._checkpoints.commit(step)
        except OSError as e:
            log.warning("the checkpoint could not be made to count: %s", e)
            return False
        return True

    def _begun(
        self, loader: Iterable[Batch], ahead: Mapping[str, Any] | None
    ) -> Iterator[Batch]:
        """Return what is left of a loader, with the generators as they were there."""
        if ahead is None or ahead["began"] is None:
            self._began = self._generators()
            return iter(loader)
        self._began = dict(ahead["began"])
        restore_random_state(ahead["began"]["random"])
        self._state.restore_generators(ahead["began"])
        batches = iter(loader)
        for _ in range(ahead["batch"]):
            next(batches, None)
        self._batch = ahead["batch"]
        restore_random_state(ahead["random"])
        self._state.restore_generators(ahead["state"])
        return batches

    def _generators(self) -> dict[str, Any]:
        return {"random": random_state(), "generators": self._state.generators()}

    def _look(self) -> None:
        """Pause if that is asked for, save if it is time."""
        if self._checkpoints is None:
            return
        due = self._every_s is not None and (
            time.monotonic() - self._saved_s >= self._every_s
        )
        wanted = _PAUSE if self._asked.is_set() else _SAVE if due else _NOTHING
        found = self._ranks.most_wanted(wanted)
        if found == _PAUSE:
            self._pause()
        elif found == _SAVE:
            self.save()

    def _pause(self) -> None:
        self._asked.clear()
        self._ranks.flush()
        if not self.save():
            return  # what was computed since the last checkpoint is not thrown away
        if self._checkpoints is not None and self._ranks.rank == 0:
            self._checkpoints.mark_paused(paused=True)
        log.info("paused behind step %d", self.step)
        sys.exit(CHECKPOINTED)

    def _kept(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "step": self.step,
            "epoch": self._epoch,
            "loop": self._loop,
            "batch": self._batch,
            "began": self._began,
            "random": random_state(),
            "threads": torch.get_num_threads(),
            "ranks": self._ranks.size,
            "values": plain(dict(self.values), "values"),
            "state": self._state.capture(),
        }

    def resume(self) -> bool:
        """Go on from the last checkpoint; return whether there is one.

        Raises:
            CheckpointError: it is damaged, or of another training.
        """
        kept = None if self._checkpoints is None else self._checkpoints.latest()
        if kept is None:
            return False
        if kept.get("format") != FORMAT:
            raise CheckpointError(
                f"the checkpoint is a {kept.get('format')!r}, which this greenops does"
                " not know: upgrade it, or begin anew in another folder"
            )
        if kept["ranks"] != self._ranks.size:
            raise CheckpointError(
                f"the checkpoint is of {kept['ranks']} processes, and this training has"
                f" {self._ranks.size}: resume with as many as before"
            )
        self._state.restore(kept["state"])
        restore_random_state(kept["random"])
        self.step, self._epoch = kept["step"], kept["epoch"]
        self.values = dict(kept["values"])
        self._ahead = kept
        self.resumed = True
        if kept["threads"] != torch.get_num_threads():
            log.warning(
                "%d threads, and %d before: sums may differ in their last bit",
                torch.get_num_threads(),
                kept["threads"],
            )
        return True


def _listen(number: int, asked: threading.Event) -> None:
    """Have a signal ask for a pause; whoever listened before is told as well."""
    before = signal.getsignal(number)

    def told(received: int, frame: Any) -> None:  # noqa: ANN401 - of the interpreter
        asked.set()
        if callable(before):
            before(received, frame)

    try:
        signal.signal(number, told)
    except ValueError:
        log.warning("only the main thread can listen for the checkpoint signal")


def resumable(
    *,
    model: nn.Module | Sequence[nn.Module],
    optimizer: Any = None,  # noqa: ANN401 - whatever has a state, or a list of such
    scheduler: Any = None,  # noqa: ANN401 - likewise
    loader: Any = None,  # noqa: ANN401 - a DataLoader, or a list of them
    folder: str | os.PathLike[str] | None = None,
    resume: bool | None = None,
    every_s: float | None = None,
    signal_name: str = "USR1",
    **others: Any,  # noqa: ANN401 - as `optimizer`
) -> Resumable:
    """Return a training that can be paused and resumed at any batch.

    Under the daemon, or with `folder`, the checkpoint signal has it save behind the
    batch at hand and end with exit status 75. Elsewhere nothing is installed, and the
    loop runs as it is. On one process and on several (DDP), which stop behind the same
    step. On a CPU what follows is bit-identical to a run that was never paused, except
    for what persistent workers draw at random.

    Args:
        model: One module or several, on its device; DDP's and compiled ones too.
        optimizer: One or a list.
        scheduler: One or a list.
        loader: The training's; its generator and its sampler's are kept.
        folder: Of the checkpoints; None: `GREENOPS_CHECKPOINT_DIR`.
        resume: Whether to go on from a checkpoint there; None: as `GREENOPS_RESUME`
            says, and without it if there is one.
        every_s: Also save every so many seconds; None: only when paused.
        signal_name: Without SIG, as the job was submitted with.
        others: Whatever else has `state_dict` and `load_state_dict`: a scaler, averaged
            weights. Names are free, and kept.

    Raises:
        CheckpointError: something has a state that cannot be kept; or the checkpoint is
            damaged, or of another training.
        ValueError: `every_s` is not above 0, or there is no such signal.
    """
    if every_s is not None and not every_s > 0.0:
        raise ValueError(f"every_s must be above 0 s, not {every_s}")
    number = signal.Signals[f"SIG{signal_name.upper().removeprefix('SIG')}"]
    stated = folder if folder is not None else os.environ.get("GREENOPS_CHECKPOINT_DIR")
    parts = {"optimizer": optimizer, "scheduler": scheduler, **others}
    state = TrainingState(model, parts, generators_of(loader))
    made = Resumable(
        state,
        Path(stated) / SUBFOLDER if stated else None,
        every_s=every_s,
        signal_number=number,
    )
    if resume is None:
        resume = os.environ.get("GREENOPS_RESUME", "1") == "1"
    if resume:
        made.resume()
    return made
