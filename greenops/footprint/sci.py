"""Software Carbon Intensity: emissions per unit of what the software does."""

from math import isfinite

from greenops.model import Bounded
from greenops.model.bounds import scaled, sum_of_independent


def sci_g_per_unit(
    operational_g: Bounded, embodied_g: Bounded, functional_units: float
) -> Bounded:
    """Return SCI = (E * I + M) / R in gCO2e per functional unit.

    Args:
        operational_g: E * I: energy times location-based intensity. The standard
            counts no offsets and no market-based instruments, nor does greenops.
        embodied_g: M: the embodied share by time and by resources.
        functional_units: R: epochs, samples, tokens, requests: whatever scales.

    Raises:
        ValueError: `functional_units` is not a finite number above 0.

    Source: ISO/IEC 21031:2024, clause 5.
    """
    if not (isfinite(functional_units) and functional_units > 0):
        raise ValueError(f"functional units must be above 0: {functional_units}")
    whole = sum_of_independent([operational_g, embodied_g])
    return scaled(whole, 1.0 / functional_units)
