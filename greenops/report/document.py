"""A run's summary as plain data with stable keys, for machines.

The keys are documented in `docs/json.md`; a change of meaning raises `SCHEMA`.
"""

from dataclasses import asdict

from greenops.model import Footprint
from greenops.report.statements import (
    bounded_to_dict,
    intensity_to_dict,
    marginal_to_dict,
)
from greenops.report.summary import DeviceLine, Summary

SCHEMA = "greenops.run/1"


def summary_to_dict(summary: Summary) -> dict[str, object]:
    """Return the summary as JSON types; every quantity's key ends in its unit."""
    run, end = summary.record.run, summary.record.end
    facts = summary.facts
    return {
        "schema": SCHEMA,
        "run_id": run.run_id,
        "name": run.name,
        "kind": run.kind,
        "status": str(summary.record.status),
        "exit_code": end.exit_code if end else None,
        "exit_signal": end.exit_signal if end else None,
        "started_at": run.started_at.isoformat(),
        "stopped_at": end.stopped_at.isoformat() if end else None,
        "duration_s": summary.duration_s,
        "interval_s": run.interval_s,
        "command": list(run.command),
        "cwd": run.cwd,
        "host": run.host,
        "user": run.user,
        "project": run.project,
        "team": run.team,
        "tags": dict(run.tags),
        "machine": dict(run.machine),
        "parent_run_id": run.parent_run_id,
        **bounded_to_dict("energy", "j", summary.energy_j),
        "mean_power_w": summary.mean_power_w,
        "peak_power_w": summary.peak_power_w,
        "devices": [_device(line) for line in summary.devices],
        "emissions": _emissions(summary.footprint),
        "gpu_utilization": summary.gpu_utilization,
        "cpu_time_s": facts.cpu_s,
        "cpu_cores_used": summary.cpu_cores_used,
        "cpu_cores": summary.cpu_cores,
        "peak_rss_bytes": facts.peak_rss_bytes,
        "equivalents": [
            {
                "key": one.key,
                "amount": one.amount,
                "unit": one.unit,
                "source": one.source,
            }
            for one in facts.equivalents
        ],
        "marks": [asdict(mark) for mark in summary.record.marks],
        "quality": list(summary.quality),
        "notes": list(end.notes) if end else [],
        "kept_at": facts.kept_at or None,
        "complaints": list(facts.complaints),
    }


def _device(line: DeviceLine) -> dict[str, object]:
    total = line.total
    return {
        "device_id": total.device.device_id,
        "kind": str(total.device.kind),
        "name": total.device.name,
        "source": total.device.source,
        "method": str(total.method),
        "rel_uncertainty": total.device.rel_uncertainty,
        **bounded_to_dict("energy", "j", line.energy_j),
        "share": line.share,
        "node_energy_j": total.node_energy_j,
        "mean_power_w": line.mean_power_w,
        "peak_power_w": total.peak_w,
        "mean_utilization": total.mean_utilization,
        "quality": asdict(total.quality),
    }


def _emissions(footprint: Footprint | None) -> dict[str, object] | None:
    if footprint is None:
        return None
    return {
        **bounded_to_dict("total", "g", footprint.total_g),
        **bounded_to_dict("operational", "g", footprint.operational_g),
        **bounded_to_dict("embodied", "g", footprint.embodied_g),
        **bounded_to_dict("facility_energy", "j", footprint.facility_energy_j),
        **bounded_to_dict("intensity", "g_per_kwh", footprint.intensity_g_per_kwh),
        **intensity_to_dict(footprint),
        "pue": footprint.pue.central,
        "pue_low": footprint.pue.low,
        "pue_high": footprint.pue.high,
        **bounded_to_dict("water", "l", footprint.water_l),
        "marginal": marginal_to_dict(footprint.marginal),
        "factors": dict(footprint.factors),
    }
