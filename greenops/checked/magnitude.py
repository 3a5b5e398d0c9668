"""What carbon intensities can be at all, and which unit an answer is likely in."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from statistics import median

from greenops.errors import SignalError
from greenops.units import (
    G_PER_KG,
    G_PER_KWH_PER_KG_PER_MWH,
    G_PER_KWH_PER_LB_PER_MWH,
    G_PER_KWH_PER_T_PER_MWH,
)

HIGHEST_MEDIAN_G_PER_KWH = 1300.0
"""No answer has half its hours above this.

Source: lignite burnt at 30 % efficiency is 1212 g/kWh (IPCC 2006 Guidelines vol. 2,
table 2.2: 101 kg CO2/GJ); no national average is above it.
"""
HIGHEST_G_PER_KWH = 2000.0
"""No single hour is above this.

Source: the same lignite at 18 %, a cold unit's efficiency while it starts.
"""
LOWEST_MEDIAN_G_PER_KWH = 1.5
"""A life-cycle answer has half its hours above this.

Source: the least of any technology is 3.7 g/kWh for nuclear and 1 for single hydro
plants (IPCC AR5 WG3 annex III, table A.III.2, minima).
"""


class IntensityUnit(StrEnum):
    """Units that sources state carbon intensity in."""

    G_PER_KWH = "g/kWh"
    KG_PER_MWH = "kg/MWh"
    LB_PER_MWH = "lbs/MWh"
    KG_PER_KWH = "kg/kWh"
    T_PER_MWH = "t/MWh"


G_PER_KWH_PER: Mapping[IntensityUnit, float] = {
    IntensityUnit.G_PER_KWH: 1.0,
    IntensityUnit.KG_PER_MWH: G_PER_KWH_PER_KG_PER_MWH,
    IntensityUnit.LB_PER_MWH: G_PER_KWH_PER_LB_PER_MWH,
    IntensityUnit.KG_PER_KWH: G_PER_KG,
    IntensityUnit.T_PER_MWH: G_PER_KWH_PER_T_PER_MWH,
}


def refuse_other_units(
    values_g_per_kwh: Sequence[float], said: str, *, zero_possible: bool
) -> None:
    """Check that an answer as a whole has the magnitude of g/kWh.

    The median decides, since one row may be anything. Half of a grid's usual
    intensities in lbs/MWh are plausible in g/kWh as well: only the dirtier ones can be
    told by their size.

    Args:
        values_g_per_kwh: Not negative, in any order.
        said: Source and zone, for the message.
        zero_possible: The source may truly come near zero.

    Raises:
        SignalError: it has the magnitude of another unit; names the likely one.
    """
    positive = [value for value in values_g_per_kwh if value > 0]
    if not positive:
        return
    middle = median(positive)
    if middle > HIGHEST_MEDIAN_G_PER_KWH:
        likely = "lbs/MWh" if middle < 2 * HIGHEST_G_PER_KWH else "mg/kWh or g/MWh"
        raise SignalError(
            f"{said}: the answer is around {middle:.4g} g/kWh, more than any grid "
            f"emits; is it in {likely}? Not used"
        )
    # Sources that reach zero round to whole grams, so that fractions give others away.
    fractions = max(positive) < LOWEST_MEDIAN_G_PER_KWH and any(
        value != int(value) for value in positive
    )
    if fractions or (middle < LOWEST_MEDIAN_G_PER_KWH and not zero_possible):
        raise SignalError(
            f"{said}: the answer is around {middle:.4g} g/kWh, less than any grid "
            "emits; is it in kg/kWh or t/MWh? Not used"
        )
