"""Measures on copies, inside the running job, whether a change saves energy.

Base and candidate take turns in short blocks, base-candidate-candidate-base or the
reverse, drawn by lot for each quad. The training itself is left bit for bit as it was.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import torch

from greenops.errors import GreenopsError
from greenops.ports import EnergyMeter, TrainingChange
from greenops.torch.blocks import Samples, Step, Work, samples_in, step_by_loss
from greenops.torch.meters import find_meter
from greenops.torch.snapshot import Snapshot
from greenops.torch.training import Training
from greenops.torch.trial_run import TrialRun
from greenops.trials.budget import Budget
from greenops.trials.judge import Looks
from greenops.trials.outcome import Outcome


def trial(
    training: Training,
    change: TrainingChange,
    *,
    batches: Sequence[Any],
    loss: Callable[[Any, Any], torch.Tensor] | None = None,
    step: Step | None = None,
    samples: Samples = samples_in,
    meter: EnergyMeter | None = None,
    looks: Looks | None = None,
    budget: Budget | None = None,
    seed: int | None = None,
) -> Outcome:
    """Return what `change` does to the energy per sample of `training`.

    Call it between two steps. Whatever happens in here, the training goes on as if it
    had not been called: a failure is part of the outcome, and is not raised.

    Args:
        training: What is trained; copied, and put back bit for bit.
        change: Applied to a copy.
        batches: A few batches as the loop has them, on their device.
        loss: Computes the loss of `(model, batch)`; or hand in a `step`.
        step: One whole step of `(training, batch)`, where it takes more: several
            optimizers, closures, accumulation. Must use the training it is handed.
        samples: Counts the samples of a batch.
        meter: Energy so far; None: the best there is for the model's device.
        looks: When to decide, and how sure to be.
        budget: What to spend at most; None: bounded by `looks` alone.
        seed: Of the order of blocks; None: drawn by the system, not by the job's
            generators.

    Raises:
        ValueError: neither or both of `loss` and `step`, or no batches.
    """
    work = Work(step=_step(loss, step), batches=batches, samples=samples)
    if not batches:
        raise ValueError("hand in a few batches to measure with")
    lots = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311
    try:
        before = Snapshot(training)
    except GreenopsError as e:
        return Outcome(change=change.name, failed=str(e))
    run = TrialRun(change, looks or Looks(), budget or Budget(), lots)
    try:
        run.measure(training, work, meter or find_meter(training.device))
    except Exception as e:  # noqa: BLE001 - the job outranks its trial
        run.fail(e)
    finally:
        before.put_back()
    return run.outcome()


def _step(loss: Callable[[Any, Any], torch.Tensor] | None, step: Step | None) -> Step:
    if step is not None and loss is None:
        return step
    if loss is not None and step is None:
        return step_by_loss(loss)
    raise ValueError("hand in either loss(model, batch) or step(training, batch)")
