"""Carbon intensity of Great Britain from its system operator, NESO; no key needed."""

from greenops_neso.signal import NesoSignal

__all__ = ["NesoSignal"]
