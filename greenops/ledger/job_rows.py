"""Records of jobs into rows, in the order of `statements.COLUMNS`.

What is long is cut where it is for people, and refused where it is to be run or
followed: a command, the inputs of a decision.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from greenops.ledger.job_specs import spec_json
from greenops.ledger.rows import Row
from greenops.ledger.text import cut, escape
from greenops.ledger.version import greenops_version
from greenops.model import Bounded, Decision, JobEvent, JobSpec, Realised
from greenops.model.masking import masked


def job_row(job_id: str, spec: JobSpec, submitted_at: datetime) -> tuple[Row, bool]:
    """Return the row of a submission, and whether its command has to be kept apart.

    Raises:
        ValueError: it is too long, or holds a number that is none.
    """
    shown = masked(spec.argv)
    sealed = shown != spec.argv
    row: Row = (
        escape(job_id),
        _text(spec.name),
        _text(spec.user),
        *(None if t is None else _text(t) for t in (spec.project, spec.team)),
        submitted_at.timestamp(),
        None if spec.deadline is None else spec.deadline.timestamp(),
        _json(shown),
        int(sealed),
        spec_json(spec, shown),
        greenops_version(),
    )
    return row, sealed


def event_row(job_key: int, event: JobEvent) -> Row:
    """Return the row of an event.

    Raises:
        ValueError: its facts are no plain data.
    """
    return (
        job_key,
        event.seq,
        event.at.timestamp(),
        event.state.value,
        _text(event.why),
        None if event.attempt_id is None else _text(event.attempt_id),
        None if event.place is None else _text(event.place),
        _json(dict(event.facts)),
    )


def decision_row(job_key: int, inputs_key: int, decision: Decision) -> Row:
    """Return the row of a decision.

    Raises:
        ValueError: something of it is no plain data.
    """
    saved_g = decision.predicted_saved_g
    return (
        job_key,
        decision.at.timestamp(),
        _text(decision.cause),
        _text(decision.inputs_sha256),
        inputs_key,
        _json([dict(c) for c in decision.candidates]),
        None if decision.chosen is None else _json(dict(decision.chosen)),
        _text(decision.reason),
        None if saved_g is None else finite(saved_g),
        _text(decision.greenops_version),
        _json(dict(decision.job), sort=True),
    )


def inputs_row(inputs: Mapping[str, object]) -> Row:
    """Return the row of what decisions were made on, found again by its digest.

    Raises:
        ValueError: it is no plain data.
    """
    content = _json(dict(inputs), sort=True)
    return hashlib.sha256(content.encode()).hexdigest(), content


def outcome_row(job_key: int, outcome: Realised) -> Row:
    """Return the row of what came of a job.

    Raises:
        ValueError: a figure is no number.
    """
    promised_g = outcome.promised_g
    return (
        job_key,
        outcome.stated_at.timestamp(),
        outcome.kind.value,
        _json(outcome.run_ids),
        *_three(outcome.energy_j),
        *_three(outcome.emitted_g),
        *_three(outcome.run_now_g),
        *_three(outcome.saved_g),
        _text(outcome.run_now_zone),
        outcome.run_now_start.timestamp(),
        _text(outcome.run_now_source),
        _text(outcome.how),
        _text(outcome.greenops_version or greenops_version()),
        None if promised_g is None else finite(promised_g),
    )


def finite(number: float) -> float:
    """Return a number that is one.

    Raises:
        ValueError: it is not.
    """
    if number != number or abs(number) == float("inf"):
        raise ValueError(f"{number} is no figure to keep")
    return float(number)


def _three(bounded: Bounded | None) -> Row:
    if bounded is None:
        return (None, None, None)
    return tuple(finite(x) for x in (bounded.central, bounded.low, bounded.high))


def _text(text: str) -> str:
    return escape(cut(text))


def _json(plain: object, *, sort: bool = False) -> str:
    """Return JSON in ASCII: NUL and lone surrogates become escapes and come back."""
    try:
        return json.dumps(plain, separators=(",", ":"), allow_nan=False, sort_keys=sort)
    except (TypeError, RecursionError) as e:
        raise ValueError(f"only plain data can be kept: {e}") from e
