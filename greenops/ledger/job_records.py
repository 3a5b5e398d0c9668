"""Rows of jobs back into records."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from greenops.errors import LedgerError, LedgerTooNewError
from greenops.ledger.job_specs import spec_of
from greenops.ledger.records import Found, moment
from greenops.ledger.text import unescape
from greenops.model import (
    Answer,
    Bounded,
    Decision,
    IntensityKind,
    JobEvent,
    JobLine,
    JobRequest,
    JobSpec,
    JobState,
    Realised,
    RequestKind,
)

NO_FACTS = "{}"


def shown_spec_of(row: Found) -> JobSpec:
    """Return the submission of a row of `jobs`, its command masked.

    Raises:
        LedgerTooNewError: it holds what only a newer greenops knows.
        LedgerError: it is no submission.
    """
    return spec_of(
        row["spec"], job_id=unescape(row["job_id"]), written_by=row["greenops_version"]
    )


def event_of(row: Found, job_id: str) -> JobEvent:
    """Return the event of a row of `job_events`.

    Raises:
        LedgerTooNewError: it is in a state that only a newer greenops knows.
        LedgerError: it is no event.
    """
    facts = row["facts"]
    try:
        return JobEvent(
            job_id=job_id,
            seq=row["seq"],
            at=moment(row["at_epoch_s"]),
            state=_state(row["state"], job_id),
            why=unescape(row["why"]),
            attempt_id=_maybe(row["attempt_id"]),
            place=_maybe(row["place"]),
            facts={} if facts == NO_FACTS else dict(json.loads(facts)),
        )
    except (ValueError, TypeError) as e:
        raise LedgerError(f"an event of job {job_id} cannot be read: {e}") from e


def line_of(row: Found) -> JobLine:
    """Return one line of a list of jobs."""
    job_id = unescape(row["job_id"])
    deadline_epoch_s = row["deadline_epoch_s"]
    chosen = json.loads(row["chosen"] or "{}")
    return JobLine(
        job_id=job_id,
        name=unescape(row["name"]),
        user=unescape(row["user_name"]),
        state=_state(row["state"], job_id),
        submitted_at=moment(row["submitted_epoch_s"]),
        since=moment(row["at_epoch_s"]),
        why=unescape(row["why"]),
        command=tuple(json.loads(row["command"])),
        project=_maybe(row["project"]),
        team=_maybe(row["team"]),
        place=_maybe(row["place"]),
        deadline=None if deadline_epoch_s is None else moment(deadline_epoch_s),
        saved_g=row["saved_g"],
        planned_start=_start_of(chosen),
        planned_place=chosen.get("place"),
        promised_g=row["predicted_saved_g"],
        request=row["request"] or "",
    )


def decision_of(row: Found, job_id: str, inputs: Mapping[str, object]) -> Decision:
    """Return the decision of a row of `decisions`, made on `inputs`."""
    chosen = row["chosen"]
    return Decision(
        job_id=job_id,
        at=moment(row["at_epoch_s"]),
        cause=unescape(row["cause"]),
        inputs_sha256=unescape(row["inputs_sha256"]),
        inputs=inputs,
        candidates=tuple(json.loads(row["candidates"])),
        chosen=None if chosen is None else json.loads(chosen),
        reason=unescape(row["reason"]),
        predicted_saved_g=row["predicted_saved_g"],
        greenops_version=unescape(row["greenops_version"]),
        job=json.loads(row["job"]),
    )


def request_of(row: Found) -> JobRequest:
    """Return the request of a row of `job_requests`."""
    return JobRequest(
        request_id=row["request_key"],
        job_id=unescape(row["job_id"]),
        kind=RequestKind(row["kind"]),
        by_user=unescape(row["by_user"]),
        at=moment(row["asked_epoch_s"]),
    )


def answer_of(row: Found) -> Answer:
    """Return the answer of a row of `job_answers`."""
    return Answer(
        request_id=row["request_key"],
        at=moment(row["answered_epoch_s"]),
        answer=unescape(row["answer"]),
    )


def outcome_of(row: Found, job_id: str) -> Realised:
    """Return what came of a job, of a row of `job_outcomes`."""

    def bounded(name: str, unit: str) -> Bounded:
        return Bounded(
            central=row[f"{name}_{unit}"],
            low=row[f"{name}_low_{unit}"],
            high=row[f"{name}_high_{unit}"],
        )

    known = row["run_now_g"] is not None
    return Realised(
        job_id=job_id,
        stated_at=moment(row["stated_epoch_s"]),
        kind=IntensityKind(row["kind"]),
        run_ids=tuple(json.loads(row["run_ids"])),
        energy_j=bounded("energy", "j"),
        emitted_g=bounded("emitted", "g"),
        run_now_g=bounded("run_now", "g") if known else None,
        saved_g=bounded("saved", "g") if known else None,
        run_now_zone=unescape(row["run_now_zone"]),
        run_now_start=moment(row["run_now_start_epoch_s"]),
        run_now_source=unescape(row["run_now_source"]),
        how=unescape(row["how"]),
        greenops_version=unescape(row["greenops_version"]),
        promised_g=row["promised_g"],
    )


def _state(stored: str, job_id: str) -> JobState:
    try:
        return JobState(stored)
    except ValueError as e:
        raise LedgerTooNewError(
            f"job {job_id} is {stored!r}, which only a newer greenops knows: upgrade"
            " greenops"
        ) from e


def _start_of(chosen: Mapping[str, Any]) -> datetime | None:
    segments = chosen.get("segments")
    return datetime.fromisoformat(segments[0][0]) if segments else None


def _maybe(stored: str | None) -> str | None:
    return None if stored is None else unescape(stored)
