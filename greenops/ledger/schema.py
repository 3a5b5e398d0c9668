"""The tables of the ledger, for SQLite and PostgreSQL alike, as reading sees them.

A local ledger is laid out by the files of `migrations/`; tests hold that layout and
this one together. The meaning of a column is the field of `model` it is named after.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)

import greenops.ledger.schema_jobs  # noqa: F401 - its tables are of the same ledger
from greenops.ledger.columns import KEY, NUMBER, counts, numbers, parent_key, texts
from greenops.ledger.columns import metadata as metadata


def _run_key(*, primary: bool = True) -> Column[int]:
    return parent_key("runs.run_key", primary=primary)


runs = Table(
    "runs",
    metadata,
    Column("run_key", KEY, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    *texts("name", "kind", "command", "cwd", "host", "user_name"),
    *numbers("started_epoch_s"),
    Column("pid", BigInteger, nullable=False),
    Column("recorder_pid", BigInteger, nullable=False),
    *numbers("recorder_started_s"),
    *texts("recorder_namespace", "boot_id"),
    *numbers("interval_s"),
    *texts("project", "team", "zone", nullable=True),
    *numbers("pue", nullable=True),
    *texts("parent_run_id", nullable=True),
    *texts("machine", "greenops_version"),
    Index("runs_by_start", "started_epoch_s"),
    Index("runs_by_name", "name", "started_epoch_s"),
    Index("runs_by_project", "project", "started_epoch_s"),
    Index("runs_by_team", "team", "started_epoch_s"),
    Index("runs_by_user", "user_name", "started_epoch_s"),
    Index("runs_by_host", "host", "started_epoch_s"),
    sqlite_autoincrement=True,  # a key is never used again, so no row changes its run
)

open_runs = Table("open_runs", metadata, _run_key())

tags = Table(
    "tags",
    metadata,
    _run_key(),
    Column("label", Text, primary_key=True),
    *texts("content", "content_head"),
    Index("tags_by_content", "label", "content_head", "run_key"),
    sqlite_with_rowid=False,
)

run_ends = Table(
    "run_ends",
    metadata,
    _run_key(),
    *texts("status"),
    *numbers("stopped_epoch_s", "duration_s"),
    Column("exit_code", Integer),
    Column("exit_signal", Integer),
    *texts("notes"),
    *numbers("energy_j", nullable=True),
    *texts("closed_by", nullable=True),
    Index("run_ends_by_status", "status", "run_key"),
    Index("run_ends_by_duration", "duration_s"),
    Index("run_ends_by_energy", "energy_j"),
)

devices = Table(
    "devices",
    metadata,
    _run_key(),
    Column("device_number", Integer, primary_key=True, autoincrement=False),
    *texts("device_id", "kind", "name", "source"),
    *numbers("rel_uncertainty"),
    *numbers("limit_w", "counter_period_s", nullable=True),
    sqlite_with_rowid=False,
)

samples = Table(
    "samples",
    metadata,
    _run_key(),
    Column("start_epoch_s", NUMBER, primary_key=True),
    Column("device_number", Integer, primary_key=True, autoincrement=False),
    *numbers("duration_s", "node_energy_j", "job_energy_j", "error_j"),
    Column("method", SmallInteger, nullable=False),
    *numbers("utilization", nullable=True),
    sqlite_with_rowid=False,
)

job_use = Table(
    "job_use",
    metadata,
    _run_key(),
    Column("start_epoch_s", NUMBER, primary_key=True),
    *numbers("duration_s", "cpu_s"),
    *numbers("node_cpu_s", nullable=True),
    Column("rss_bytes", BigInteger),
    Column("processes", Integer),
    sqlite_with_rowid=False,
)

training_ticks = Table(
    "training_ticks",
    metadata,
    _run_key(),
    Column("at_epoch_s", NUMBER, primary_key=True),
    *counts("steps", "samples", "train_batches", "other_batches"),
    *numbers("waited_s"),
    *counts("compiles"),
    *numbers("compiled_s"),
    *counts("processes"),
    sqlite_with_rowid=False,
)

training_passes = Table(
    "training_passes",
    metadata,
    _run_key(),
    Column("pid", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("trains", SmallInteger, nullable=False),
    *numbers("start_epoch_s", "stop_epoch_s"),
    *counts("batches", "samples", "steps"),
    *numbers("waited_s"),
    sqlite_with_rowid=False,
)

training = Table(
    "training",
    metadata,
    _run_key(),
    *numbers("first_epoch_s", "last_epoch_s"),
    *texts("first_steps_epoch_s", "processes"),
)

marks = Table(
    "marks",
    metadata,
    Column("mark_key", KEY, primary_key=True),
    _run_key(primary=False),
    *texts("name"),
    *numbers("at_epoch_s", "offset_s"),
    Index("marks_by_run", "run_key", "offset_s"),
)

totals = Table(
    "totals",
    metadata,
    _run_key(),
    Column("device_number", Integer, primary_key=True, autoincrement=False),
    *numbers("node_energy_j", "job_energy_j", "job_low_j", "job_high_j"),
    *numbers("peak_w", "mean_utilization", nullable=True),
    Column("method", SmallInteger, nullable=False),
    *texts("quality"),
    sqlite_with_rowid=False,
)

footprints = Table(
    "footprints",
    metadata,
    Column("footprint_key", KEY, primary_key=True),
    _run_key(primary=False),
    *numbers("computed_epoch_s"),
    *texts("greenops_version", "zone", "intensity_source"),
    *numbers("energy_j", "energy_low_j", "energy_high_j"),
    *numbers("facility_energy_j", "facility_energy_low_j", "facility_energy_high_j"),
    *numbers("operational_g", "operational_low_g", "operational_high_g"),
    *numbers("embodied_g", "embodied_low_g", "embodied_high_g"),
    *numbers("total_g", "total_low_g", "total_high_g"),
    *numbers(
        "intensity_g_per_kwh", "intensity_low_g_per_kwh", "intensity_high_g_per_kwh"
    ),
    *numbers("pue", "pue_low", "pue_high"),
    *numbers("water_l", "water_low_l", "water_high_l", nullable=True),
    *texts("factors"),
    *texts("why", "signal", nullable=True),
    *numbers(
        "marginal_operational_g",
        "marginal_operational_low_g",
        "marginal_operational_high_g",
        "marginal_intensity_g_per_kwh",
        "marginal_intensity_low_g_per_kwh",
        "marginal_intensity_high_g_per_kwh",
        nullable=True,
    ),
    *texts("marginal_source", "marginal_signal", nullable=True),
    Index("footprints_by_run", "run_key", "footprint_key"),
    Index("footprints_by_total", "total_g"),
)

energy_hours = Table(
    "energy_hours",
    metadata,
    _run_key(),
    Column("hour_epoch_s", NUMBER, primary_key=True),
    *numbers("job_energy_j"),
    sqlite_with_rowid=False,
)

intensities = Table(
    "intensities",
    metadata,
    Column("intensity_key", KEY, primary_key=True),
    *texts("signal", "zone"),
    *numbers("start_epoch_s", "stop_epoch_s"),
    *numbers("intensity_g_per_kwh", "low_g_per_kwh", "high_g_per_kwh"),
    *texts("kind", "basis", "provenance", "source"),
    *numbers("issued_epoch_s", nullable=True),
    *numbers("recorded_epoch_s"),
    Index("intensities_by_zone", "zone", "kind", "start_epoch_s"),
)

footprint_points = Table(
    "footprint_points",
    metadata,
    Column(
        "footprint_key",
        KEY,
        ForeignKey("footprints.footprint_key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "intensity_key",
        KEY,
        ForeignKey("intensities.intensity_key"),
        primary_key=True,
        autoincrement=False,
    ),
    sqlite_with_rowid=False,
)

node_energy = Table(
    "node_energy",
    metadata,
    Column("host", Text, primary_key=True),
    Column("hour_epoch_s", NUMBER, primary_key=True),
    Column("device_id", Text, primary_key=True),
    Column("since_epoch_s", NUMBER, primary_key=True),
    *texts("kind", "name", "source"),
    *numbers("rel_uncertainty", "covered_s", "energy_j"),
    *numbers("measured_j", "found_j", "idle_j", "unattributed_j", "error_j"),
    Index("node_energy_by_hour", "hour_epoch_s"),
    sqlite_with_rowid=False,
)

spools_taken = Table(
    "spools_taken",
    metadata,
    Column("name", Text, primary_key=True),
    *numbers("taken_epoch_s"),
    sqlite_with_rowid=False,
)
