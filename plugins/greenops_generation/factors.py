"""Life-cycle emission factors of generation by fuel, with their spread.

Sources, gCO2e/kWh, least - median or typical - most:

* IPCC AR5 WG3 annex III (2014), table A.III.2: coal, gas (combined cycle), biomass
  (dedicated), solar (utility), geothermal, hydro, wind, nuclear, ocean.
* UNECE (2021), Carbon Neutrality in the UNECE Region: Integrated Life-cycle Assessment
  of Electricity Sources: EU28 in 2020, with the range over world regions.
* IPCC SRREN (2011), annex II, table A.II.4: oil, which AR5 leaves out.
* IPCC 2006 Guidelines vol. 2, table 2.2: lignite 101, oil shale 107, peat 106
  kgCO2/GJ, at the efficiencies named beside them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from greenops.model import Bounded


class Fuel(StrEnum):
    """What electricity is made from."""

    COAL = "coal"
    LIGNITE = "lignite"
    OIL_SHALE = "oil shale"
    PEAT = "peat"
    GAS = "gas"
    OIL = "oil"
    BIOMASS = "biomass"
    GEOTHERMAL = "geothermal"
    HYDRO = "hydro"
    NUCLEAR = "nuclear"
    OCEAN = "ocean"
    SOLAR = "solar"
    WIND_ONSHORE = "wind onshore"
    WIND_OFFSHORE = "wind offshore"
    STORAGE = "storage"  # gives back what was generated, and counted, before
    OTHER = "other"  # unknown to us, or not told by the source: waste, by-product gas


def _spread(low: float, central: float, high: float) -> Bounded:
    return Bounded(low=low, central=central, high=high)


MOST_HYDRO_G_PER_KWH = 147.0
"""High end of hydro in both sets. Source: UNECE 2021, 660 MW reservoir.

AR5 has 2200, of single tropical reservoirs: for a grid of many plants no bound at all.
"""
IPCC_2014: Final[Mapping[Fuel, Bounded]] = {
    Fuel.COAL: _spread(740, 820, 910),
    Fuel.LIGNITE: _spread(866, 1010, 1212),  # 42, 36, 30 % efficient
    Fuel.OIL_SHALE: _spread(963, 1167, 1284),  # 40, 33, 30 %
    Fuel.PEAT: _spread(909, 1004, 1272),  # 42, 38, 30 %
    Fuel.GAS: _spread(410, 490, 650),
    Fuel.OIL: _spread(510, 840, 1170),
    Fuel.BIOMASS: _spread(130, 230, 420),
    Fuel.GEOTHERMAL: _spread(6, 38, 79),
    Fuel.HYDRO: _spread(1, 24, MOST_HYDRO_G_PER_KWH),
    Fuel.NUCLEAR: _spread(3.7, 12, 110),
    Fuel.OCEAN: _spread(5.6, 17, 28),
    Fuel.SOLAR: _spread(18, 48, 180),
    Fuel.WIND_ONSHORE: _spread(7, 11, 56),
    Fuel.WIND_OFFSHORE: _spread(8, 12, 35),
    # The world's mean (Our World in Data, 2023), within the cleanest and coal.
    Fuel.OTHER: _spread(11, 480, 910),
}
UNECE_2021: Final[Mapping[Fuel, Bounded]] = {
    **IPCC_2014,
    Fuel.COAL: _spread(751, 1000, 1095),
    Fuel.GAS: _spread(403, 430, 513),
    Fuel.HYDRO: _spread(6, 11, MOST_HYDRO_G_PER_KWH),
    Fuel.NUCLEAR: _spread(5.1, 5.1, 6.4),
    Fuel.SOLAR: _spread(8, 37, 83),
    Fuel.WIND_ONSHORE: _spread(7.8, 12, 16),
    Fuel.WIND_OFFSHORE: _spread(12, 14, 23),
    Fuel.OTHER: _spread(11, 480, 1095),
}
FACTOR_SETS: Final[Mapping[str, Mapping[Fuel, Bounded]]] = {
    "ipcc2014": IPCC_2014,
    "unece2021": UNECE_2021,
}
"""By the name that the setting `factors` has. No set has a factor for storage."""
