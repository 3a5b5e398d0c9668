"""Plans as the JSON that `greenops plan --json` writes; `docs/json.md` has its keys."""

from datetime import UTC, datetime
from typing import Any

from greenops.model import (
    Bounded,
    Exclusion,
    Option,
    Place,
    Plan,
    PlanCost,
    Refusal,
    Transfer,
)
from greenops.report.plan_facts import Came, Planned, saved

SCHEMA = "greenops.plan/1"
Row = dict[str, Any]
_PARTS = ("total", "operational", "waiting", "transfer", "embodied")


def plans_to_dict(planned: Planned) -> Row:
    """Return everything that was planned, with units in the keys and times in UTC."""
    return {
        "schema": SCHEMA,
        "made_at": _time(planned.made_at),
        "replay": bool(planned.came or planned.actual),
        "carbon_price_per_t": planned.objective.price_per_t,
        "budgets_g": dict(planned.objective.budgets_g),
        "plans": [_plan(plan, planned) for plan in planned.plans],
        "refusals": [_refusal(refusal) for refusal in planned.refusals],
        "places": [_place(place) for place in planned.places],
        "notes": list(planned.notes),
        "sources": list(planned.sources),
    }


def _plan(plan: Plan, planned: Planned) -> Row:
    job = planned.job(plan.job)
    came = planned.came.get(plan.job)
    runner_up = plan.reason.runner_up
    return {
        "job": plan.job,
        "workload": str(job.workload),
        "project": job.project or None,
        "home": job.home,
        "earliest": _time(job.earliest),
        "deadline": _time(job.deadline),
        **_bounds("duration", job.duration_s, "s"),
        "chosen": _option(plan.chosen),
        "at_once": None if plan.at_once is None else _cost(plan.at_once),
        "saved_g": plan.saved_g,
        "saved_fraction": saved(plan.at_once, plan.saved_g),
        "reason": {
            "words": plan.reason.words,
            "considered": [_option(option) for option in plan.reason.considered],
            "excluded": [_exclusion(excluded) for excluded in plan.reason.excluded],
            "runner_up": None if runner_up is None else _option(runner_up),
        },
        "advice": list(plan.advice),
        "came": None if came is None else _came(came),
    }


def _came(came: Came) -> Row:
    return {
        "cost": _cost(came.chosen),
        "at_once": None if came.at_once is None else _cost(came.at_once),
        "saved_g": came.saved_g,
        "saved_fraction": saved(came.at_once, came.saved_g),
        "oracle": None if came.oracle is None else _option(came.oracle),
        "of_oracle_fraction": came.of_oracle,
    }


def _option(option: Option) -> Row:
    return {
        "place": option.place,
        "start": _time(option.start),
        "stop": _time(option.stop),
        "pauses": option.pauses,
        "segments": [
            {"start": _time(s.start), "stop": _time(s.stop), "gpus": s.gpus}
            for s in option.segments
        ],
        "transfers": [_transfer(transfer) for transfer in option.transfers],
        "cost": _cost(option.cost),
    }


def _cost(cost: PlanCost) -> Row:
    row: Row = {}
    for part in _PARTS:
        row |= _bounds(part, getattr(cost, f"{part}_g"), "g")
    return row | _bounds("energy", cost.energy_j, "j") | {"price": cost.price}


def _transfer(transfer: Transfer) -> Row:
    return {
        "dataset": transfer.dataset,
        "path": list(transfer.path),
        "size_gb": transfer.size_gb,
        **_bounds("energy", transfer.energy_wh, "wh"),
        **_bounds("emissions", transfer.emissions_g, "g"),
        "duration_s": transfer.duration_s,
        "price": transfer.price,
    }


def _refusal(refusal: Refusal) -> Row:
    return {
        "job": refusal.job,
        "binding": refusal.binding,
        "detail": refusal.detail,
        "change": refusal.change,
        "excluded": [_exclusion(excluded) for excluded in refusal.excluded],
    }


def _exclusion(excluded: Exclusion) -> Row:
    return {
        "place": excluded.place,
        "rule": excluded.rule,
        "detail": excluded.detail,
        "change": excluded.change or None,
    }


def _place(place: Place) -> Row:
    forecast = place.forecast
    stated: Row | None = None
    if forecast is not None:
        stated = {
            "kind": str(forecast.kind),
            "basis": str(forecast.basis),
            "issued_at": _time(forecast.issued_at),
            "method": forecast.method,
            "source": forecast.source,
            "hours": len(forecast.hours),
        }
    return {"place": place.name, "zone": place.zone, "forecast": stated}


def _bounds(name: str, bounded: Bounded, unit: str) -> Row:
    return {
        f"{name}_{unit}": bounded.central,
        f"{name}_low_{unit}": bounded.low,
        f"{name}_high_{unit}": bounded.high,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
