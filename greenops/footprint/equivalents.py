"""What energy and emissions compare to, in things people know.

Those who want no comparisons do not call this.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from greenops.units import G_PER_KG, J_PER_KWH, S_PER_HOUR

KM_PER_MILE = 1.609344
MONTHS_PER_10_YEARS = 120.0
CAR_G_PER_KM = 393.0 / KM_PER_MILE
"""Source: US EPA Greenhouse Gas Equivalencies Calculator, calculations and references
(2024): 3.93e-4 t CO2e per mile of an average gasoline passenger vehicle."""
PHONE_CHARGE_J = 0.0116 * J_PER_KWH
"""Source: US EPA, same page (2021): US DOE 2020, 14.46 Wh a day less 22 h of 0.13 W."""
TREE_G_PER_MONTH = 60.0 * G_PER_KG / MONTHS_PER_10_YEARS
"""Source: US EPA, same page (2024): 0.060 t CO2 per city tree seedling in 10 years."""
LED_W = 10.0
"""Source: by definition; a 10 W LED gives the 800 lm of a 60 W bulb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """One comparison: `amount` of `unit`, and who says so.

    Attributes:
        key: For machines: `car_km`, `phone_charges`, `led_h`, `tree_months`.
        unit: For people, fits after the amount: `km by an average car`.
    """

    key: str
    amount: float
    unit: str
    source: str

    def __str__(self) -> str:
        return f"{self.amount:.3g} {self.unit}"


def equivalents(*, energy_j: float, emissions_g: float) -> Sequence[Equivalent]:
    """Return what an energy in J and emissions in gCO2e compare to.

    Raises:
        ValueError: either is negative or not a number.
    """
    if not (energy_j >= 0 and emissions_g >= 0):
        raise ValueError(f"no amounts: {energy_j} J, {emissions_g} g")
    return (
        Equivalent(
            key="car_km",
            amount=emissions_g / CAR_G_PER_KM,
            unit="km by an average car",
            source="US EPA 2024: 393 gCO2e per mile",
        ),
        Equivalent(
            key="tree_months",
            amount=emissions_g / TREE_G_PER_MONTH,
            unit="months of a young city tree's uptake",
            source="US EPA 2024: 60 kg CO2 in the first 10 years",
        ),
        Equivalent(
            key="phone_charges",
            amount=energy_j / PHONE_CHARGE_J,
            unit="charges of a smartphone",
            source="US EPA 2021, US DOE 2020: 11.6 Wh a charge",
        ),
        Equivalent(
            key="led_h",
            amount=energy_j / (LED_W * S_PER_HOUR),
            unit="hours of a 10 W LED lamp",
            source="10 W",
        ),
    )
