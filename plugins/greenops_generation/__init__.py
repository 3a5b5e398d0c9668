"""From what plants generate to what a kWh emits. Pure."""

from greenops_generation.factors import FACTOR_SETS, Fuel
from greenops_generation.mix import Generated, generation_hours, intensity_rows
from greenops_generation.points import generation_points

__all__ = [
    "FACTOR_SETS",
    "Fuel",
    "Generated",
    "generation_hours",
    "generation_points",
    "intensity_rows",
]
