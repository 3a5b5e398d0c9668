"""torch.compile, whose compilation must be earned back."""

from collections.abc import Callable
from typing import Any

import torch

from greenops.ports import Risk
from greenops.torch.training import Training


class Compile:
    """Compile the model in place. The trial counts its first steps as its price.

    Args:
        options: For `torch.nn.Module.compile`, such as `mode` or `backend`.
    """

    name = "compile"
    says = "compiles the model with torch.compile"
    risk = Risk.NONE

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - torch's own
        self._options = options

    def why_not(self, training: Training) -> str | None:
        """Return why it cannot help: compiled already, or not to be compiled."""
        for module in training.plain_model.modules():
            in_place = getattr(module, "_compiled_call_impl", None)
            if in_place is not None or hasattr(module, "_orig_mod"):
                return "the model is compiled already"
        if isinstance(training.plain_model, torch.jit.ScriptModule):
            return "a scripted model cannot be compiled"
        return None

    def apply(self, training: Training) -> Callable[[], None]:
        """Compile in place, so that the loop's own reference runs the compiled one."""
        model = training.plain_model
        model.compile(**self._options)

        def undo() -> None:
            model._compiled_call_impl = None

        return undo
