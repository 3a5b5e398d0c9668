"""Runs blocks of steps on one copy of a training, with their energy."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from greenops.ports import EnergyMeter
from greenops.torch.surroundings import RandomStates
from greenops.torch.training import Training
from greenops.trials.quads import Block, Side

Step = Callable[[Training, Any], torch.Tensor | None]
"""One whole training step on one batch: zeroes, runs, updates; returns the loss."""

Samples = Callable[[Any], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What both sides do.

    Attributes:
        step: One step.
        batches: Gone through in order, again and again.
        samples: Counts the samples of a batch.
    """

    step: Step
    batches: Sequence[Any]
    samples: Samples


class SideRunner:
    """One copy of a training, stepped block by block.

    Args:
        side: Whether it is the base or the candidate.
        training: The copy.
        work: What is done in a step.
        meter: Energy so far.
    """

    def __init__(
        self, side: Side, training: Training, work: Work, meter: EnergyMeter
    ) -> None:
        self.side, self.training = side, training
        self._work, self._meter = work, meter
        self._random = RandomStates()

    def block(self, first: int, steps: int) -> Block:
        """Run `steps` steps from batch `first` on; both sides draw the same numbers.

        Raises:
            SensorReadError: the energy is unknown.
        """
        self._random.put_back()
        batches = self._work.batches
        chosen = [batches[(first + i) % len(batches)] for i in range(steps)]
        loss: torch.Tensor | None = None
        self._finish_gpu()
        start_j, start_s = self._meter.energy_j(), time.perf_counter()
        for batch in chosen:
            loss = self._work.step(self.training, batch)
        self._finish_gpu()
        duration_s = time.perf_counter() - start_s
        return Block(
            side=self.side,
            energy_j=self._meter.energy_j() - start_j,
            duration_s=duration_s,
            steps=steps,
            samples=sum(self._work.samples(b) for b in chosen),
            loss=None if loss is None else float(loss.detach()),
        )

    def trains(self) -> bool:
        """Tell whether the steps so far reached this copy's own parameters."""
        parameters = list(self.training.model.parameters())
        return any(p.grad is not None or p._version for p in parameters)

    def _finish_gpu(self) -> None:
        if self.training.device.type == "cuda":
            torch.cuda.synchronize(self.training.device)


def diverged(block: Block) -> bool:
    """Tell whether the loss at the end of a block is not a number any more."""
    return block.loss is not None and not math.isfinite(block.loss)


def samples_in(batch: Any) -> int:  # noqa: ANN401 - whatever the loader hands out
    """Return the length of the first tensor found in a batch; 1 where there is none."""
    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.dim() else 1
    if isinstance(batch, dict):
        batch = tuple(batch.values())
    if isinstance(batch, list | tuple):
        return next((samples_in(b) for b in batch if _holds_tensor(b)), 1)
    return 1


def _holds_tensor(value: Any) -> bool:  # noqa: ANN401 - see above
    return isinstance(value, torch.Tensor | list | tuple | dict)


def step_by_loss(loss: Callable[[Any, Any], torch.Tensor]) -> Step:
    """Return the usual step around `loss(model, batch)`: backward, then all optimizers.

    With a gradient scaler the loss is scaled, and the scaler decides on the update.
    """

    def step(training: Training, batch: Any) -> torch.Tensor:  # noqa: ANN401
        for optimizer in training.optimizers:
            optimizer.zero_grad()
        value = loss(training.model, batch)
        scaler = training.scaler
        (value if scaler is None else scaler.scale(value)).backward()
        for optimizer in training.optimizers:
            if scaler is None:
                optimizer.step()
            else:
                scaler.step(optimizer)
        if scaler is not None:
            scaler.update()
        return value

    return step
