"""Submitted jobs as the JSON of the commands; `docs/json.md` has its keys."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from greenops.model import (
    AttemptRun,
    Decision,
    JobEvent,
    JobLine,
    JobSpec,
    Realised,
)
from greenops.report.job_facts import AttemptFacts, WholeJob, attempts_of
from greenops.report.statements import bounded_to_dict

SCHEMA = "greenops.job/1"
PLAN_SCHEMA = "greenops.job-plan/1"
Row = dict[str, Any]
_LINE = (
    "job_id", "name", "user", "project", "team", "state", "why", "place",
    "submitted_at", "since", "deadline", "planned_start", "planned_place", "promised_g",
    "saved_g", "request", "command",
)  # fmt: skip
_DECISION = (
    "at", "cause", "reason", "chosen", "candidates", "predicted_saved_g", "inputs",
    "job", "inputs_sha256", "greenops_version",
)  # fmt: skip


def line_to_dict(line: JobLine) -> Row:
    """Return one line of a list of jobs, with units in the keys and times in UTC."""
    row = {name: plain(getattr(line, name)) for name in _LINE}
    return row | {"request": line.request or None}


def job_to_dict(whole: WholeJob) -> Row:
    """Return all of a job, with units in the keys and times in UTC."""
    last = whole.last
    return {
        "schema": SCHEMA,
        "job_id": whole.job_id,
        "name": whole.spec.name,
        "user": whole.spec.user,
        "state": str(last.state),
        "why": last.why,
        "place": last.place,
        "submitted_at": plain(whole.events[0].at),
        "spec": spec_to_dict(whole.spec),
        "events": [_event(event) for event in whole.events],
        "attempts": [_attempt(attempt) for attempt in attempts_of(whole.events)],
        "runs": [_run(run) for run in whole.runs],
        "decisions": [decision_to_dict(decision) for decision in whole.decisions],
        "outcomes": {str(kind): _outcome(o) for kind, o in whole.outcomes.items()},
        "log": whole.log,
    }


def spec_to_dict(spec: JobSpec) -> Row:
    """Return a submission as plain data; names of the environment, never values."""
    row: Row = plain(spec)
    command = row.pop("argv")
    return {
        "command": command,
        **row,
        **bounded_to_dict("duration", "s", spec.duration_s),
    }


def plan_to_dict(job_id: str, decision: Decision | None) -> Row:
    """Return the plan that a job waits by; `decision` is null before there is one."""
    return {
        "schema": PLAN_SCHEMA,
        "job_id": job_id,
        "decision": None if decision is None else decision_to_dict(decision),
    }


def decision_to_dict(decision: Decision) -> Row:
    """Return what was decided for a job at one moment, on what, and why."""
    return {name: plain(getattr(decision, name)) for name in _DECISION}


def plain(value: Any) -> Any:  # noqa: ANN401 - records and what they hold
    """Return a record as JSON types: times in UTC, sets sorted."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(plain(v) for v in value)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def _event(event: JobEvent) -> Row:
    row: Row = plain(event)
    del row["job_id"]
    return row


def _attempt(attempt: AttemptFacts) -> Row:
    row: Row = plain(attempt)
    return row


def _run(run: AttemptRun) -> Row:
    return {
        "run_id": run.run_id,
        "status": str(run.status),
        "started_at": plain(run.started_at),
        "duration_s": run.duration_s,
        "zone": run.zone,
        **bounded_to_dict("energy", "j", run.energy_j),
        **bounded_to_dict("total", "g", run.total_g),
    }


def _outcome(realised: Realised) -> Row:
    return {
        "kind": str(realised.kind),
        "stated_at": plain(realised.stated_at),
        "run_ids": list(realised.run_ids),
        **bounded_to_dict("energy", "j", realised.energy_j),
        **bounded_to_dict("emitted", "g", realised.emitted_g),
        **bounded_to_dict("run_now", "g", realised.run_now_g),
        **bounded_to_dict("saved", "g", realised.saved_g),
        "promised_g": realised.promised_g,
        "run_now_zone": realised.run_now_zone,
        "run_now_start": plain(realised.run_now_start),
        "run_now_source": realised.run_now_source or None,
        "how": realised.how,
        "greenops_version": realised.greenops_version,
    }
