"""What the processes of one training agree upon, with one reduction a step at most."""

from typing import Any

import torch
from torch import distributed


class Alone:
    """The only process of a training."""

    rank = 0
    size = 1

    def most_wanted(self, wanted: int) -> int:
        """Return what is wanted most."""
        return wanted

    def all_well(self, *, well: bool) -> bool:
        """Return whether it went well everywhere."""
        return well

    def flush(self) -> None:
        """Forget what is under way; nothing is."""


class Ranks:
    """One of several processes that step together.

    A signal reaches them at different steps. Each step begins to find out what is
    wanted most, and takes what came of the step before, which has long arrived: so they
    all stop behind the same step, and none waits for another. On processors, by gloo: a
    GPU is not synchronised for it.
    """

    def __init__(self) -> None:
        self.rank = distributed.get_rank()
        self.size = distributed.get_world_size()
        self._group = distributed.new_group(backend="gloo")
        self._found: torch.Tensor | None = None
        self._work: Any = None

    def most_wanted(self, wanted: int) -> int:
        """Return what any of them wanted most at the step before."""
        before = self._taken()
        self._found = torch.tensor([wanted])
        self._work = distributed.all_reduce(
            self._found, distributed.ReduceOp.MAX, group=self._group, async_op=True
        )
        return before

    def all_well(self, *, well: bool) -> bool:
        """Return whether it went well for all of them; waits for each."""
        failed = torch.tensor([int(not well)])
        distributed.all_reduce(failed, group=self._group)
        return not int(failed)

    def flush(self) -> None:
        """Wait for what is under way, and forget it."""
        self._taken()

    def _taken(self) -> int:
        if self._work is None or self._found is None:
            return 0
        self._work.wait()
        found = int(self._found)
        self._work = self._found = None
        return found


def ranks() -> Alone | Ranks:
    """Return the processes of this training: this one, or those of `torch.distributed`.

    Those of the group that is initialised when this is called.
    """
    together = distributed.is_available() and distributed.is_initialized()
    return Ranks() if together and distributed.get_world_size() > 1 else Alone()
