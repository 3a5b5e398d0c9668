"""Tables of plans: the places weighed for one job, and many jobs at a glance."""

from greenops.cli.text import Column, table
from greenops.model import Option, Plan, PlanCost
from greenops.report.look import Look
from greenops.report.plan_facts import Planned, saved
from greenops.report.plan_text import Said
from greenops.report.text import figure, mass, percent

MOST_CONSIDERED = 12
PLACES = (
    Column(title=""),
    Column(title="PLACE", grows=True),
    Column(title="ZONE", rank=4, grows=True),
    Column(title="START"),
    Column(title="DONE", rank=3),
    Column(title="PAUSES", right=True, rank=5),
    Column(title="EMITS", right=True),
    Column(title="95 %", right=True, rank=2),
    Column(title="SAVES", right=True, rank=1),
    Column(title="PRICE", right=True, rank=6),
)
JOBS = (
    Column(title="JOB", grows=True),
    Column(title="PLACE", grows=True),
    Column(title="START"),
    Column(title="DONE", rank=3),
    Column(title="PAUSES", right=True, rank=4),
    Column(title="EMITS", right=True),
    Column(title="SAVES", right=True, rank=1),
    Column(title="CAME TO", right=True, rank=2),
)


def considered(plan: Plan, planned: Planned, said: Said, look: Look) -> list[str]:
    """Return the best time of every place that was weighed, the chosen one marked."""
    options = list(plan.reason.considered[:MOST_CONSIDERED])
    if plan.chosen.place not in {o.place for o in options}:
        options.insert(0, plan.chosen)
    cells = [_place(option, plan, planned, said, look) for option in options]
    # Without a single price there is nothing to compare.
    width = len(PLACES) if any(row[-1] for row in cells) else len(PLACES) - 1
    lines = table(PLACES[:width], [row[:width] for row in cells], look)
    more = len(plan.reason.considered) - len(options)
    return [*lines, *([f"and {more} more places"] if more > 0 else [])]


def overview(planned: Planned, said: Said, look: Look) -> list[str]:
    """Return one line a job."""
    width = len(JOBS) if planned.came else len(JOBS) - 1
    cells = [_job(plan, planned, said)[:width] for plan in planned.plans]
    return table(JOBS[:width], cells, look)


def _place(
    option: Option, plan: Plan, planned: Planned, said: Said, look: Look
) -> list[str]:
    total_g = option.cost.total_g
    return [
        "*" if option.place == plan.chosen.place else "",
        option.place,
        planned.place(option.place).zone,
        said.time(option.start),
        said.time(option.stop),
        str(option.pauses),
        mass(total_g.central),
        f"{mass(total_g.low)}{look.dash}{mass(total_g.high)}",
        _saves(option.cost, plan.at_once),
        "" if option.cost.price is None else figure(option.cost.price),
    ]


def _job(plan: Plan, planned: Planned, said: Said) -> list[str]:
    came = planned.came.get(plan.job)
    return [
        plan.job,
        plan.chosen.place,
        said.time(plan.chosen.start),
        said.time(plan.chosen.stop),
        str(plan.chosen.pauses),
        mass(plan.chosen.cost.total_g.central),
        _saves(plan.chosen.cost, plan.at_once),
        "-" if came is None else mass(came.chosen.total_g.central),
    ]


def _saves(cost: PlanCost, at_once: PlanCost | None) -> str:
    saved_g = 0.0 if at_once is None else at_once.total_g.central - cost.total_g.central
    share = saved(at_once, saved_g)
    if share is None:
        return "-"
    return percent(share) if share >= 0.0 else f"-{percent(-share)}"
