"""How far the figures of a run can be trusted, in sentences."""

from collections.abc import Sequence
from dataclasses import fields

from greenops.model import DeviceTotal, Method, Quality
from greenops.report.text import duration, energy, percent, plural

NOTABLE_SHARE = 0.005
"""Share of the energy below which bridging is not put into numbers."""


def quality_sentences(totals: Sequence[DeviceTotal]) -> tuple[str, ...]:
    """Return what went wrong while measuring, and what is a model's word.

    Args:
        totals: Of all devices of one run.
    """
    if not totals:
        return ("nothing was measured: no sensor gave a reading",)
    counted = _added([t.quality for t in totals])
    parts = [_gaps(counted, totals), _dropped(counted), *_oddities(counted)]
    troubles = [part for part in parts if part]
    said = "; ".join(troubles) if troubles else "no gaps, no reading dropped"
    modelled = _modelled(totals)
    return (said, modelled) if modelled else (said,)


def is_modelled(total: DeviceTotal) -> bool:
    """Tell whether a device's energy was computed from load, not measured.

    A model may present itself as a counter, so its source counts as well.
    """
    return total.method is Method.MODEL or total.device.source.endswith("model")


def _added(qualities: Sequence[Quality]) -> Quality:
    return Quality(
        **{f.name: sum(getattr(q, f.name) for q in qualities) for f in fields(Quality)}
    )


def _gaps(counted: Quality, totals: Sequence[DeviceTotal]) -> str:
    if not counted.gaps:
        return ""
    said = f"{plural(counted.gaps, 'gap')} ({duration(counted.gap_s)} in all)"
    node_j = sum(t.node_energy_j for t in totals)
    if counted.bridged_j <= 0 or node_j <= 0:
        return f"{said} left open"
    share = counted.bridged_j / node_j
    shown = f", {percent(share)} of it" if share >= NOTABLE_SHARE else ""
    return f"{said} bridged with {energy(counted.bridged_j)} of device energy{shown}"


def _dropped(counted: Quality) -> str:
    kinds = [
        plural(count, one)
        for count, one in (
            (counted.duplicates, "duplicate"),
            (counted.outliers, "impossible reading"),
        )
        if count
    ]
    return f"dropped {' and '.join(kinds)}" if kinds else ""


def _oddities(counted: Quality) -> list[str]:
    return [
        said
        for count, said in (
            (counted.failed_reads, plural(counted.failed_reads, "failed read")),
            (counted.stuck, plural(counted.stuck, "stuck counter")),
            (counted.resets, plural(counted.resets, "counter restart")),
        )
        if count
    ]


def _modelled(totals: Sequence[DeviceTotal]) -> str:
    whole_j = sum(t.job_energy_j for t in totals)
    modelled_j = sum(t.job_energy_j for t in totals if is_modelled(t))
    if whole_j <= 0 or modelled_j <= 0:
        return ""
    if modelled_j >= whole_j:
        return "all of the energy is modelled from load, none measured"
    return f"{percent(modelled_j / whole_j)} of the energy is modelled, not measured"
