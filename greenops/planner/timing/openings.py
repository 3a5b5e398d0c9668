"""The known slots between two times, with what is free in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from greenops.planner.timing.curve import Curve, Floats

PLENTY = 1 << 31
"""More GPUs than any job asks for."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Openings:
    """Known slots in order, cut at the bounds, each of shape (n,)."""

    start_s: Floats
    stop_s: Floats
    run_g_per_s: Floats
    gpus: NDArray[np.int64]

    def rows(self) -> Iterator[tuple[float, int, float]]:
        """Yield rate, free GPUs and length in s of each slot."""
        length_s = self.stop_s - self.start_s
        return zip(
            self.run_g_per_s.tolist(),
            self.gpus.tolist(),
            length_s.tolist(),
            strict=True,
        )


def openings(
    curve: Curve,
    earliest_s: float,
    deadline_s: float,
    free_gpus: ArrayLike | None = None,
) -> Openings:
    """Return the slots in which something can run.

    Args:
        curve: Whose slots they are.
        earliest_s: What lies before is cut off.
        deadline_s: What lies after is cut off.
        free_gpus: In each slot of the curve, shape (n,); None: enough.

    Raises:
        ValueError: `free_gpus` is not one number of 0 or more for each slot.
    """
    gpus = np.full(curve.run_g_per_s.shape, PLENTY, dtype=np.int64)
    if free_gpus is not None:
        given = np.asarray(free_gpus, dtype=np.float64)
        if given.shape != gpus.shape or not (given >= 0).all():
            raise ValueError("free_gpus must be 0 or more for each slot of the curve")
        gpus = np.minimum(given, PLENTY).astype(np.int64)
    start_s = np.maximum(curve.edges_s[:-1], earliest_s)
    stop_s = np.minimum(curve.edges_s[1:], deadline_s)
    usable = (start_s < stop_s) & np.isfinite(curve.run_g_per_s) & (gpus > 0)
    return Openings(
        start_s=start_s[usable],
        stop_s=stop_s[usable],
        run_g_per_s=curve.run_g_per_s[usable],
        gpus=gpus[usable],
    )
