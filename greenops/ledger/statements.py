"""The SQL of the appending path: plain text, so that a running job loads no SQLAlchemy.

`schema.py` states the same tables for reading; a test holds both together.
"""

COLUMNS: dict[str, tuple[str, ...]] = {
    "runs": (
        "run_id", "name", "kind", "command", "cwd", "host", "user_name",
        "started_epoch_s", "pid", "recorder_pid", "recorder_started_s",
        "recorder_namespace", "boot_id", "interval_s", "project", "team", "zone",
        "pue", "parent_run_id", "machine", "greenops_version",
    ),
    "tags": ("run_key", "label", "content", "content_head"),
    "run_ends": (
        "run_key", "status", "stopped_epoch_s", "duration_s", "exit_code",
        "exit_signal", "notes", "energy_j", "closed_by",
    ),
    "devices": (
        "run_key", "device_number", "device_id", "kind", "name", "source",
        "rel_uncertainty", "limit_w", "counter_period_s",
    ),
    "samples": (
        "run_key", "start_epoch_s", "device_number", "duration_s", "node_energy_j",
        "job_energy_j", "error_j", "method", "utilization",
    ),
    "job_use": (
        "run_key", "start_epoch_s", "duration_s", "cpu_s", "node_cpu_s", "rss_bytes",
        "processes",
    ),
    "marks": ("run_key", "name", "at_epoch_s", "offset_s"),
    "totals": (
        "run_key", "device_number", "node_energy_j", "job_energy_j", "job_low_j",
        "job_high_j", "peak_w", "mean_utilization", "method", "quality",
    ),
    "footprints": (
        "run_key", "computed_epoch_s", "greenops_version", "zone", "intensity_source",
        "energy_j", "energy_low_j", "energy_high_j",
        "facility_energy_j", "facility_energy_low_j", "facility_energy_high_j",
        "operational_g", "operational_low_g", "operational_high_g",
        "embodied_g", "embodied_low_g", "embodied_high_g",
        "total_g", "total_low_g", "total_high_g",
        "intensity_g_per_kwh", "intensity_low_g_per_kwh", "intensity_high_g_per_kwh",
        "pue", "pue_low", "pue_high", "water_l", "water_low_l", "water_high_l",
        "factors", "why", "signal",
        "marginal_operational_g", "marginal_operational_low_g",
        "marginal_operational_high_g", "marginal_intensity_g_per_kwh",
        "marginal_intensity_low_g_per_kwh", "marginal_intensity_high_g_per_kwh",
        "marginal_source", "marginal_signal",
    ),
    "energy_hours": ("run_key", "hour_epoch_s", "job_energy_j"),
    "intensities": (
        "signal", "zone", "start_epoch_s", "stop_epoch_s", "intensity_g_per_kwh",
        "low_g_per_kwh", "high_g_per_kwh", "kind", "basis", "provenance", "source",
        "issued_epoch_s", "recorded_epoch_s",
    ),
    "footprint_points": ("footprint_key", "intensity_key"),
    "jobs": (
        "job_id", "name", "user_name", "project", "team", "submitted_epoch_s",
        "deadline_epoch_s", "command", "command_sealed", "spec", "greenops_version",
    ),
    "job_events": (
        "job_key", "seq", "at_epoch_s", "state", "why", "attempt_id", "place", "facts",
    ),
    "open_jobs": ("job_key", "seq", "state"),
    "job_ends": ("job_key", "seq", "state", "ended_epoch_s"),
    "decision_inputs": ("content_sha256", "content"),
    "decisions": (
        "job_key", "at_epoch_s", "cause", "inputs_sha256", "inputs_key", "candidates",
        "chosen", "reason", "predicted_saved_g", "greenops_version", "job",
    ),
    "job_requests": ("job_key", "kind", "by_user", "asked_epoch_s"),
    "open_requests": ("request_key",),
    "job_answers": ("request_key", "answered_epoch_s", "answer"),
    "job_outcomes": (
        "job_key", "stated_epoch_s", "kind", "run_ids",
        "energy_j", "energy_low_j", "energy_high_j",
        "emitted_g", "emitted_low_g", "emitted_high_g",
        "run_now_g", "run_now_low_g", "run_now_high_g",
        "saved_g", "saved_low_g", "saved_high_g",
        "run_now_zone", "run_now_start_epoch_s", "run_now_source", "how",
        "greenops_version", "promised_g",
    ),
    "outcome_looks": ("job_key", "looks", "due_epoch_s"),
    "node_energy": (
        "host", "hour_epoch_s", "device_id", "since_epoch_s", "kind", "name", "source",
        "rel_uncertainty", "covered_s", "energy_j", "measured_j", "found_j", "idle_j",
        "unattributed_j", "error_j",
    ),
}  # fmt: skip
"""The columns each insert fills, in the order of its row."""

