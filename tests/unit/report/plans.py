"""Plans drawn up by hand, for what shows them."""

from typing import Any

from greenops.model import (
    Bounded,
    Exclusion,
    Objective,
    Option,
    Phase,
    Place,
    Plan,
    PlanCost,
    PlannedJob,
    Reason,
    Refusal,
    Segment,
    Transfer,
    Workload,
)
from greenops.report.plan_facts import Came, Planned
from tests.unit.report.forecasts import HOUR, MONDAY, forecast

CLEAN_AT = 30
FORECAST_H = 72


def about(central):
    return Bounded(central=central, low=0.8 * central, high=1.5 * central)


def cost(total_g, **fields):
    """Return a cost of which a tenth is embodied, the rest of running."""
    parts: dict[str, Any] = {
        "operational_g": about(0.9 * total_g),
        "waiting_g": about(0.0),
        "transfer_g": about(0.0),
        "embodied_g": about(0.1 * total_g),
        "total_g": about(total_g),
        "energy_j": about(3.6e6),
    }
    return PlanCost(**(parts | fields))


def segment(at, hours, gpus=0):
    return Segment(
        start=MONDAY + at * HOUR, stop=MONDAY + (at + hours) * HOUR, gpus=gpus
    )


def option(place, total_g, *segments, transfers=(), **fields):
    return Option(
        place=place,
        segments=segments or (segment(CLEAN_AT, 6),),
        cost=cost(total_g, **fields),
        transfers=transfers,
    )


def job(name="pretrain", **fields):
    whole: dict[str, Any] = {
        "workload": Workload.TRAIN,
        "duration_s": Bounded(central=21600.0, low=18000.0, high=28800.0),
        "phases": (Phase(share=1.0, power_w=1000.0),),
        "home": "lab",
        "earliest": MONDAY,
        "deadline": MONDAY + 48 * HOUR,
    }
    return PlannedJob(name=name, **(whole | fields))


def place(name="lab", zone="DE", *, lowest=260.0, **fields):
    values = [lowest + 15 * abs(i % 24 - 12) for i in range(FORECAST_H)]
    known = {"forecast": forecast(values, zone=zone), **fields}
    return Place(name=name, zone=zone, **known)


MOVED = Transfer(
    dataset="corpus",
    path=("lab", "hub", "cloud"),
    size_gb=150.0,
    energy_wh=about(4500.0),
    emissions_g=about(1200.0),
    duration_s=300.0,
    price=3.0,
)


def plan(name="pretrain", **fields):
    chosen = option("cloud", 1200.0, transfers=(MOVED,), transfer_g=about(40.0))
    other = option("lab", 1500.0, segment(12, 6))
    whole: dict[str, Any] = {
        "made_at": MONDAY,
        "chosen": chosen,
        "at_once": cost(2000.0),
        "reason": Reason(
            words="It is the greenest of 2 places.",
            considered=(chosen, other),
            excluded=(
                Exclusion(
                    place="us",
                    rule="residency",
                    detail="it lacks the tag EU",
                    change="drop EU from needs_tags",
                ),
            ),
            runner_up=other,
        ),
        "advice": ("Keep corpus in cold storage until then.",),
    }
    return Plan(job=name, **(whole | fields))


def refusal(name="late"):
    return Refusal(
        job=name,
        binding="deadline",
        detail="it takes 6 h and 4 h are left",
        change="a deadline 2 h later would do",
        excluded=(Exclusion(place="lab", rule="deadline", detail="2 h too few"),),
    )


PLACES = (place("lab", "DE"), place("cloud", "SE", lowest=90.0), place("us", "US-CA"))


def planned(*plans, refusals=(), jobs=(), **fields):
    """Return what was planned; by default one job."""
    plans = plans or (plan(),)
    names = {p.job for p in plans} | {r.job for r in refusals}
    known = {j.name for j in jobs}
    whole: dict[str, Any] = {
        "made_at": MONDAY,
        "jobs": (*jobs, *(job(n) for n in sorted(names - known))),
        "places": PLACES,
        "objective": Objective(),
        "refusals": tuple(refusals),
    }
    return Planned(plans=plans, **(whole | fields))


def replayed(**fields):
    """Return a replay of one job, with what came."""
    actual = forecast([100.0 + 14 * abs(i % 24 - 11) for i in range(FORECAST_H)])
    came = Came(
        chosen=cost(1300.0),
        at_once=cost(2000.0),
        oracle=option("cloud", 1150.0, segment(35, 6)),
    )
    return planned(
        came={"pretrain": came}, actual={"cloud": actual, "lab": actual}, **fields
    )
