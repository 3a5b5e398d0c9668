"""Pointing the binding of this process at a simulated library."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import pynvml

from tests.nvml_sim.driver import SimulatedNvml


@contextmanager
def bound(nvml: SimulatedNvml) -> Iterator[SimulatedNvml]:
    """Let `pynvml` call this library, and afterwards what it called before.

    Processes started with `nvml.environment()` need none of this. Inside a process the
    loader has its search path from the start, so the binding is handed the library.
    """
    before = pynvml.nvmlLib
    pointers = pynvml._nvmlGetFunctionPointer_cache
    cached = dict(pointers)
    pynvml.nvmlLib = ctypes.CDLL(str(nvml.library))
    pointers.clear()
    try:
        yield nvml
    finally:
        pynvml.nvmlLib = before
        pointers.clear()
        pointers.update(cached)
