"""State as tensors and plain values: what `torch.load(weights_only=True)` takes.

So a checkpoint can be read without greenops, and reading one executes nothing.
"""

import random
import sys
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch

from greenops.errors import CheckpointError

_SCALARS = (str, bytes, int, float, bool, type(None), torch.dtype, torch.Size)


def plain(value: Any, where: str) -> Any:  # noqa: ANN401 - whatever a state holds
    """Return a state of tensors and plain values; subclasses become what they are.

    Args:
        value: What a `state_dict` returned; its tensors are kept, not copied.
        where: Named where something cannot be kept.

    Raises:
        CheckpointError: it holds something else, such as a function.
    """
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, bool) or type(value) in _SCALARS:
        return value
    if isinstance(value, (int, float, str)):  # of numpy, or an enumeration
        base = next(t for t in (int, float, str) if isinstance(value, t))
        return base(value)
    if isinstance(value, Mapping):
        made = OrderedDict if isinstance(value, OrderedDict) else dict
        return made((k, plain(v, f"{where}[{k!r}]")) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        parts = [plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
        return parts if isinstance(value, list) else tuple(parts)
    if hasattr(value, "dtype") and hasattr(value, "item"):  # of numpy
        return torch.as_tensor(value) if value.ndim else plain(value.item(), where)
    raise CheckpointError(
        f"{where} is a {type(value).__name__}, which no checkpoint can keep: leave it"
        " out of the state, or keep what it is made from"
    )


def random_state() -> dict[str, Any]:
    """Return how all random generators of this process stand: what is drawn next."""
    state: dict[str, Any] = {
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
    }
    cuda: Any = torch.cuda
    if cuda.is_available() and cuda.is_initialized():
        state["cuda"] = cuda.get_rng_state_all()
    if (numpy := _numpy()) is not None:
        name, keys, *rest = numpy.random.get_state()
        state["numpy"] = (name, torch.as_tensor(keys.astype("int64")), *rest)
    return state


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Set the generators of this process as `random_state` found them."""
    version, inner, gauss = state["python"]
    random.setstate((version, tuple(inner), gauss))
    torch.set_rng_state(state["torch"].cpu())
    if "cuda" in state and torch.cuda.is_available():
        known = [s.cpu() for s in state["cuda"]][: torch.cuda.device_count()]
        torch.cuda.set_rng_state_all(known)
    numpy = _numpy()
    if numpy is not None and "numpy" in state:
        name, keys, *rest = state["numpy"]
        numpy.random.set_state((name, keys.numpy().astype("uint32"), *rest))


def _numpy() -> Any:  # noqa: ANN401 - a module
    """Return numpy if the training uses it; None: it is not loaded."""
    return sys.modules.get("numpy")
