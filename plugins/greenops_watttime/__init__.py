"""Marginal emission rates from WattTime, version 3, with an account."""

from greenops_watttime.signal import WattTimeSignal

__all__ = ["WattTimeSignal"]
