"""Water that the site uses to cool the job's energy away."""

from math import isfinite

from greenops.errors import ConfigError
from greenops.model import Bounded
from greenops.model.bounds import scaled
from greenops.units import J_PER_KWH


def water_l(energy_j: Bounded, water_l_per_kwh: float) -> Bounded:
    """Return the water of a run in L.

    Args:
        energy_j: Energy of the computers, before PUE: WUE is defined on that.
        water_l_per_kwh: The site's water usage effectiveness, in L/kWh.

    Raises:
        ConfigError: `water_l_per_kwh` is negative or not finite.

    Source: ISO/IEC 30134-9:2022 (WUE, category 1: annual site water over IT energy).
    """
    if not (isfinite(water_l_per_kwh) and water_l_per_kwh >= 0):
        raise ConfigError(
            f"water use of {water_l_per_kwh} L/kWh: give 0 or more, typically 0 to 3"
        )
    return scaled(energy_j, water_l_per_kwh / J_PER_KWH)
