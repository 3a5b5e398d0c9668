"""Records into rows: what the appending statements and the spool are given.

A row is a tuple of plain values in the order of `statements.COLUMNS`, without its
`run_key`; a device stands as its id until the ledger knows its number.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

from greenops.ledger.text import cut, cut_all, escape
from greenops.model import (
    Bounded,
    Device,
    DeviceTotal,
    Footprint,
    IntensityPoint,
    JobUse,
    MarginalEmissions,
    Mark,
    Method,
    Run,
    RunEnd,
    Sample,
)

Value = str | int | float | None
Row = tuple[Value, ...]

METHODS = (Method.COUNTER, Method.INTEGRAL, Method.MODEL, Method.BRIDGED)
"""A method is kept as its place here; only ever append to it."""
TAG_HEAD_CHARS = 64
"""How much of a tag is indexed."""


class Entry(NamedTuple):
    """Rows of one run, by table, to be written together. The id is as stored.

    An empty id: the rows belong to no run.
    """

    run_id: str
    rows: dict[str, list[Row]]


def run_entry(run: Run, *, namespace: str, version: str) -> Entry:
    """Return the rows of a run that begins.

    Args:
        run: The run.
        namespace: The recorder's pid namespace: its pid means nothing outside of it.
        version: Of greenops.
    """
    command = cut_all(list(run.command))
    row: Row = (
        _text(run.run_id),
        _text(run.name),
        _text(run.kind),
        _json(command),
        _text(run.cwd),
        _text(run.host),
        _text(run.user),
        run.started_at.timestamp(),
        run.pid,
        run.recorder_pid,
        float(run.recorder_started_s),
        namespace,
        _text(run.boot_id),
        float(run.interval_s),
        *(_text_or_none(t) for t in (run.project, run.team, run.zone)),
        run.pue,
        _text_or_none(run.parent_run_id),
        _json({cut(k): v for k, v in run.machine.items()}),
        version,
    )
    return Entry(_text(run.run_id), {"runs": [row], "tags": _tag_rows(run.tags)})


def devices_entry(run_id: str, devices: Sequence[Device]) -> Entry:
    """Return the rows of devices, each beginning with its id."""
    return Entry(_text(run_id), {"devices": [_device_row(d) for d in devices]})


def tick_entry(run_id: str, samples: Sequence[Sample], use: JobUse | None) -> Entry:
    """Return the rows of one tick. Samples that hold no finite number are left out."""
    rows: dict[str, list[Row]] = {
        "samples": [_sample_row(s) for s in samples if _is_finite(s)]
    }
    if use is not None and math.isfinite(use.start_epoch_s + use.duration_s):
        rows["job_use"] = [
            (
                use.start_epoch_s,
                use.duration_s,
                _finite(use.cpu_s) or 0.0,
                _finite(use.node_cpu_s),
                use.rss_bytes,
                use.processes,
            )
        ]
    return Entry(_text(run_id), rows)


def mark_entry(run_id: str, mark: Mark) -> Entry:
    """Return the row of a phase mark."""
    row = (_text(mark.name), float(mark.at_epoch_s), float(mark.offset_s))
    return Entry(_text(run_id), {"marks": [row]})


def end_entry(
    end: RunEnd,
    totals: Sequence[DeviceTotal],
    *,
    footprint: Mapping[str, list[Row]] | None = None,
    closed_by: str | None = None,
) -> Entry:
    """Return the rows of a run that ends, its devices among them.

    Args:
        end: How it ended.
        totals: By device.
        footprint: From `footprint_rows`.
        closed_by: Who closed it, where that was not its own recorder.
    """
    sound = [t for t in totals if _is_finite(t)]
    energy_j = sum(t.job_energy_j for t in sound) if sound else None
    row: Row = (
        end.status.value,
        end.stopped_at.timestamp(),
        _finite(end.duration_s) or 0.0,
        end.exit_code,
        end.exit_signal,
        _json(cut_all(list(end.notes))),
        energy_j,
        closed_by,
    )
    rows: dict[str, list[Row]] = {
        "devices": [_device_row(t.device) for t in sound],
        "run_ends": [row],
        "totals": [_total_row(t) for t in sound],
    }
    return Entry(_text(end.run_id), rows | dict(footprint or {}))


def footprint_rows(
    footprint: Footprint,
    *,
    computed_epoch_s: float,
    version: str,
    why: str | None = None,
) -> dict[str, list[Row]]:
    """Return the rows of a footprint: itself, and the hours and points behind it.

    Args:
        footprint: What is stated.
        computed_epoch_s: When.
        version: Of greenops.
        why: What a restatement is made for; None: a run's own first footprint.

    Raises:
        ValueError: a figure is not finite.
    """
    row = footprint_row(
        footprint, computed_epoch_s=computed_epoch_s, version=version, why=why
    )
    points = [
        point_row(p, footprint.signal, computed_epoch_s) for p in footprint.points
    ]
    if second := footprint.marginal:
        points += [point_row(p, second.signal, computed_epoch_s) for p in second.points]
    hours: list[Row] = [(h.hour.timestamp(), h.energy_j) for h in footprint.hours]
    return {"footprints": [row], "energy_hours": hours, "intensities": points}


def point_row(point: IntensityPoint, signal: str, recorded_epoch_s: float) -> Row:
    """Return the row of what `signal` states about a stretch of time."""
    issued = point.issued_at
    return (
        _text(signal),
        _text(point.zone),
        point.start.timestamp(),
        point.stop.timestamp(),
        float(point.intensity_g_per_kwh),
        float(point.low_g_per_kwh),
        float(point.high_g_per_kwh),
        point.kind.value,
        point.basis.value,
        point.provenance.value,
        _text(point.source),
        None if issued is None else issued.timestamp(),
        recorded_epoch_s,
    )


def footprint_row(
    footprint: Footprint,
    *,
    computed_epoch_s: float,
    version: str,
    why: str | None = None,
) -> Row:
    """Return the row of a footprint alone; the arguments are those of `footprint_rows`.

    Raises:
        ValueError: a figure is not finite.
    """
    bounds = (
        footprint.energy_j,
        footprint.facility_energy_j,
        footprint.operational_g,
        footprint.embodied_g,
        footprint.total_g,
        footprint.intensity_g_per_kwh,
        footprint.pue,
    )
    row: Row = (
        computed_epoch_s,
        version,
        _text(footprint.zone),
        _text(footprint.intensity_source),
        *(x for b in bounds for x in _three(b)),
        *(_three(footprint.water_l) if footprint.water_l else (None, None, None)),
        _json({cut(k): cut(v) for k, v in footprint.factors.items()}),
        _text_or_none(why),
        _text(footprint.signal),
        *_marginal(footprint.marginal),
    )
    if not all(math.isfinite(x) for x in row if isinstance(x, float)):
        raise ValueError(f"footprint holds a number that is not finite: {footprint}")
    return row


def _marginal(found: MarginalEmissions | None) -> Row:
    if found is None:
        return (None,) * 8
    figures = (*_three(found.operational_g), *_three(found.intensity_g_per_kwh))
    return (*figures, _text(found.intensity_source), _text(found.signal))


def _sample_row(s: Sample) -> Row:
    return (
        s.start_epoch_s,
        _text(s.device_id),
        s.duration_s,
        s.node_energy_j,
        s.job_energy_j,
        s.error_j,
        METHODS.index(s.method),
        _finite(s.utilization),
    )


def _device_row(d: Device) -> Row:
    return (
        _text(d.device_id),
        d.kind.value,
        _text(d.name),
        _text(d.source),
        _finite(d.rel_uncertainty) or 0.0,
        _finite(d.limit_w),
        _finite(d.counter_period_s),
    )


def _total_row(t: DeviceTotal) -> Row:
    return (
        _text(t.device.device_id),
        t.node_energy_j,
        t.job_energy_j,
        t.job_low_j,
        t.job_high_j,
        _finite(t.peak_w),
        _finite(t.mean_utilization),
        METHODS.index(t.method),
        _json(asdict(t.quality)),
    )


def _tag_rows(tags: Mapping[str, str]) -> list[Row]:
    kept = zip(tags, cut_all([str(v) for v in tags.values()]), strict=False)
    rows: list[Row] = []
    for label, content in kept:
        stored = escape(content)
        rows.append((_text(label), stored, stored[:TAG_HEAD_CHARS]))
    return rows


def _is_finite(record: Sample | DeviceTotal) -> bool:
    if isinstance(record, Sample):
        total = record.start_epoch_s + record.duration_s + record.error_j
    else:
        total = record.job_low_j + record.job_high_j
    return math.isfinite(total + record.node_energy_j + record.job_energy_j)


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _three(bounded: Bounded) -> tuple[float, float, float]:
    return float(bounded.central), float(bounded.low), float(bounded.high)


def _text(text: str) -> str:
    return escape(cut(text))


def _text_or_none(text: str | None) -> str | None:
    return None if text is None else _text(text)


def _json(plain: object) -> str:
    """Return JSON in ASCII: NUL and lone surrogates become escapes and come back."""
    return json.dumps(plain, separators=(",", ":"))