_REPEATS = {
    "runs": " ON CONFLICT (run_id) DO NOTHING",
    "tags": " ON CONFLICT (run_key, label) DO NOTHING",
    "run_ends": " ON CONFLICT (run_key) DO UPDATE SET status = excluded.status,"
    " stopped_epoch_s = excluded.stopped_epoch_s, duration_s = excluded.duration_s,"
    " exit_code = excluded.exit_code, exit_signal = excluded.exit_signal,"
    " notes = excluded.notes, energy_j = excluded.energy_j,"
    " closed_by = excluded.closed_by",
    "devices": " ON CONFLICT (run_key, device_number) DO UPDATE SET"
    " kind = excluded.kind, name = excluded.name, source = excluded.source,"
    " rel_uncertainty = excluded.rel_uncertainty, limit_w = excluded.limit_w,"
    " counter_period_s = excluded.counter_period_s",
    "samples": " ON CONFLICT (run_key, start_epoch_s, device_number) DO NOTHING",
    "job_use": " ON CONFLICT (run_key, start_epoch_s) DO NOTHING",
    "energy_hours": " ON CONFLICT (run_key, hour_epoch_s) DO UPDATE SET"
    " job_energy_j = excluded.job_energy_j",
    "footprint_points": " ON CONFLICT (footprint_key, intensity_key) DO NOTHING",
    "open_jobs": " ON CONFLICT (job_key) DO UPDATE SET seq = excluded.seq,"
    " state = excluded.state",
    "decision_inputs": " ON CONFLICT (content_sha256) DO NOTHING",
    "outcome_looks": " ON CONFLICT (job_key) DO UPDATE SET looks = excluded.looks,"
    " due_epoch_s = excluded.due_epoch_s",
    "node_energy": " ON CONFLICT (host, hour_epoch_s, device_id, since_epoch_s) DO"
    " UPDATE SET covered_s = excluded.covered_s, energy_j = excluded.energy_j,"
    " measured_j = excluded.measured_j, found_j = excluded.found_j,"
    " idle_j = excluded.idle_j, unattributed_j = excluded.unattributed_j,"
    " error_j = excluded.error_j",
}
POINT_IDENTITY = COLUMNS["intensities"][:-1]
"""What makes a statement about the grid the same one; when it was recorded does not."""

FIND_RUN = "SELECT run_key FROM runs WHERE run_id = ?"
FIND_DEVICES = "SELECT device_id, device_number FROM devices WHERE run_key = ?"
OPEN_RUN = (
    "INSERT INTO open_runs (run_key) SELECT run_key FROM runs WHERE run_key = ?"
    " AND NOT EXISTS (SELECT 1 FROM run_ends e WHERE e.run_key = runs.run_key)"
    " ON CONFLICT (run_key) DO NOTHING"
)
NEWEST_FOOTPRINT = "SELECT max(footprint_key) FROM footprints WHERE run_key = ?"
CLOSE_RUN = "DELETE FROM open_runs WHERE run_key = ?"
FORGET_TOTALS = "DELETE FROM totals WHERE run_key = ?"
FORGET_FOREIGN_END = "DELETE FROM run_ends WHERE run_key = ? AND closed_by IS NOT NULL"
SPOOL_IS_TAKEN = "SELECT 1 FROM spools_taken WHERE name = ?"
TAKE_SPOOL = "INSERT INTO spools_taken (name, taken_epoch_s) VALUES (?, ?)"


def insert(table: str) -> str:
    """Return the insert of one row into `table`; a repeated row does no harm."""
    columns = COLUMNS[table]
    marks = ", ".join("?" * len(columns))
    names = ", ".join(columns)
    repeat = _REPEATS.get(table, "")
    # Every part is a constant of this module.
    return f"INSERT INTO {table} ({names}) VALUES ({marks}){repeat}"  # noqa: S608


def find_point(*, issued: bool) -> str:
    """Return the query for the key of a stated intensity, by its identity.

    Args:
        issued: Whether it has a time of issue; no parameter is taken for one it lacks.
    """
    terms = [f"{name} = ?" for name in POINT_IDENTITY[:-1]]
    terms.append("issued_epoch_s = ?" if issued else "issued_epoch_s IS NULL")
    # Every part is a constant of this module.
    return f"SELECT intensity_key FROM intensities WHERE {' AND '.join(terms)}"  # noqa: S608
