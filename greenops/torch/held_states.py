"""What gives single objects their content back: tensors, generators, arrays."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

PutBack = Callable[[], None]


def tensor_content(tensor: torch.Tensor) -> PutBack:
    """Return what gives `tensor` its present bits, layout, gradient and flag again.

    Through `.data`, so that a graph which saved the tensor may still run backward.
    """
    saved = _copy(tensor.detach())
    grad, requires_grad = tensor.grad, tensor.requires_grad

    def put_back() -> None:
        if not tensor.is_leaf:
            tensor.detach_()
        if not _same_layout(tensor, saved):
            tensor.data = _copy(saved)
        elif not _strided(saved):
            tensor.copy_(saved)  # `.data` of a sparse tensor shares no values with it
        elif 0 in saved.stride():
            tensor.untyped_storage().copy_(saved.untyped_storage())
        else:
            with torch.inference_mode(tensor.is_inference()):
                tensor.data.copy_(saved)
        tensor.grad = grad
        tensor.requires_grad_(requires_grad)

    return put_back


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    """Return the same bits in the same layout; an expanded tensor stays expanded."""
    copy = tensor.clone()
    if _same_layout(copy, tensor):
        return copy
    storage = tensor.untyped_storage().clone()
    empty = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
    return empty.set_(storage, tensor.storage_offset(), tensor.size(), tensor.stride())


def _same_layout(one: torch.Tensor, other: torch.Tensor) -> bool:
    traits = [
        (t.shape, t.dtype, t.device, t.layout, t.stride() if _strided(t) else None)
        for t in (one, other)
    ]
    return traits[0] == traits[1]


def _strided(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided


def own_state(value: Any) -> PutBack | None:  # noqa: ANN401 - any object
    """Return what puts back an object that can state its content; None: it cannot."""
    if isinstance(value, torch.Generator):
        return later(value.set_state, value.get_state())
    if isinstance(value, random.Random):
        return later(value.setstate, value.getstate())
    if isinstance(value, np.random.RandomState):
        return later(value.set_state, value.get_state())
    if isinstance(value, np.random.Generator):
        value = value.bit_generator
    if isinstance(value, np.random.BitGenerator):
        return later(setattr, value, "state", value.state)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return later(value.__setitem__, ..., value.copy())
    return None


def later(function: Callable[..., object], *args: Any) -> PutBack:  # noqa: ANN401
    """Return a call of `function` to be made later."""

    def put_back() -> None:
        function(*args)

    return put_back
