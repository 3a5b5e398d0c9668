"""Operational emissions: energy, times PUE, times intensity at that hour."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isfinite, sqrt

from greenops.errors import ConfigError, SignalError
from greenops.footprint.grid_points import one_signal
from greenops.model import Bounded, DeviceTotal, HourEnergy, IntensityPoint
from greenops.model.bounds import (
    exact,
    product,
    quadrature,
    scaled,
    sum_of_independent,
    sum_of_one_source,
)
from greenops.units import J_PER_KWH

HOUR = timedelta(hours=1)
PUE_UNKNOWN = Bounded(central=1.0, low=1.0, high=1.56)
"""Without a PUE the figure is the machine's own, and may be more by the building's.

Source: industry average 1.56, Uptime Institute Global Data Center Survey 2024.
"""
HIGHEST_PUE = 10.0
"""Above any building's; a larger value is a percentage or a slip."""


def pue_bounds(pue: float | None) -> Bounded:
    """Return the PUE with its bounds: exact as given, one-sided where it is not.

    Raises:
        ConfigError: below 1, absurdly high, or not a number.
    """
    if pue is None:
        return PUE_UNKNOWN
    if not (isfinite(pue) and 1.0 <= pue <= HIGHEST_PUE):
        raise ConfigError(
            f"PUE {pue}: give the building's energy over the computers' energy, "
            "from 1.0 up, typically 1.1 to 1.6"
        )
    return exact(pue)


def job_energy_j(totals: Sequence[DeviceTotal]) -> Bounded:
    """Return the job's energy over all devices in J.

    A device's interval holds two errors: its source's, which all devices of the source
    share and so add up, and that of its own readings, independent of any other's.

    Raises:
        ValueError: an energy is negative or not finite.
    """
    systematic: dict[str, list[Bounded]] = defaultdict(list)
    random_below, random_above = [], []
    for t in totals:
        whole = _checked(t)
        shared_j = t.device.rel_uncertainty * t.job_energy_j
        below, own_below = _split(whole.central - whole.low, shared_j)
        above, own_above = _split(whole.high - whole.central, shared_j)
        systematic[t.device.source].append(
            Bounded(
                central=whole.central,
                low=max(0.0, whole.central - below),
                high=whole.central + above,
            )
        )
        random_below.append(own_below)
        random_above.append(own_above)
    whole = sum_of_independent([sum_of_one_source(s) for s in systematic.values()])
    below = quadrature([whole.central - whole.low, *random_below])
    above = quadrature([whole.high - whole.central, *random_above])
    return Bounded(
        central=whole.central,
        low=max(0.0, whole.central - below),
        high=whole.central + above,
    )


def mean_intensity(
    hours: Sequence[HourEnergy],
    points: Sequence[IntensityPoint],
    *,
    span: tuple[datetime, datetime] | None = None,
) -> Bounded:
    """Return the energy-weighted mean intensity in g/kWh.

    Points of one signal share their systematic error, so ends are averaged like the
    centres: hours do not make each other's errors smaller. An hour that several points
    share is weighted by the time each covers of it, within the run; hours without
    energy do not count, unless none has any. Without any hour (a run too short to be
    sampled) it is the mean over the points' time.

    Args:
        hours: The job's energy by clock hour.
        points: Of one signal, shorter or longer than hours.
        span: When the run began and ended; None: whole hours count.

    Raises:
        MixedSignalsError: the points differ in kind or in basis.
        SignalError: no point touches one of the hours, there are no points, or two
            state a figure for one moment.
        ValueError: an energy is negative or not finite.
    """
    if not points:
        raise SignalError("no carbon intensity for this run")
    ordered = one_signal(points)
    if not hours:
        return _over_time(_touching(ordered, *(span or _all_of(ordered))))
    if not all(isfinite(h.energy_j) and h.energy_j >= 0 for h in hours):
        raise ValueError("energy of an hour must be finite and not negative")
    energy_j = sum(h.energy_j for h in hours)
    weighted = [
        scaled(
            _over_time(_touching(ordered, *_part(h.hour, span))),
            h.energy_j / energy_j if energy_j else 1 / len(hours),
        )
        for h in hours
        if h.energy_j or not energy_j
    ]
    return sum_of_one_source(weighted)


def operational_g(
    energy_j: Bounded, pue: Bounded, intensity_g_per_kwh: Bounded
) -> Bounded:
    """Return the emissions of the energy used, in gCO2e."""
    return product([scaled(energy_j, 1.0 / J_PER_KWH), pue, intensity_g_per_kwh])


def _checked(total: DeviceTotal) -> Bounded:
    ends = (total.job_low_j, total.job_energy_j, total.job_high_j)
    if not all(isfinite(j) and j >= 0 for j in ends):
        raise ValueError(
            f"energy of {total.device.device_id} must be finite and from 0 up: {ends}"
        )
    low, central, high = ends
    return Bounded(central=central, low=low, high=high)


def _split(half_width_j: float, shared_j: float) -> tuple[float, float]:
    """Take the systematic part out of a half-width that holds both in quadrature."""
    systematic_j = min(half_width_j, shared_j)
    return systematic_j, sqrt(half_width_j**2 - systematic_j**2)


def _part(
    hour: datetime, span: tuple[datetime, datetime] | None
) -> tuple[datetime, datetime]:
    """Return the part of a clock hour that lies within the run; never empty."""
    if span is None:
        return hour, hour + HOUR
    start, stop = max(hour, span[0]), min(hour + HOUR, span[1])
    # A clock that was set may leave energy outside of the run's own span.
    return (start, stop) if start < stop else (hour, hour + HOUR)


def _all_of(ordered: Sequence[IntensityPoint]) -> tuple[datetime, datetime]:
    return ordered[0].start, ordered[-1].stop


def _touching(
    ordered: Sequence[IntensityPoint], start: datetime, stop: datetime
) -> list[tuple[float, IntensityPoint]]:
    """Return the points that touch `[start, stop)`, each with the seconds it covers.

    Raises:
        SignalError: there is none.
    """
    first = bisect_right(ordered, start, key=lambda p: p.stop)
    last = bisect_left(ordered, stop, key=lambda p: p.start)
    parts = [
        ((min(p.stop, stop) - max(p.start, start)).total_seconds(), p)
        for p in ordered[first:last]
    ]
    if not parts:
        raise SignalError(f"no carbon intensity for the time from {start}")
    return parts


def _over_time(parts: Sequence[tuple[float, IntensityPoint]]) -> Bounded:
    """Return the mean of points, each with the seconds it counts for."""
    covered_s = sum(seconds for seconds, _ in parts)
    return sum_of_one_source(
        [
            scaled(
                Bounded(
                    central=p.intensity_g_per_kwh,
                    low=p.low_g_per_kwh,
                    high=p.high_g_per_kwh,
                ),
                seconds / covered_s,
            )
            for seconds, p in parts
        ]
    )
