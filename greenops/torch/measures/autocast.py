"""Mixed precision: the forward pass of a model in bfloat16 where that is safe."""

from collections.abc import Callable
from typing import Any

import torch

from greenops.ports import Risk
from greenops.torch.training import Training


class Bf16Autocast:
    """Run the forward pass under autocast, in bfloat16; weights stay as they are."""

    name = "bf16"
    says = "runs the forward pass in bfloat16 under autocast, weights in float32"
    risk = Risk.GUARDED

    def why_not(self, training: Training) -> str | None:
        """Return why it cannot help: already reduced, or the chip has no bfloat16."""
        device = training.device.type
        kinds = {p.dtype for p in training.plain_model.parameters()}
        if torch.is_autocast_enabled(device):
            return "the training runs under autocast already"
        if not kinds <= {torch.float32}:
            return f"the parameters are not all float32 but {_names(kinds)}"
        if device == "cuda" and not torch.cuda.is_bf16_supported():
            return "this GPU has no bfloat16"
        return None

    def apply(self, training: Training) -> Callable[[], None]:
        """Wrap the model's forward pass; return what unwraps it."""
        hooks = _AutocastHooks(training.device.type)
        model = training.plain_model
        before = model.register_forward_pre_hook(hooks.enter, prepend=True)
        # always: an exception in the model must not leave autocast switched on
        after = model.register_forward_hook(hooks.leave, always_call=True)

        def undo() -> None:
            before.remove()
            after.remove()

        return undo


class _AutocastHooks:
    """Opens autocast before a forward pass and closes it after; copied with a model."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._open: list[Any] = []

    def enter(self, _module: object, _inputs: object) -> None:
        context = torch.autocast(self._device, dtype=torch.bfloat16)
        context.__enter__()
        self._open.append(context)

    def leave(self, _module: object, _inputs: object, output: Any) -> Any:  # noqa: ANN401
        self._open.pop().__exit__(None, None, None)
        # losses outside autocast expect what they were given before
        return _full_precision(output)


def _full_precision(output: Any) -> Any:  # noqa: ANN401 - whatever a model returns
    if isinstance(output, torch.Tensor):
        return output.float() if output.dtype is torch.bfloat16 else output
    if isinstance(output, dict):
        made = {key: _full_precision(value) for key, value in output.items()}
        return type(output)(**made) if type(output) is not dict else made
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        return type(output)(*map(_full_precision, output))
    if isinstance(output, list | tuple):
        return type(output)(map(_full_precision, output))
    return output


def _names(kinds: set[torch.dtype]) -> str:
    return ", ".join(sorted(str(kind).removeprefix("torch.") for kind in kinds))
