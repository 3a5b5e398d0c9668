"""The annual average carbon intensity of one grid, as a table states it."""

from dataclasses import dataclass

from greenops.model import Basis

HIGHEST_G_PER_KWH = 2000.0
"""Above any grid on record; more of it than this is another unit (kg/MWh, lb/MWh)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFactor:
    """Annual average carbon intensity of one grid, in gCO2e/kWh.

    Attributes:
        code: As its table calls it: `FRA`, `US-CA`, `CN-BJ`, `SE3`, `europe-west1`.
        year: The data are of this year; None: the table does not say.
        uncounted_share: Part of the generation, 0 to 1, that the value counts as zero
            for want of a factor.
        total_twh: Yearly generation, where known.
        holds_trade: Imports and exports are reckoned in: it is the intensity of what
            is used there, not of what is generated there.
        stands_in: It is the figure of a larger or a neighbouring area, for want of one
            of this grid's own.
        source: Who states it.
    """

    code: str
    name: str
    intensity_g_per_kwh: float
    year: int | None
    basis: Basis
    source: str
    uncounted_share: float = 0.0
    total_twh: float | None = None
    holds_trade: bool = False
    stands_in: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.intensity_g_per_kwh <= HIGHEST_G_PER_KWH:
            raise ValueError(f"no carbon intensity in g/kWh: {self}")
