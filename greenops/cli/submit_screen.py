"""What was submitted, on the screen and as JSON."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from greenops.model.masking import masked
from greenops.report.look import Look
from greenops.report.text import fold, safe

if TYPE_CHECKING:
    from greenops.model import Option, Place, PlanCost
    from greenops.report.plan_text import Said
    from greenops.wire.submitted import Submitted

SCHEMA = "greenops.submitted/1"
LABEL = 10


def submitted_lines(
    done: "Submitted", look: Look, *, dry_run: bool = False
) -> Iterator[str]:
    """Yield what a person is told of a job that was just submitted.

    Args:
        done: The job with its plan.
        look: Of the screen.
        dry_run: Nothing was written.
    """
    name = safe(done.spec.name, unicode=look.unicode)
    begun = "would be planned so" if dry_run else f"job {done.job_id}"
    yield look.paint("bold", f"{begun}: {name}")
    for label, text in _rows(done, look):
        room = max(look.columns - LABEL - 2, 20)
        for line in fold(safe(text, unicode=look.unicode), room):
            yield f"  {label:<{LABEL}}{line}"
            label = ""
    if not dry_run:
        job_id = done.job_id
        yield look.paint(
            "dim",
            f"  greenops job {job_id} tells more; logs -f, cancel, hold, run-now too",
        )


def _rows(done: "Submitted", look: Look) -> Iterator[tuple[str, str]]:
    from greenops.report.plan_text import Said

    said = Said(dash=look.dash)
    planned = done.foreseen.who.planned
    plan, intent = done.foreseen.plan, done.foreseen.intent
    yield "runs", shlex.join(masked(done.spec.argv))
    deadline = done.foreseen.who.planned.deadline
    if plan is not None:
        zone = next((p.zone for p in done.places if p.name == plan.chosen.place), "")
        yield "where", said.where(plan.chosen, planned, zone)
        yield "when", said.when(plan.chosen, planned)
        yield "emits", said.emits(plan.chosen.cost)
        yield "saves", said.saves(plan, planned)
    elif intent is None:
        yield "when", "as soon as there is a place that can be used"
    else:
        yield "when", "as soon as there is room"
    latest = max(done.latest_start, planned.earliest)
    begun = f"so begun {said.time(latest)} at the latest"
    yield "by", f"{said.time(deadline)}, {begun} ({done.foreseen.who.said})"
    yield "why", done.reason
    yield from _known(done, said)
    if done.foreseen.first.facts.get("run_now"):
        yield "now", "it is to start at once, whatever the plan"
    if done.foreseen.first.state.value == "held":
        yield "held", "nothing happens until it is released"


def _known(done: "Submitted", said: "Said") -> Iterator[tuple[str, str]]:
    """Yield what the plan was made on, each source once."""
    forecasts = [p.forecast for p in done.places if p.forecast is not None]
    if not forecasts:
        yield "known", "nothing of the hours ahead: it does not wait for them"
    told = {(f.method, f.source): f for f in forecasts}
    for (method, source), forecast in told.items():
        zones = ", ".join(
            sorted(
                {f.zone for f in forecasts if (f.method, f.source) == (method, source)}
            )
        )
        issued = said.time(forecast.issued_at)
        yield "known", f"{zones}: {method}, {source}, as of {issued}"


def submitted_to_dict(done: "Submitted", *, dry_run: bool = False) -> dict[str, Any]:
    """Return the same as plain data, with units in the keys and times in UTC."""
    foreseen = done.foreseen
    plan = foreseen.plan
    return {
        "schema": SCHEMA,
        "job_id": None if dry_run else done.job_id,
        "name": done.spec.name,
        "command": list(masked(done.spec.argv)),
        "cwd": done.spec.cwd,
        "state": str(foreseen.first.state),
        "run_now": bool(foreseen.first.facts.get("run_now")),
        "daemon": done.daemon,
        "deadline": _time(foreseen.who.planned.deadline),
        "latest_start": _time(foreseen.who.latest_start),
        "estimates": foreseen.who.said,
        "plan": None if plan is None else _option(plan.chosen),
        "at_once": None if plan is None or not plan.at_once else _cost(plan.at_once),
        "saved_g": None if plan is None else plan.saved_g,
        "reason": done.reason,
        "place": done.place,
        "starts_at": None if done.starts_at is None else _time(done.starts_at),
        "forecasts": [_forecast(p) for p in done.places if p.forecast],
        "notes": list(done.notes),
    }


def _forecast(place: "Place") -> dict[str, Any]:
    forecast = place.forecast
    return {
        "place": place.name,
        "zone": place.zone,
        "method": forecast and forecast.method,
        "source": forecast and forecast.source,
        "issued_at": forecast and _time(forecast.issued_at),
    }


def _option(option: "Option") -> dict[str, Any]:
    return {
        "place": option.place,
        "segments": [
            {"start": _time(s.start), "stop": _time(s.stop)} for s in option.segments
        ],
        **_cost(option.cost),
    }


def _cost(cost: "PlanCost") -> dict[str, Any]:
    return {
        "emissions_g": cost.total_g.central,
        "emissions_low_g": cost.total_g.low,
        "emissions_high_g": cost.total_g.high,
        "energy_j": cost.energy_j.central,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
