"""A run's summary as a few aligned lines of text."""

from collections.abc import Sequence
from datetime import UTC
from math import log10

from greenops.model import Bounded, Footprint
from greenops.report.device_rows import device_rows
from greenops.report.look import LABEL_COLUMNS, Look
from greenops.report.statements import intensity_line
from greenops.report.summary import Comparison, Summary
from greenops.report.text import (
    ENERGY_SCALE,
    MASS_SCALE,
    Scale,
    bounds,
    columns_of,
    duration,
    energy,
    figure,
    fit,
    mass,
    memory,
    percent,
    power,
    water,
)

MOST_COMPLAINTS = 3
LEAST_PICTURED = 0.01
BEST_PICTURED = 10.0


def render_summary(
    summary: Summary, *, width: int = 80, color: bool = False, unicode: bool = True
) -> str:
    """Return the summary as lines no wider than `width`, without a last line break.

    Args:
        summary: What to show. Names, tags and commands in it may hold anything.
        width: Columns of the screen; less than 40 is taken as 40.
        color: Whether ANSI styles may be used.
        unicode: Whether anything beyond ASCII may be used.
    """
    look = Look(width=width, color=color, unicode=unicode)
    lines = [_title(summary, look)]
    lines += _energy(summary, look)
    lines += device_rows(summary.devices, look)
    lines += _emissions(summary, look)
    lines += look.labelled("used", _use(summary))
    lines += look.labelled("that is", _comparisons(summary.facts.equivalents))
    lines += look.labelled("quality", "; ".join(summary.quality), "dim")
    lines += look.labelled("kept", _kept(summary), "dim")
    for complaint in summary.facts.complaints[:MOST_COMPLAINTS]:
        lines += look.labelled("warning", complaint, "bad")
    return "\n".join(lines)


def _title(summary: Summary, look: Look) -> str:
    lasted = "" if summary.duration_s is None else f" in {duration(summary.duration_s)}"
    ended = fit(f"{summary.ended}{lasted}", look.columns - 10, unicode=look.unicode)
    good = summary.record.status == "finished"
    room = look.columns - columns_of(ended) - 2
    brand = f"{look.paint('good', 'greenops')}  " if room >= 20 else ""
    room -= len("greenops  ") if brand else 0
    name = fit(summary.record.run.name, room, unicode=look.unicode)
    styled = look.paint("dim" if good else "bad", ended)
    return f"{brand}{look.paint('bold', name)}  {styled}"


def _energy(summary: Summary, look: Look) -> list[str]:
    if summary.energy_j is None:
        return look.labelled("energy", "not known: nothing was measured", "bad")
    aside = []
    if summary.mean_power_w is not None:
        aside.append(f"mean {power(summary.mean_power_w)}")
    if summary.peak_power_w is not None:
        aside.append(f"peak {power(summary.peak_power_w)}")
    given = (energy(summary.energy_j.central), summary.energy_j, ENERGY_SCALE)
    return _headline("energy", given, ", ".join(aside), look)


def _headline(
    label: str, given: tuple[str, Bounded, Scale], aside: str, look: Look
) -> list[str]:
    central, bounded, scale = given
    span = f"({bounds(bounded, scale, dash=look.dash)})"
    line = f"  {label:<{LABEL_COLUMNS - 2}}"
    line += f"{look.paint('bold', central)}  {look.paint('dim', span)}"
    taken = LABEL_COLUMNS + columns_of(f"{central}  {span}  {aside}")
    if aside and taken <= look.columns:
        return [f"{line}  {aside}"]
    return [line, *look.labelled("", aside)]


def _emissions(summary: Summary, look: Look) -> list[str]:
    footprint = summary.footprint
    if footprint is None:
        return []
    given = (f"{mass(footprint.total_g.central)} CO2e", footprint.total_g, MASS_SCALE)
    said = intensity_line(footprint, summary.record, dash=look.dash)
    said += _pue(footprint.pue, look)
    if footprint.embodied_g.central > 0:
        said += f" + {mass(footprint.embodied_g.central)} embodied"
    if footprint.water_l:
        said += f"; water {water(footprint.water_l.central)}"
    lines = _headline("emissions", given, _restated(summary), look)
    lines += look.labelled("", said, "dim")
    return lines + look.labelled("marginal", _marginal(footprint, look))


def _restated(summary: Summary) -> str:
    count = len(summary.record.statements)
    if count < 2:
        return ""
    last = summary.record.statements[-1].stated_at.astimezone(UTC)
    return f"restated {last:%Y-%m-%d}"


def _marginal(footprint: Footprint, look: Look) -> str:
    found = footprint.marginal
    if found is None:
        return ""
    span = bounds(found.operational_g, MASS_SCALE, dash=look.dash)
    intensity = figure(found.intensity_g_per_kwh.central)
    return (
        f"{mass(found.operational_g.central)} CO2e ({span}) at {intensity} g/kWh"
        f" ({found.intensity_source}); a second view, not to be added"
    )


def _pue(pue: Bounded, look: Look) -> str:
    if pue.central != 1:
        return f" {look.times} PUE {figure(pue.central)}"
    # Not given: the central figure is this machine alone, the bound a usual building.
    return f" {look.times} PUE 1 to {figure(pue.high)}" if pue.high > 1 else ""


def _use(summary: Summary) -> str:
    parts = []
    if summary.gpu_utilization is not None:
        parts.append(f"GPU {percent(summary.gpu_utilization)} busy")
    if summary.cpu_cores_used is not None:
        of = f" of {summary.cpu_cores:g}" if summary.cpu_cores else ""
        parts.append(f"CPU {figure(summary.cpu_cores_used, digits=2)}{of} cores")
    if summary.facts.peak_rss_bytes is not None:
        parts.append(f"memory {memory(summary.facts.peak_rss_bytes)}")
    return ", ".join(parts)


def _comparisons(known: Sequence[Comparison]) -> str:
    """Return the two comparisons whose amounts are easiest to picture."""
    shown = [c for c in known if c.amount >= LEAST_PICTURED]
    shown.sort(key=lambda c: abs(log10(c.amount / BEST_PICTURED)))
    return "; ".join(f"{figure(c.amount, digits=2)} {c.unit}" for c in shown[:2])


def _kept(summary: Summary) -> str:
    if not summary.facts.kept_at:
        return ""
    return f"{summary.record.run.run_id} in {summary.facts.kept_at}"
