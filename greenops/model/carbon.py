"""Records of carbon: grid intensity, its forecast, the footprint of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import inf, isfinite


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """An estimate with its 95 % interval; the unit is in the field that holds it."""

    central: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.central <= self.high:
            raise ValueError(f"bounds do not hold their estimate: {self}")


class IntensityKind(StrEnum):
    """What a further kWh is charged: the grid's mean, or the plant that answers it.

    Never add up the two, and never take one from the other: that overstates savings
    by up to 55 %. Source: Sukprasert et al. 2024 (arXiv:2402.03550).
    """

    AVERAGE = "average"
    MARGINAL = "marginal"


class Basis(StrEnum):
    """What an intensity counts."""

    LIFE_CYCLE = "life cycle"  # fuel supply and building of the plant included
    DIRECT = "direct"  # what leaves the stack while generating


class Provenance(StrEnum):
    """How a point came about, from the surest to the least sure."""

    MEASURED = "measured"  # from metered generation
    ESTIMATED = "estimated"  # the source's own estimate of an hour that has passed
    FORECAST = "forecast"  # stated before its hour began
    MODELLED = "modelled"  # computed here from physics and annual figures
    ANNUAL = "annual average"
    BRIDGED = "bridged"  # the source had a gap; filled by a stated rule


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityPoint:
    """Grid carbon intensity in gCO2e/kWh, constant over `[start, stop)`.

    Attributes:
        low_g_per_kwh: Lower end of a 95 % interval.
        high_g_per_kwh: Upper end of it.
        zone: The canonical code, such as `SE-SE3`, whatever the source calls it.
        source: Who states it, for which year, for people and auditors.
        kind: Average or marginal.
        basis: Life-cycle or direct.
        provenance: How it came about.
        issued_at: When the source stated it, or when it was fetched where the source
            does not say; aware. None: from a fixed table or a formula.
    """

    start: datetime
    stop: datetime
    intensity_g_per_kwh: float
    low_g_per_kwh: float
    high_g_per_kwh: float
    zone: str
    source: str
    kind: IntensityKind = IntensityKind.AVERAGE
    basis: Basis = Basis.LIFE_CYCLE
    provenance: Provenance = Provenance.MEASURED
    issued_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.stop.tzinfo is None:
            raise ValueError("IntensityPoint needs timezone-aware datetimes")
        if self.issued_at is not None and self.issued_at.tzinfo is None:
            raise ValueError("IntensityPoint needs a timezone-aware time of issue")
        if self.start >= self.stop:
            raise ValueError(f"IntensityPoint ends before it starts: {self}")
        if not 0 <= self.low_g_per_kwh <= self.intensity_g_per_kwh:
            raise ValueError(f"IntensityPoint below its bounds: {self}")
        if not self.intensity_g_per_kwh <= self.high_g_per_kwh < inf:
            raise ValueError(f"IntensityPoint above its bounds: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationHour:
    """What a zone generated within the clock hour (UTC) from `start` on.

    Attributes:
        power_mw: Mean power in MW by source, as the signal calls it; a source that is
            not known for the whole hour is left out.
    """

    start: datetime
    power_mw: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("GenerationHour needs a timezone-aware start")
        if not all(isfinite(mw) for mw in self.power_mw.values()):
            raise ValueError(f"generation that is no number: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTraits:
    """What a carbon signal states about itself.

    Attributes:
        kind: Average or marginal, of everything it answers.
        basis: Life-cycle or direct; None: differs by zone, see the points.
        resolution: Length of its points, typically.
        history: How far back it answers; None: any time.
        horizon: How far ahead it answers; zero: not at all; None: any time.
        attribution: Who must be named beside its figures, and under which licence.
        offline: It answers from this machine alone, always and at once.
    """

    kind: IntensityKind
    basis: Basis | None
    resolution: timedelta
    history: timedelta | None
    horizon: timedelta | None
    attribution: str
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastHour:
    """One hour of a forecast, from `start`, in gCO2e/kWh, with 80 % and 95 % bands."""

    start: datetime
    intensity_g_per_kwh: float
    low80_g_per_kwh: float
    high80_g_per_kwh: float
    low95_g_per_kwh: float
    high95_g_per_kwh: float

    def __post_init__(self) -> None:
        ordered = (
            0.0,
            self.low95_g_per_kwh,
            self.low80_g_per_kwh,
            self.intensity_g_per_kwh,
            self.high80_g_per_kwh,
            self.high95_g_per_kwh,
        )
        if self.start.tzinfo is None:
            raise ValueError("ForecastHour needs a timezone-aware start")
        if not all(a <= b < inf for a, b in pairwise(ordered)):
            raise ValueError(f"bands of a forecast out of order: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The intensity of one zone for the hours ahead, as it was known at `issued_at`.

    Attributes:
        zone: The canonical code.
        kind: Average or marginal, as its history.
        basis: Life-cycle or direct, as its history.
        issued_at: Nothing later than this was used.
        method: How it was made, for people: `own`, `own and provider blended`, ...
        source: Where its history is from.
        hours: Whole hours in UTC, in order, without gaps.
    """

    zone: str
    kind: IntensityKind
    basis: Basis
    issued_at: datetime
    method: str
    source: str
    hours: tuple[ForecastHour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourEnergy:
    """Energy of the job by kind of device within one clock hour (UTC)."""

    hour: datetime
    energy_j: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalEmissions:
    """What a run's energy emits by a marginal signal: a second view of the same energy.

    Stands beside the location-based figure, and is never added to it or taken from it.
    """

    operational_g: Bounded
    intensity_g_per_kwh: Bounded
    intensity_source: str
    points: tuple[IntensityPoint, ...] = ()
    signal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Emissions of one run in gCO2e, each part with its bounds and where it is from.

    `total_g` is operational plus embodied. `factors` names every number that went
    in (intensity, its source and year, PUE, lifetimes) for the auditor.

    Attributes:
        points: The intensities that went in; empty where they were not kept.
        signal: Name of the signal that stated them; empty where nobody wrote it down.
        hours: The job's energy by clock hour, which weighted them.
        marginal: The same energy by a marginal signal, where one is configured.
    """

    energy_j: Bounded
    facility_energy_j: Bounded
    operational_g: Bounded
    embodied_g: Bounded
    total_g: Bounded
    intensity_g_per_kwh: Bounded
    zone: str
    intensity_source: str
    pue: Bounded
    water_l: Bounded | None = None
    factors: Mapping[str, str] = field(default_factory=dict)
    points: tuple[IntensityPoint, ...] = ()
    signal: str = ""
    hours: tuple[HourEnergy, ...] = ()
    marginal: MarginalEmissions | None = None

    @property
    def provenances(self) -> tuple[Provenance, ...]:
        """How its points came about, the surest first; empty where nobody knows."""
        found = {p.provenance for p in self.points}
        return tuple(p for p in Provenance if p in found)

    @property
    def issued_at(self) -> datetime | None:
        """When the oldest of its points was stated; None: by a table or a formula."""
        issued = [p.issued_at for p in self.points if p.issued_at is not None]
        return min(issued, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a run's footprint; later ones stand beside the earlier.

    `why` says what a restatement was made for; None: the run's own first footprint.
    """

    footprint: Footprint
    stated_at: datetime
    why: str | None
    greenops_version: str
