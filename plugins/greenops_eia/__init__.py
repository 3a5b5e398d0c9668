"""Carbon intensity of balancing authorities of the USA from EIA's hourly generation."""

from greenops_eia.signal import EiaSignal

__all__ = ["EiaSignal"]
