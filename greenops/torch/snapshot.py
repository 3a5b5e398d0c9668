"""A whole training at one moment, to be put back bit for bit."""

import copy
from typing import Any

import torch

from greenops.torch.held import Holder
from greenops.torch.surroundings import Surroundings
from greenops.torch.training import Stateful, Training


class Snapshot:
    """Everything the next steps of a training depend on, held in memory.

    Parameters, buffers, gradients, flags and plain attributes of modules, the structure
    of the model, optimizers, schedulers, scaler, the loader's position, random numbers,
    autocast, threads. Costs as much memory as the model and its optimizers.

    Not held: what only functions and iterators know, such as a `DataLoader` iterator
    with batches under way.

    Args:
        training: Held by reference; `put_back` works on the same objects.

    Raises:
        SnapshotRefusedError: something cannot be held; nothing was touched.
    """

    def __init__(self, training: Training) -> None:
        self._holder = Holder()
        self._loader = _LoaderPosition(training.loader, self._holder)
        parts = {
            "model": training.plain_model,
            "optimizers": tuple(training.optimizers),
            "schedulers": tuple(training.schedulers),
            "scaler": training.scaler,
            "extras": tuple(training.extras),
        }
        for name, part in parts.items():
            self._holder.hold(part, name)
        self._surroundings = Surroundings()

    def put_back(self) -> None:
        """Make the training what it was, in place. May be called more than once."""
        with torch.no_grad():
            self._holder.put_back()
        self._loader.put_back()
        # last: setting some of the above may draw random numbers
        self._surroundings.put_back()


class _LoaderPosition:
    """Where a loader stands, as far as it can say."""

    def __init__(self, loader: Any, holder: Holder) -> None:  # noqa: ANN401 - any loader
        self._loader = loader
        self._state: Any = None
        if isinstance(loader, Stateful):
            self._state = copy.deepcopy(loader.state_dict())
            return
        sampler = getattr(loader, "sampler", None)
        batches = getattr(loader, "batch_sampler", None)
        for owner in (loader, sampler, batches, getattr(batches, "sampler", None)):
            generator = getattr(owner, "generator", None)
            if isinstance(generator, torch.Generator):
                holder.hold(generator, "loader.generator")

    def put_back(self) -> None:
        if self._state is not None:
            self._loader.load_state_dict(copy.deepcopy(self._state))
