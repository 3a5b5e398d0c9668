"""Sorted figures, each once.

`numpy.unique` does this and loads `numpy.ma` for it, 10 ms that a person who submits a
job would wait for.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def distinct(values: Floats) -> Floats:
    """Return finite figures, shaped (n,), in climbing order and each once."""
    climbing = np.sort(values, axis=None)
    new = np.ones(climbing.size, dtype=np.bool_)
    new[1:] = climbing[1:] != climbing[:-1]
    return climbing[new]
