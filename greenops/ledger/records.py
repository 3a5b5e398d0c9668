"""Rows of the ledger back into records."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Protocol

from greenops.ledger.rows import METHODS
from greenops.ledger.text import unescape
from greenops.model import (
    Basis,
    Bounded,
    Device,
    DeviceKind,
    DeviceTotal,
    Footprint,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    JobUse,
    MarginalEmissions,
    Mark,
    Provenance,
    Quality,
    Run,
    RunEnd,
    RunRow,
    RunStatus,
    Sample,
    Statement,
)


class Found(Protocol):
    """A row, of sqlite3 or of SQLAlchemy, by the names of its columns."""

    def __getitem__(self, column: str, /) -> Any:  # noqa: ANN401 - as the column is
        """Return the value of a column."""


def moment(epoch_s: float) -> datetime:
    """Return epoch seconds as a UTC time; exact to the microsecond."""
    return datetime.fromtimestamp(epoch_s, UTC)


def run_of(row: Found, tags: Mapping[str, str]) -> Run:
    """Return the run of a row of `runs`, with its tags."""
    return Run(
        run_id=unescape(row["run_id"]),
        name=unescape(row["name"]),
        kind=unescape(row["kind"]),
        command=tuple(json.loads(row["command"])),
        cwd=unescape(row["cwd"]),
        host=unescape(row["host"]),
        user=unescape(row["user_name"]),
        started_at=moment(row["started_epoch_s"]),
        pid=row["pid"],
        recorder_pid=row["recorder_pid"],
        recorder_started_s=row["recorder_started_s"],
        boot_id=unescape(row["boot_id"]),
        interval_s=row["interval_s"],
        project=_maybe(row["project"]),
        team=_maybe(row["team"]),
        zone=_maybe(row["zone"]),
        pue=row["pue"],
        parent_run_id=_maybe(row["parent_run_id"]),
        tags=tags,
        machine=json.loads(row["machine"]),
    )


def run_row_of(
    row: Found, tags: Mapping[str, str], *, restated: bool = False
) -> RunRow:
    """Return one line of a list of runs."""
    return RunRow(
        run_id=unescape(row["run_id"]),
        name=unescape(row["name"]),
        kind=unescape(row["kind"]),
        status=RunStatus(row["status"] or RunStatus.RUNNING),
        started_at=moment(row["started_epoch_s"]),
        duration_s=row["duration_s"],
        host=unescape(row["host"]),
        user=unescape(row["user_name"]),
        project=_maybe(row["project"]),
        team=_maybe(row["team"]),
        zone=_maybe(row["zone"]),
        exit_code=row["exit_code"],
        energy_j=row["energy_j"],
        total_g=row["total_g"],
        parent_run_id=_maybe(row["parent_run_id"]),
        tags=tags,
        restated=restated,
    )


def end_of(run_id: str, row: Found) -> RunEnd:
    """Return the end of a row of `run_ends`."""
    return RunEnd(
        run_id=run_id,
        status=RunStatus(row["status"]),
        stopped_at=moment(row["stopped_epoch_s"]),
        duration_s=row["duration_s"],
        exit_code=row["exit_code"],
        exit_signal=row["exit_signal"],
        notes=tuple(json.loads(row["notes"])),
    )


def device_of(row: Found) -> Device:
    """Return the device of a row of `devices`."""
    return Device(
        device_id=unescape(row["device_id"]),
        kind=DeviceKind(row["kind"]),
        name=unescape(row["name"]),
        source=unescape(row["source"]),
        rel_uncertainty=row["rel_uncertainty"],
        limit_w=row["limit_w"],
        counter_period_s=row["counter_period_s"],
    )


def total_of(row: Found, device: Device) -> DeviceTotal:
    """Return the total of a row of `totals`."""
    known = {f.name for f in fields(Quality)}
    counts = json.loads(row["quality"])
    return DeviceTotal(
        device=device,
        node_energy_j=row["node_energy_j"],
        job_energy_j=row["job_energy_j"],
        job_low_j=row["job_low_j"],
        job_high_j=row["job_high_j"],
        peak_w=row["peak_w"],
        mean_utilization=row["mean_utilization"],
        method=METHODS[row["method"]],
        quality=Quality(**{k: v for k, v in counts.items() if k in known}),
    )


def sample_of(row: Found, device_id: str) -> Sample:
    """Return the sample of a row of `samples`."""
    return Sample(
        device_id=device_id,
        start_epoch_s=row["start_epoch_s"],
        duration_s=row["duration_s"],
        node_energy_j=row["node_energy_j"],
        job_energy_j=row["job_energy_j"],
        error_j=row["error_j"],
        method=METHODS[row["method"]],
        utilization=row["utilization"],
    )


def job_use_of(row: Found) -> JobUse:
    """Return the use of a row of `job_use`."""
    return JobUse(
        start_epoch_s=row["start_epoch_s"],
        duration_s=row["duration_s"],
        cpu_s=row["cpu_s"],
        node_cpu_s=row["node_cpu_s"],
        rss_bytes=row["rss_bytes"],
        processes=row["processes"],
    )


def mark_of(row: Found) -> Mark:
    """Return the mark of a row of `marks`."""
    return Mark(
        name=unescape(row["name"]),
        at_epoch_s=row["at_epoch_s"],
        offset_s=row["offset_s"],
    )


def footprint_of(
    row: Found,
    points: Sequence[IntensityPoint] = (),
    hours: Sequence[HourEnergy] = (),
) -> Footprint:
    """Return the footprint of a row of `footprints`, with what it was computed from."""

    def bounded(name: str, unit: str = "") -> Bounded:
        return Bounded(
            central=row[f"{name}{unit}"],
            low=row[f"{name}_low{unit}"],
            high=row[f"{name}_high{unit}"],
        )

    return Footprint(
        energy_j=bounded("energy", "_j"),
        facility_energy_j=bounded("facility_energy", "_j"),
        operational_g=bounded("operational", "_g"),
        embodied_g=bounded("embodied", "_g"),
        total_g=bounded("total", "_g"),
        intensity_g_per_kwh=bounded("intensity", "_g_per_kwh"),
        zone=unescape(row["zone"]),
        intensity_source=unescape(row["intensity_source"]),
        pue=bounded("pue"),
        water_l=None if row["water_l"] is None else bounded("water", "_l"),
        factors=json.loads(row["factors"]),
        points=tuple(p for p in points if p.kind is not IntensityKind.MARGINAL),
        signal=_maybe(row["signal"]) or "",
        hours=tuple(hours),
        marginal=_marginal_of(
            bounded,
            row,
            tuple(p for p in points if p.kind is IntensityKind.MARGINAL),
        ),
    )


def statement_of(row: Found, footprint: Footprint) -> Statement:
    """Return the statement that a row of `footprints` makes."""
    return Statement(
        footprint=footprint,
        stated_at=moment(row["computed_epoch_s"]),
        why=_maybe(row["why"]),
        greenops_version=row["greenops_version"],
    )


def _marginal_of(
    bounded: Callable[[str, str], Bounded],
    row: Found,
    points: tuple[IntensityPoint, ...],
) -> MarginalEmissions | None:
    if row["marginal_operational_g"] is None:
        return None
    return MarginalEmissions(
        operational_g=bounded("marginal_operational", "_g"),
        intensity_g_per_kwh=bounded("marginal_intensity", "_g_per_kwh"),
        intensity_source=unescape(row["marginal_source"]),
        points=points,
        signal=_maybe(row["marginal_signal"]) or "",
    )


def point_of(row: Found) -> IntensityPoint:
    """Return the intensity of a row of `intensities`."""
    issued_epoch_s = row["issued_epoch_s"]
    return IntensityPoint(
        start=moment(row["start_epoch_s"]),
        stop=moment(row["stop_epoch_s"]),
        intensity_g_per_kwh=row["intensity_g_per_kwh"],
        low_g_per_kwh=row["low_g_per_kwh"],
        high_g_per_kwh=row["high_g_per_kwh"],
        zone=unescape(row["zone"]),
        source=unescape(row["source"]),
        kind=IntensityKind(row["kind"]),
        basis=Basis(row["basis"]),
        provenance=Provenance(row["provenance"]),
        issued_at=None if issued_epoch_s is None else moment(issued_epoch_s),
    )


def hour_of(row: Found) -> HourEnergy:
    """Return the energy of a row of `energy_hours`."""
    return HourEnergy(hour=moment(row["hour_epoch_s"]), energy_j=row["job_energy_j"])


def tags_of(rows: Iterable[Found]) -> dict[str, str]:
    """Return the tags of rows of `tags`."""
    return {unescape(r["label"]): unescape(r["content"]) for r in rows}


def _maybe(stored: str | None) -> str | None:
    return None if stored is None else unescape(stored)
