"""What the grid adds to a footprint: the intensity of a run, and where it is from."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from greenops.errors import MixedSignalsError, SignalError
from greenops.footprint.grid_points import bridged, one_signal
from greenops.footprint.operational import HOUR, mean_intensity, operational_g
from greenops.model import (
    Bounded,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    MarginalEmissions,
)

SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTime:
    """When a run's energy was used.

    Attributes:
        start: UTC.
        stop: After `start`.
        hours: The job's energy by clock hour; empty where the run was too short.
    """

    start: datetime
    stop: datetime
    hours: tuple[HourEnergy, ...] = ()

    @classmethod
    def of(
        cls, start: datetime, duration_s: float, hours: Sequence[HourEnergy]
    ) -> "RunTime":
        """Return the time of a run that began at `start`, of any length from 0 up."""
        stop = start + max(timedelta(seconds=duration_s), SHORTEST)
        return cls(start=start, stop=stop, hours=tuple(hours))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first to the last moment that has energy, `[start, stop)`.

        A clock that was set during the run may put hours outside of the run itself.
        """
        with_energy = [h.hour for h in self.hours if h.energy_j]
        before = (h for h in with_energy if h + HOUR <= self.start)
        after = (h + HOUR for h in with_energy if h >= self.stop)
        return min([self.start, *before]), max([self.stop, *after])


class GridSide(NamedTuple):
    """The energy-weighted mean intensity of a run, and the points behind it."""

    intensity_g_per_kwh: Bounded
    zone: str
    source: str
    points: tuple[IntensityPoint, ...]
    factors: dict[str, str]


def grid_side(time: RunTime, points: Sequence[IntensityPoint]) -> GridSide:
    """Return the mean intensity over a run, gaps of up to 2 h filled by a stated rule.

    Raises:
        MixedSignalsError: the points differ in kind or in basis.
        SignalError: an hour has no intensity, nothing has, or one has two.
        ValueError: an energy is negative or not finite.
    """
    used = bridged(one_signal(points), *time.span)
    intensity = mean_intensity(time.hours, used, span=(time.start, time.stop))
    return GridSide(
        intensity_g_per_kwh=intensity,
        zone=joined(p.zone for p in used),
        source=joined(p.source for p in used),
        points=tuple(used),
        factors=_factors(intensity, used),
    )


def marginal_view(
    time: RunTime, points: Sequence[IntensityPoint], energy_j: Bounded, pue: Bounded
) -> tuple[MarginalEmissions | None, dict[str, str]]:
    """Return what a run's energy emits by a marginal signal, and the line that says so.

    Where the points leave an hour of the run without a figure there is none, and the
    line says why: the location-based figure does not depend on it.

    Args:
        time: When the energy was used.
        points: From a marginal signal; empty: none is configured.
        energy_j: The job's energy.
        pue: Of the site.

    Raises:
        MixedSignalsError: the points are not all marginal, or differ in basis.
    """
    if not points:
        return None, {}
    if any(p.kind is not IntensityKind.MARGINAL for p in points):
        raise MixedSignalsError("average intensities where marginal ones are asked for")
    try:
        side = grid_side(time, points)
    except MixedSignalsError:
        raise
    except SignalError as e:
        return None, {"marginal": f"configured, but incomplete: {e}"}
    found = MarginalEmissions(
        operational_g=operational_g(energy_j, pue, side.intensity_g_per_kwh),
        intensity_g_per_kwh=side.intensity_g_per_kwh,
        intensity_source=side.source,
        points=side.points,
    )
    return found, {"marginal": _marginal_factor(found)}


def _marginal_factor(found: MarginalEmissions) -> str:
    basis = joined(str(p.basis) for p in found.points)
    return (
        f"{shown(found.intensity_g_per_kwh)} gCO2e/kWh, marginal, {basis}, "
        f"{_provenance(found.points)}; {found.intensity_source}; a second view of the "
        "same energy, in no sum"
    )


def shown(value: Bounded) -> str:
    """Return an estimate with its bounds, as factors state it."""
    return f"{value.central:.4g} ({value.low:.4g}-{value.high:.4g})"


def joined(words: Iterable[str]) -> str:
    """Return different words once each, in the order of their first appearance."""
    return "; ".join(dict.fromkeys(words))


def _factors(intensity: Bounded, used: Sequence[IntensityPoint]) -> dict[str, str]:
    kinds = joined(str(p.kind) for p in used)
    bases = joined(str(p.basis) for p in used)
    factors = {
        "intensity": f"{shown(intensity)} gCO2e/kWh, location-based, {kinds}, {bases}",
        "intensity_source": joined(p.source for p in used),
        "intensity_provenance": _provenance(used),
    }
    issued = sorted(p.issued_at for p in used if p.issued_at is not None)
    if issued:
        factors["intensity_issued"] = _issued(issued[0], issued[-1])
    return factors


def _provenance(used: Sequence[IntensityPoint]) -> str:
    """Return how the points came about: `measured`, `22 of 24 points measured; ...`."""
    counts = Counter(str(p.provenance) for p in used)
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(f"{n} of {len(used)} points {how}" for how, n in counts.items())


def _issued(first: datetime, last: datetime) -> str:
    oldest, newest = (
        f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for at in (first, last)
    )
    return f"stated {oldest}" if oldest == newest else f"stated {oldest} to {newest}"
