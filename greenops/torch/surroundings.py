"""What a training depends on outside its own objects: random numbers and switches."""

import contextlib
import random
import sys
from collections.abc import Callable
from typing import Any

import torch

Switch = tuple[Callable[[], Any], Callable[[Any], object]]

_DEVICES = ("cpu", "cuda")


class Surroundings:
    """The process's random numbers and torch's global switches at one moment."""

    def __init__(self) -> None:
        self._random = RandomStates()
        # a switch is set only where it was moved: setting some has effects of its own
        self._switches = [(get, put, get()) for get, put in _switches()]

    def put_back(self) -> None:
        """Set everything as it was."""
        for get, put, value in self._switches:
            if get() != value:
                put(value)
        # casts of weights that autocast keeps are older than the weights put back
        torch.clear_autocast_cache()
        self._random.put_back()


class RandomStates:
    """The states of Python's, NumPy's, torch's and every used GPU's generator."""

    def __init__(self) -> None:
        self._python = random.getstate()
        self._torch = torch.get_rng_state()
        self._cuda: list[torch.Tensor] | None = None
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            self._cuda = torch.cuda.get_rng_state_all()
        # a training that never imported NumPy does not draw from it
        self._numpy = _numpy_random().get_state() if "numpy" in sys.modules else None

    def put_back(self) -> None:
        """Let the next numbers drawn be those that came next."""
        random.setstate(self._python)
        torch.set_rng_state(self._torch)
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
        if self._numpy is not None:
            _numpy_random().set_state(self._numpy)


def _numpy_random() -> Any:  # noqa: ANN401 - the module
    import numpy as np

    return np.random


def _switches() -> list[Switch]:
    """Return how each global switch is read and set, those this torch has."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    found: list[Switch] = [
        (torch.get_num_threads, torch.set_num_threads),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
        (torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled),
        (torch.is_deterministic_algorithms_warn_only_enabled, _set_warn_only),
        (torch.are_deterministic_algorithms_enabled, _set_deterministic),
        *(_attribute(cudnn, n) for n in ("benchmark", "deterministic", "enabled")),
        _attribute(matmul, "allow_fp16_reduced_precision_reduction"),
        _attribute(matmul, "allow_bf16_reduced_precision_reduction"),
    ]
    for device in _DEVICES:
        found += _autocast(device)
    return found


def _set_deterministic(on: bool) -> None:  # noqa: FBT001 - the value of a switch
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(on, warn_only=warn_only)


def _set_warn_only(on: bool) -> None:  # noqa: FBT001 - the value of a switch
    enabled = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(enabled, warn_only=on)


def _attribute(owner: object, name: str) -> Switch:
    return (lambda: getattr(owner, name)), (lambda value: setattr(owner, name, value))


def _autocast(device: str) -> list[Switch]:
    """Return the switches of autocast on one kind of device."""
    with contextlib.suppress(TypeError):  # torch 2.3 and older name no device
        torch.is_autocast_enabled(device)
        return [
            (
                lambda: torch.is_autocast_enabled(device),
                lambda on: torch.set_autocast_enabled(device, on),
            ),
            (
                lambda: torch.get_autocast_dtype(device),
                lambda dtype: torch.set_autocast_dtype(device, dtype),
            ),
        ]
    if device == "cpu":
        return [
            (torch.is_autocast_cpu_enabled, torch.set_autocast_cpu_enabled),
            (torch.get_autocast_cpu_dtype, torch.set_autocast_cpu_dtype),
        ]
    return [
        (torch.is_autocast_enabled, torch.set_autocast_enabled),
        (torch.get_autocast_gpu_dtype, torch.set_autocast_gpu_dtype),
    ]
