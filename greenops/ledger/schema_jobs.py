"""The tables of submitted jobs, as `schema` has those of runs."""

from sqlalchemy import Column, ForeignKey, Index, Integer, SmallInteger, Table, Text

from greenops.ledger.columns import KEY, metadata, numbers, parent_key, texts


def _job_key(*, primary: bool = True) -> Column[int]:
    return parent_key("jobs.job_key", primary=primary)


jobs = Table(
    "jobs",
    metadata,
    Column("job_key", KEY, primary_key=True),
    Column("job_id", Text, nullable=False, unique=True),
    *texts("name", "user_name"),
    *texts("project", "team", nullable=True),
    *numbers("submitted_epoch_s"),
    *numbers("deadline_epoch_s", nullable=True),
    *texts("command"),
    Column("command_sealed", SmallInteger, nullable=False),
    *texts("spec", "greenops_version"),
    Index("jobs_by_name", "name", "job_key"),
    Index("jobs_by_user", "user_name", "job_key"),
    Index("jobs_by_project", "project", "job_key"),
    sqlite_autoincrement=True,  # a key is never used again, so no event changes its job
)

job_events = Table(
    "job_events",
    metadata,
    _job_key(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    *numbers("at_epoch_s"),
    *texts("state", "why"),
    *texts("attempt_id", "place", nullable=True),
    *texts("facts"),
    sqlite_with_rowid=False,
)

open_jobs = Table(
    "open_jobs",
    metadata,
    _job_key(),
    Column("seq", Integer, nullable=False),
    *texts("state"),
)

job_ends = Table(
    "job_ends",
    metadata,
    _job_key(),
    Column("seq", Integer, nullable=False),
    *texts("state"),
    *numbers("ended_epoch_s"),
    Index("job_ends_by_state", "state", "job_key"),
)

decision_inputs = Table(
    "decision_inputs",
    metadata,
    Column("inputs_key", KEY, primary_key=True),
    Column("content_sha256", Text, nullable=False, unique=True),
    *texts("content"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_key", KEY, primary_key=True),
    _job_key(primary=False),
    *numbers("at_epoch_s"),
    *texts("cause", "inputs_sha256"),
    Column("inputs_key", KEY, ForeignKey("decision_inputs.inputs_key"), nullable=False),
    *texts("candidates"),
    *texts("chosen", nullable=True),
    *texts("reason"),
    *numbers("predicted_saved_g", nullable=True),
    *texts("greenops_version", "job"),
    Index("decisions_by_job", "job_key", "decision_key"),
)

job_requests = Table(
    "job_requests",
    metadata,
    Column("request_key", KEY, primary_key=True),
    _job_key(primary=False),
    *texts("kind", "by_user"),
    *numbers("asked_epoch_s"),
    Index("job_requests_by_job", "job_key", "request_key"),
    sqlite_autoincrement=True,  # its number is what a person waits for an answer to
)

open_requests = Table("open_requests", metadata, parent_key("job_requests.request_key"))

job_answers = Table(
    "job_answers",
    metadata,
    parent_key("job_requests.request_key"),
    *numbers("answered_epoch_s"),
    *texts("answer"),
)

job_outcomes = Table(
    "job_outcomes",
    metadata,
    Column("outcome_key", KEY, primary_key=True),
    _job_key(primary=False),
    *numbers("stated_epoch_s"),
    *texts("kind", "run_ids"),
    *numbers("energy_j", "energy_low_j", "energy_high_j"),
    *numbers("emitted_g", "emitted_low_g", "emitted_high_g"),
    *numbers("run_now_g", "run_now_low_g", "run_now_high_g", nullable=True),
    *numbers("saved_g", "saved_low_g", "saved_high_g", nullable=True),
    *texts("run_now_zone"),
    *numbers("run_now_start_epoch_s"),
    *texts("run_now_source", "how", "greenops_version"),
    *numbers("promised_g", nullable=True),
    Index("job_outcomes_by_job", "job_key", "outcome_key"),
)

outcome_looks = Table(
    "outcome_looks",
    metadata,
    _job_key(),
    Column("looks", Integer, nullable=False),
    *numbers("due_epoch_s"),
    Index("outcome_looks_by_due", "due_epoch_s"),
)
