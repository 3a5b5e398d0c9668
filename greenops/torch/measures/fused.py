"""Optimizers that update all parameters in one kernel."""

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer

from greenops.ports import Risk
from greenops.torch.training import Training

_FUSED = (Adam, AdamW, SGD, Adagrad)
"""Source: torch.optim, the table of implementations."""

_DEVICES = ("cpu", "cuda")


class FusedOptimizer:
    """Switch the fused implementation of each optimizer on, its state kept."""

    name = "fused"
    says = "updates the parameters with the optimizer's fused kernel"
    risk = Risk.NONE

    def why_not(self, training: Training) -> str | None:
        """Return why it cannot help: no such optimizer, or fused already."""
        if training.device.type not in _DEVICES:
            return f"there are no fused optimizers on {training.device.type}"
        able = [o for o in training.optimizers if type(o) in _FUSED and _offers(o)]
        if not able:
            kinds = ", ".join(sorted({type(o).__name__ for o in training.optimizers}))
            return f"{kinds or 'no optimizer'} has no fused kernel"
        if not any(_open_groups(o) for o in able):
            return "every optimizer is fused already, or set not to be"
        return None

    def apply(self, training: Training) -> Callable[[], None]:
        """Switch it on where it is offered; return what switches it off again."""
        undos = [
            _fuse(optimizer, group, training.device)
            for optimizer in training.optimizers
            if type(optimizer) in _FUSED and _offers(optimizer)
            for group in _open_groups(optimizer)
        ]

        def undo() -> None:
            for one in undos:
                one()

        return undo


def _offers(optimizer: Optimizer) -> bool:
    """Tell whether this torch fuses the optimizer: older ones do fewer."""
    return "fused" in optimizer.defaults


def _open_groups(optimizer: Optimizer) -> list[dict[str, Any]]:
    """Return the groups that may be fused and are not."""
    return [
        group
        for group in optimizer.param_groups
        if not group.get("fused") and not group.get("differentiable")
        and all(torch.is_floating_point(p) for p in group["params"])
    ]  # fmt: skip


def _fuse(
    optimizer: Optimizer, group: dict[str, Any], device: torch.device
) -> Callable[[], None]:
    before = {key: group.get(key) for key in ("fused", "foreach")}
    group.update(fused=True, foreach=False)
    moved: list[tuple[dict[str, Any], torch.device]] = []
    for parameter in group["params"]:
        state = optimizer.state.get(parameter, {})
        count = state.get("step")
        # the fused kernels read the step count where the parameters are
        if isinstance(count, torch.Tensor) and count.device != device:
            moved.append((state, count.device))
            state["step"] = count.to(device)

    def undo() -> None:
        group.update(before)
        for state, home in moved:
            state["step"] = state["step"].to(home)

    return undo
