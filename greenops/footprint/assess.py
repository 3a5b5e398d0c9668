"""The footprint of one run, from its energy, the grid's intensity, and the hardware."""

from collections.abc import Sequence
from math import isfinite

from greenops.footprint.embodied import (
    EmbodiedPart,
    embodied_g,
    embodied_parts,
    lifetime_note,
)
from greenops.footprint.grid_side import RunTime, grid_side, marginal_view
from greenops.footprint.operational import job_energy_j, operational_g, pue_bounds
from greenops.footprint.options import FootprintOptions
from greenops.footprint.water import water_l
from greenops.model import (
    Bounded,
    DeviceTotal,
    Footprint,
    HourEnergy,
    IntensityPoint,
)
from greenops.model.bounds import exact, product, sum_of_independent

HOURS_MAY_MISS = 0.01
"""Share of the energy that may lie in no hour before the factors mention it."""


def assess(
    *,
    totals: Sequence[DeviceTotal],
    time: RunTime,
    points: Sequence[IntensityPoint],
    marginal: Sequence[IntensityPoint] = (),
    pue: float | None,
    duration_s: float,
    options: FootprintOptions,
) -> Footprint:
    """Return the footprint of one run.

    Args:
        totals: What each device used, and the job's share of it.
        time: When the energy was used. It weights the intensity; the amount of energy
            is that of `totals`.
        points: Carbon intensity over the run. All from one signal.
        marginal: The same time by a marginal signal; empty: none is configured.
        pue: As the user gave it; None: the machine's own figure, with a bound for
            the building.
        duration_s: Monotonic length of the run.
        options: What the user set, and the hardware.

    Raises:
        ConfigError: PUE below 1, a negative water use.
        MixedSignalsError: the points differ in kind or in basis.
        SignalError: an hour has no intensity, or nothing has.
        ValueError: a negative or non-finite energy or duration.
    """
    if not (isfinite(duration_s) and duration_s >= 0):
        raise ValueError(f"no duration: {duration_s} s")
    energy_j = job_energy_j(totals)
    facility = pue_bounds(pue)
    grid = grid_side(time, points)
    operational = operational_g(energy_j, facility, grid.intensity_g_per_kwh)
    counted = options.include_embodied
    parts = embodied_parts(totals, duration_s, options) if counted else ()
    embodied = embodied_g(parts, options) if parts else exact(0.0)
    wue = options.water_l_per_kwh
    second, second_factors = marginal_view(time, marginal, energy_j, facility)
    return Footprint(
        energy_j=energy_j,
        facility_energy_j=product([energy_j, facility]),
        operational_g=operational,
        embodied_g=embodied,
        total_g=sum_of_independent([operational, embodied]),
        intensity_g_per_kwh=grid.intensity_g_per_kwh,
        zone=grid.zone,
        intensity_source=grid.source,
        pue=facility,
        water_l=None if wue is None else water_l(energy_j, wue),
        factors=grid.factors
        | second_factors
        | _energy_factors(totals, time.hours, energy_j)
        | {"pue": _pue_note(pue, facility)}
        | _embodied_factors(parts, options)
        | ({} if wue is None else {"water": f"{wue:g} L/kWh of IT energy, as given"}),
        points=grid.points,
        hours=time.hours,
        marginal=second,
    )


def _energy_factors(
    totals: Sequence[DeviceTotal], hours: Sequence[HourEnergy], energy_j: Bounded
) -> dict[str, str]:
    found = {
        f"energy.{t.device.device_id}": f"{t.job_energy_j:.6g} J, {t.device.source} "
        f"({t.method}), systematic error {t.device.rel_uncertainty:.0%}"
        for t in totals
    }
    in_hours_j = sum(h.energy_j for h in hours)
    if abs(in_hours_j - energy_j.central) > HOURS_MAY_MISS * energy_j.central:
        found["energy.hours"] = f"{in_hours_j:.6g} J in known hours; the rest as they"
    return found


def _pue_note(pue: float | None, bounds: Bounded) -> str:
    if pue is not None:
        return f"{pue:g}, as given"
    return (
        f"not given: {bounds.central:g}, this machine only; high bound "
        f"{bounds.high:g}, industry average (Uptime Institute 2024)"
    )


def _embodied_factors(
    parts: Sequence[EmbodiedPart], options: FootprintOptions
) -> dict[str, str]:
    if not options.include_embodied:
        return {"embodied": "left out by configuration"}
    return {"lifetime": lifetime_note(options)} | {
        f"embodied.{p.kind}": p.derivation for p in parts
    }
