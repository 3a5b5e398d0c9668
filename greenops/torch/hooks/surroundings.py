"""What a step runs in: framework, launcher, ranks, number format, device.

Asked once for each optimizer, at its first step, from the stack of that very step: that
a framework was imported says little, that it made the step says it.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_FRAMES = 80
FRAMEWORKS = (
    ("lightning", ("lightning.", "pytorch_lightning.", "lightning_fabric.")),
    ("hf_trainer", ("transformers.trainer",)),
    ("accelerate", ("accelerate.",)),
)
"""By the modules on the stack, the outermost framework first: one may use the next."""


def describe_step(
    optimizer: Any, known: list[dict[str, object]], slot: int
) -> dict[str, object]:
    """Return the facts of a process, as an optimizer's first step shows them."""
    tensor = _first_parameter(optimizer)
    known[slot] |= {
        "dtype": str(getattr(tensor, "dtype", "")).replace("torch.", ""),
        "device": str(getattr(getattr(tensor, "device", None), "type", "")),
    }
    modules = _modules_on_stack()
    rank, world_size = _ranks()
    return {
        "optimizers": known,
        "framework": _framework(modules),
        "launcher": _launcher(),
        "parallel": _parallel(tensor, world_size),
        "rank": rank,
        "world_size": world_size,
        "group": _group() if world_size > 1 else None,
    }


def _first_parameter(optimizer: Any) -> Any:
    for group in getattr(optimizer, "param_groups", ()):
        for parameter in group.get("params", ()):
            return parameter
    return None


def _modules_on_stack() -> set[str]:
    found: set[str] = set()
    frame = sys._getframe()
    for _ in range(MOST_FRAMES):
        if frame.f_back is None:
            break
        frame = frame.f_back
        found.add(str(frame.f_globals.get("__name__", "")))
    return found


def _framework(modules: set[str]) -> str:
    for name, beginnings in FRAMEWORKS:
        if any(module.startswith(beginnings) for module in modules):
            return name
    return "plain"


def _launcher() -> str | None:
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return "torchrun"
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return "spawn"
    return None


def _ranks() -> tuple[int, int]:
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available():
        return 0, 1
    if not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def _group() -> str:
    """Return what the ranks of one job have in common, and two jobs have not."""
    names = ("TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT")
    told = [os.environ.get(name, "") for name in names]
    return "/".join([*told, "" if any(told) else str(os.getppid())])


def _parallel(parameter: Any, world_size: int) -> str | None:
    if world_size <= 1:
        return None
    kinds = {kind.__name__ for kind in type(parameter).__mro__}
    # FSDP1 marks the views that it hands to optimizers in place of its flat parameters.
    sharded = kinds & {"DTensor", "FlatParameter"} or hasattr(
        parameter, "_fsdp_flattened"
    )
    return "fsdp" if sharded else "ddp"
