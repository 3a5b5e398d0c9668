"""A second training like the first, that shares nothing with it that changes."""

import copy
from typing import Any

import torch
from torch.optim import Optimizer

from greenops.errors import SnapshotRefusedError
from greenops.torch.training import Training

CLONE_MARK = "greenops_clone"
"""Attribute of a clone's optimizers: their steps are no steps of the user's run."""


def clone(training: Training) -> Training:
    """Return a deep copy of model, optimizers, scaler and extras, joined as they are.

    Schedulers and the loader stay behind: a trial moves no learning rate, and is handed
    its batches.

    Raises:
        SnapshotRefusedError: something cannot be copied; nothing was touched.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        # every rank would have to run the same trial, and come to the same end
        raise SnapshotRefusedError("trials of a training on several ranks are not made")
    _refuse_compiled_in_place(training)
    memo: dict[int, Any] = {}
    model = _deep(training.plain_model, "the model", memo)
    optimizers = tuple(_optimizer(o, memo) for o in training.optimizers)
    return Training(
        model=model,
        optimizers=optimizers,
        scaler=_deep(training.scaler, "the scaler", memo),
        extras=tuple(_deep(e, "an extra object", memo) for e in training.extras),
    )


def _optimizer(optimizer: Optimizer, memo: dict[int, Any]) -> Optimizer:
    """Copy all attributes: `copy.deepcopy` drops those of L-BFGS and of subclasses."""
    twin = object.__new__(type(optimizer))
    memo[id(optimizer)] = twin
    # a scheduler wraps the `step` of its own optimizer; a copy would step that one
    own = {k: v for k, v in vars(optimizer).items() if k != "step"}
    vars(twin).update(_deep(own, type(optimizer).__name__, memo))
    setattr(twin, CLONE_MARK, True)
    return twin


def _deep(value: Any, what: str, memo: dict[int, Any]) -> Any:  # noqa: ANN401
    try:
        return copy.deepcopy(value, memo)
    except Exception as e:
        raise SnapshotRefusedError(f"{what} cannot be copied: {e}") from e


def _refuse_compiled_in_place(training: Training) -> None:
    for name, module in training.plain_model.named_modules():
        if getattr(module, "_compiled_call_impl", None) is not None:
            raise SnapshotRefusedError(
                f"{name or 'the model'} was compiled in place, which a copy loses; "
                "use `model = torch.compile(model)` instead of `model.compile()`"
            )
