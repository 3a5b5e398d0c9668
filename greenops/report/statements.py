"""Footprints as they were stated one after another, as plain data and side by side."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from greenops.model import (
    Bounded,
    Footprint,
    IntensityPoint,
    MarginalEmissions,
    RunRecord,
)
from greenops.report.text import duration, figure

if TYPE_CHECKING:
    from greenops.footprint.restated import ChangedPoint


def bounded_to_dict(name: str, unit: str, given: Bounded | None) -> dict[str, object]:
    """Return an estimate and its bounds under keys that end in their unit."""
    return {
        f"{name}_{unit}": given.central if given else None,
        f"{name}_low_{unit}": given.low if given else None,
        f"{name}_high_{unit}": given.high if given else None,
    }


def statement_to_dict(footprint: Footprint) -> dict[str, object]:
    """Return what the grid's figures decide of a footprint, as JSON types."""
    return {
        **bounded_to_dict("total", "g", footprint.total_g),
        **bounded_to_dict("operational", "g", footprint.operational_g),
        **bounded_to_dict("intensity", "g_per_kwh", footprint.intensity_g_per_kwh),
        **intensity_to_dict(footprint),
        "marginal": marginal_to_dict(footprint.marginal),
    }


def intensity_to_dict(footprint: Footprint) -> dict[str, object]:
    """Return where a footprint's intensity is from and how old it is."""
    issued_at = footprint.issued_at
    return {
        "intensity_source": footprint.intensity_source,
        "intensity_signal": footprint.signal or None,
        "intensity_kind": _one(str(p.kind) for p in footprint.points),
        "intensity_basis": _one(str(p.basis) for p in footprint.points),
        "intensity_provenance": [str(p) for p in footprint.provenances],
        "intensity_issued_at": issued_at.isoformat() if issued_at else None,
        "zone": footprint.zone,
    }


def marginal_to_dict(found: MarginalEmissions | None) -> dict[str, object] | None:
    """Return the marginal view of a run's energy; in no sum with anything."""
    if found is None:
        return None
    return {
        **bounded_to_dict("operational", "g", found.operational_g),
        **bounded_to_dict("intensity", "g_per_kwh", found.intensity_g_per_kwh),
        "intensity_source": found.intensity_source,
        "intensity_signal": found.signal or None,
        "intensity_basis": _one(str(p.basis) for p in found.points),
    }


def point_to_dict(point: IntensityPoint | None) -> dict[str, object] | None:
    """Return one stated intensity as JSON types."""
    if point is None:
        return None
    return {
        "intensity_g_per_kwh": point.intensity_g_per_kwh,
        "intensity_low_g_per_kwh": point.low_g_per_kwh,
        "intensity_high_g_per_kwh": point.high_g_per_kwh,
        "kind": str(point.kind),
        "basis": str(point.basis),
        "provenance": str(point.provenance),
        "source": point.source,
        "issued_at": point.issued_at.isoformat() if point.issued_at else None,
    }


def changed_to_dict(changed: "ChangedPoint") -> dict[str, object]:
    """Return one stretch of time that is stated otherwise, as JSON types."""
    return {
        "start": changed.start.isoformat(),
        "stop": changed.stop.isoformat(),
        "before": point_to_dict(changed.before),
        "now": point_to_dict(changed.after),
    }


def intensity_line(footprint: Footprint, record: RunRecord, *, dash: str = "-") -> str:
    """Return the intensity with bounds, how it came about, how old, and its source.

    Args:
        footprint: What it belongs to.
        record: Of the run. The age is that of the oldest figure when it ended.
        dash: Between two bounds.
    """
    intensity = footprint.intensity_g_per_kwh
    low, high = (figure(g) for g in (intensity.low, intensity.high))
    aside = [f"{low}{dash}{high}"]
    if footprint.provenances:
        aside.append(" and ".join(str(p) for p in footprint.provenances))
    if record.end is not None and footprint.issued_at is not None:
        aside.append(_age(footprint.issued_at, record.end.stopped_at))
    source = footprint.intensity_source
    if footprint.zone not in source.replace(",", " ").split():
        source = f"{footprint.zone}: {source}"
    told_by = record.run.machine.get("zone_from")
    if told_by not in (None, "configuration"):
        source = f"zone from {told_by}; {source}"
    return f"grid {figure(intensity.central)} g/kWh ({', '.join(aside)}; {source})"


def _age(issued_at: datetime, stopped_at: datetime) -> str:
    age_s = (stopped_at - issued_at).total_seconds()
    if age_s < 0:
        return f"stated {issued_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{duration(age_s)} old"


def _one(words: Iterable[str]) -> str | None:
    found = set(words)
    return found.pop() if len(found) == 1 else None
