"""Carbon intensity of most zones of the world from Electricity Maps, with a token."""

from greenops_electricitymaps.signal import ElectricityMapsSignal

__all__ = ["ElectricityMapsSignal"]
