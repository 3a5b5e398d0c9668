"""Reads the measured runs of attempts, as plain SQL that SQLite and PostgreSQL take."""

from greenops.ledger.listing import Execute
from greenops.ledger.records import Found, moment
from greenops.ledger.rows import TAG_HEAD_CHARS
from greenops.ledger.text import escape, unescape
from greenops.model import JOB_ID_TAG, AttemptRun, Bounded, RunStatus

_TAGGED = (
    " FROM tags t JOIN runs r ON r.run_key = t.run_key"
    " LEFT JOIN run_ends e ON e.run_key = r.run_key"
    " LEFT JOIN footprints f ON f.footprint_key = (SELECT max(l.footprint_key)"
    " FROM footprints l WHERE l.run_key = r.run_key)"
    " WHERE t.label = :label AND t.content_head = :head AND t.content = :job_id"
    " ORDER BY r.started_epoch_s, r.run_key"
)
_SELECT = (
    "SELECT r.run_id, r.started_epoch_s, r.zone, e.status, e.duration_s,"
    " f.energy_j, f.energy_low_j, f.energy_high_j,"
    " f.total_g, f.total_low_g, f.total_high_g,"
    " (SELECT sum(m.job_energy_j) FROM totals m WHERE m.run_key = r.run_key) AS sum_j,"
    " (SELECT sum(m.job_low_j) FROM totals m WHERE m.run_key = r.run_key) AS sum_low_j,"
    " (SELECT sum(m.job_high_j) FROM totals m WHERE m.run_key = r.run_key)"
    " AS sum_high_j"
)


def attempt_runs(execute: Execute, job_id: str) -> list[AttemptRun]:
    """Return the measured runs that were attempts at a job, the oldest first.

    Args:
        execute: Runs SQL.
        job_id: Whole.
    """
    stored = escape(job_id)
    given = {
        "label": escape(JOB_ID_TAG),
        "head": stored[:TAG_HEAD_CHARS],
        "job_id": stored,
    }
    return [_run_of(row) for row in execute(_SELECT + _TAGGED, given)]


def _run_of(row: Found) -> AttemptRun:
    stated = row["energy_j"] is not None
    zone = row["zone"]
    return AttemptRun(
        run_id=unescape(row["run_id"]),
        status=RunStatus(row["status"] or RunStatus.RUNNING),
        started_at=moment(row["started_epoch_s"]),
        duration_s=row["duration_s"],
        zone=None if zone is None else unescape(zone),
        # Without a footprint there are only the devices, whose bounds add up at worst.
        energy_j=_bounded(row, "energy", "j") if stated else _bounded(row, "sum", "j"),
        total_g=_bounded(row, "total", "g"),
    )


def _bounded(row: Found, name: str, unit: str) -> Bounded | None:
    central = row[f"{name}_{unit}"]
    if central is None:
        return None
    return Bounded(
        central=central,
        low=min(row[f"{name}_low_{unit}"], central),
        high=max(row[f"{name}_high_{unit}"], central),
    )
