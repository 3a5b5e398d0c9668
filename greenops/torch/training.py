"""The parts of one training: what a snapshot holds and a trial copies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import nn
from torch.optim import Optimizer


@runtime_checkable
class Stateful(Protocol):
    """Anything that can state where it stands and be set there."""

    def state_dict(self) -> Any:  # noqa: ANN401 - of its own making
        """Return where it stands."""

    def load_state_dict(self, state: Any, /) -> object:  # noqa: ANN401 - see above
        """Stand where `state` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A model with all that trains it.

    Attributes:
        model: Under training; `DistributedDataParallel` is looked through.
        optimizers: One, or several as in a GAN.
        schedulers: Of learning rates, if any.
        scaler: The gradient scaler of mixed precision, if any.
        loader: What hands out batches, where it can state its position
            (`state_dict`, as torchdata's `StatefulDataLoader`) or draws from
            generators of its own.
        extras: Further objects that training changes: an average of weights, a
            module of a loss function with parameters.
    """

    model: nn.Module
    optimizers: Sequence[Optimizer] = ()
    schedulers: Sequence[Any] = ()
    scaler: Any = None
    loader: Any = None
    extras: Sequence[Any] = field(default=())

    @property
    def plain_model(self) -> nn.Module:
        """The model inside the wrapper that joins ranks, or itself."""
        wrapper = torch.nn.parallel.DistributedDataParallel
        if isinstance(self.model, wrapper):
            return cast("nn.Module", self.model.module)
        return self.model

    @property
    def device(self) -> torch.device:
        """Where the first parameter lies; the CPU where there is none."""
        for parameter in self.plain_model.parameters():
            return parameter.device
        return torch.device("cpu")
