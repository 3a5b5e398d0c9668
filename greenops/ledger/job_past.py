"""What past jobs and runs of a name took, as plain SQL and an estimate."""

from greenops.ledger.listing import Execute
from greenops.ledger.past import past_of
from greenops.ledger.rows import TAG_HEAD_CHARS
from greenops.ledger.text import escape
from greenops.model import JOB_ID_TAG, JobState, Past, RunStatus

MOST = 50
"""How many of the newest count: what a script took last year is another script."""
_OF_JOBS = (
    "SELECT sum(e.duration_s) AS duration_s, sum(e.energy_j) AS energy_j,"
    " count(*) AS runs, count(e.energy_j) AS measured FROM"
    " (SELECT j.job_key, j.job_id, substr(j.job_id, 1, :head_chars) AS head"
    " FROM jobs j JOIN job_ends d ON d.job_key = j.job_key"
    " WHERE j.name = :name AND d.state = :done ORDER BY j.job_key DESC LIMIT :most)"
    " AS done JOIN tags t ON t.label = :label AND t.content_head = done.head"
    " AND t.content = done.job_id JOIN run_ends e ON e.run_key = t.run_key"
    " GROUP BY done.job_key"
)
_OF_RUNS = (
    "SELECT e.duration_s, e.energy_j, 1 AS runs,"
    " CASE WHEN e.energy_j IS NULL THEN 0 ELSE 1 END AS measured"
    " FROM runs r JOIN run_ends e ON e.run_key = r.run_key"
    " WHERE r.name = :name AND e.status = :finished AND NOT EXISTS"
    " (SELECT 1 FROM tags t WHERE t.run_key = r.run_key AND t.label = :label)"
    " ORDER BY r.started_epoch_s DESC LIMIT :most"
)


def past(execute: Execute, name: str) -> Past | None:
    """Return what done jobs, and runs outside of jobs, of that name took; None: none.

    The running time of a job is that of its attempts together, without its pauses.
    """
    stored = escape(name)
    label = escape(JOB_ID_TAG)
    of_jobs = {
        "done": JobState.DONE.value,
        "label": label,
        "head_chars": TAG_HEAD_CHARS,
    }
    of_runs = {"finished": RunStatus.FINISHED.value, "label": label}
    common = {"name": stored, "most": MOST}
    found = [*execute(_OF_JOBS, of_jobs | common), *execute(_OF_RUNS, of_runs | common)]
    whole = [row for row in found if row["measured"] == row["runs"]]
    return past_of(
        [row["duration_s"] for row in found],
        [r["energy_j"] / r["duration_s"] for r in whole if r["duration_s"] > 0.0],
    )
