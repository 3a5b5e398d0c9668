"""The layout convolutions run fastest in: channels last."""

from collections.abc import Callable, Iterator

import torch
from torch import nn

from greenops.ports import Risk
from greenops.torch.training import Training

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


class ChannelsLast:
    """Keep the weights of 2-d convolutions, and what optimizers hold of them, so."""

    name = "channels_last"
    says = "keeps the weights of 2-d convolutions in channels-last layout"
    risk = Risk.NONE

    def why_not(self, training: Training) -> str | None:
        """Return why it cannot help: no convolutions, or in that layout already."""
        weights = [
            m.weight
            for m in training.plain_model.modules()
            if isinstance(m, _CONVOLUTIONS)
        ]
        if not weights:
            return "the model has no 2-d convolutions"
        if all(w.is_contiguous(memory_format=torch.channels_last) for w in weights):
            return "the convolutions are in channels-last layout already"
        return None

    def apply(self, training: Training) -> Callable[[], None]:
        """Convert in place; return what gives every tensor its own layout back."""
        changed = []
        for tensor in _images(training):
            changed.append((tensor, tensor.stride()))
            tensor.data = tensor.data.to(memory_format=torch.channels_last)

        def undo() -> None:
            for tensor, stride in changed:
                plain = torch.empty_strided(
                    tensor.shape, stride, dtype=tensor.dtype, device=tensor.device
                )
                tensor.data = plain.copy_(tensor.data)

        return undo


def _images(training: Training) -> Iterator[torch.Tensor]:
    """Yield 4-d parameters, their gradients, and what optimizers keep of them."""
    for parameter in training.plain_model.parameters():
        if parameter.dim() != 4:
            continue
        yield parameter
        if parameter.grad is not None:
            yield parameter.grad
        for optimizer in training.optimizers:
            for value in optimizer.state.get(parameter, {}).values():
                if isinstance(value, torch.Tensor) and value.dim() == 4:
                    yield value
