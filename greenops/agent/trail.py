"""What a decision is written down with: what it was made on, weighed and chosen.

All of it is plain data, and its hash can be made again from what is kept of it
(docs/daemon.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from hashlib import sha256
from typing import Any

from greenops.agent.intent import Intent
from greenops.agent.planning import Candidate
from greenops.model import Decision, Exclusion, Free, Option, Place, Plan, Refusal

Plain = dict[str, object]
SAID_ELSEWHERE = frozenset({"name", "zone", "forecast", "free", "seen"})
"""Of a place: what has a line of its own among the inputs."""
_PLAIN = frozenset({str, float, int, bool, type(None)})
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def fingerprint(inputs: Mapping[str, object], job: Mapping[str, object]) -> str:
    """Return the hash of what a decision was made on, as `Decision.inputs_sha256`."""
    return fingerprint_of_parts(canonical(inputs), job)


def fingerprint_of_parts(inputs: str, job: Mapping[str, object]) -> str:
    """Return the hash where the shared inputs are written already.

    Args:
        inputs: By `canonical`.
        job: What of the job it was decided on.
    """
    whole = f'{{"inputs":{inputs},"job":{canonical(job)}}}'
    return sha256(whole.encode()).hexdigest()


def canonical(plain: Mapping[str, object]) -> str:
    """Return plain data as JSON in ASCII, keys sorted, without spaces."""
    return _CANONICAL.encode(plain)


def inputs_of(places: Sequence[Place]) -> Plain:
    """Return what all jobs are planned on, one mapping for all of a planning."""
    return {"places": [_place(p) for p in places]}


def job_inputs(who: Candidate, standing: Intent | None) -> Plain:
    """Return what of a job it is planned on; what is at its default is left out.

    Args:
        who: The job.
        standing: What was meant for it before; None: nothing.
    """
    found = _changed(who.planned)
    found |= {"latest_start": plain(who.latest_start), "said": who.said}
    if who.paused_at is not None:
        found["paused_at"] = who.paused_at
    if who.running:
        found["running"] = True
    if standing is not None:
        found["standing"] = chosen(standing)
    return found


def considered(
    who: Candidate, intent: Intent, told: Plan | Refusal | None
) -> tuple[Plain, ...]:
    """Return what was weighed, running at once too, and what was not, by which rule.

    Args:
        who: The job.
        intent: What is meant for it.
        told: How it was planned with everything; None: in arrays, of which the best
            comes out.
    """
    options: list[Plain] = []
    if isinstance(told, Plan):
        options = [_option(o) for o in told.reason.considered]
    elif told is None and intent.spells and (best := chosen(intent)):
        options = [best]
    if intent.cost_g is not None and intent.saved_g is not None:
        at_once_g = intent.cost_g + intent.saved_g
        options.append(_at_once(who.planned.home, at_once_g))
    excluded = () if told is None else _excluded(told)
    barred: list[Plain] = [
        {"place": e.place, "rule": e.rule, "detail": e.detail} for e in excluded
    ]
    return (*options, *barred)


def _excluded(told: Plan | Refusal) -> tuple[Exclusion, ...]:
    return told.reason.excluded if isinstance(told, Plan) else told.excluded


def _at_once(home: str, emissions_g: float) -> Plain:
    """Return what a saving is counted from."""
    return {"place": home, "segments": [], "at_once": True, "emissions_g": emissions_g}


def chosen(intent: Intent, plan: Plan | None = None) -> Plain | None:
    """Return what is meant as plain data; None: anywhere, as soon as there is room.

    Args:
        intent: What is meant.
        plan: By which it came about, where it was planned with everything.
    """
    if intent.place is None and not intent.spells:
        return None
    found: Plain = {
        "place": intent.place,
        "segments": [[plain(a), plain(b)] for a, b in intent.spells],
        "emissions_g": intent.cost_g,
    }
    moved = None if plan is None else plan.chosen.cost.transfer_g
    if moved is not None and moved.high > 0.0:
        found["transfer_g"] = [moved.central, moved.low, moved.high]
    return found


def recalled(decision: Decision) -> Intent:
    """Return what a decision meant: what `chosen` wrote, read back."""
    made: Mapping[str, Any] = decision.chosen or {}
    return Intent(
        place=made.get("place"),
        spells=tuple(
            (datetime.fromisoformat(a), datetime.fromisoformat(b))
            for a, b in made.get("segments", ())
        ),
        why=decision.reason,
        cost_g=made.get("emissions_g"),
        saved_g=decision.predicted_saved_g,
    )


def plain(value: object) -> object:
    """Return a value as JSON has it: records without their defaults, times in UTC."""
    if type(value) in _PLAIN:  # nearly all are; thousands of jobs are planned at once
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    if is_dataclass(value):
        return _changed(value)
    return value


def _changed(record: object, *, leave_out: frozenset[str] = frozenset()) -> Plain:
    found = {}
    # A class has a hash; mypy takes the method of its instances for it.
    for name, default in _defaults(type(record)):  # type: ignore[arg-type]
        value = getattr(record, name)
        if name not in leave_out and (default is MISSING or value != default):
            found[name] = plain(value)
    return found


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    return tuple((f.name, _default(f)) for f in fields(kind))


def _default(field: "Field[Any]") -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _place(place: Place) -> Plain:
    free = place.free
    return {
        "place": place.name,
        "zone": place.zone,
        "pue": place.pue.central,
        "free_gpus_seen": None if place.seen is None else place.seen.free_gpus,
        "seen_at": None if place.seen is None else plain(place.seen.at),
        "free": None if free is None else [_span(f) for f in free],
        "forecast": _forecast(place),
        "configured": _changed(place, leave_out=SAID_ELSEWHERE),
    }


def _span(free: Free) -> list[object]:
    return [plain(free.start), plain(free.stop), free.gpus]


def _forecast(place: Place) -> Plain | None:
    forecast = place.forecast
    if forecast is None:
        return None
    hours = [
        [
            plain(h.start),
            h.intensity_g_per_kwh,
            *(h.low80_g_per_kwh, h.high80_g_per_kwh),
            *(h.low95_g_per_kwh, h.high95_g_per_kwh),
        ]
        for h in forecast.hours
    ]
    text = json.dumps(hours, separators=(",", ":"))
    return {
        "source": forecast.source,
        "method": forecast.method,
        "kind": forecast.kind.value,
        "basis": forecast.basis.value,
        "issued_at": plain(forecast.issued_at),
        "hours": len(hours),
        "sha256": sha256(text.encode()).hexdigest(),
    }


def _option(option: Option) -> Plain:
    return {
        "place": option.place,
        "segments": [[plain(s.start), plain(s.stop)] for s in option.segments],
        "emissions_g": option.cost.total_g.central,
    }
