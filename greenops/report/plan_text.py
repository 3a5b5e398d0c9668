"""Plans in words: when, where, what it emits, what that is compared with."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from greenops.model import (
    Exclusion,
    Option,
    Plan,
    PlanCost,
    PlannedJob,
    Refusal,
    Transfer,
)
from greenops.report.plan_facts import Came, Planned, saved
from greenops.report.text import (
    MASS_SCALE,
    bounds,
    duration,
    figure,
    mass,
    percent,
    plural,
)

MOST_SEGMENTS = 6
NEGLIGIBLE = 0.005
"""A part of the emissions below this share of them is not worth a word."""


class Said:
    """The words for plans, with times in one time zone and signs a screen can show."""

    def __init__(
        self, zone: tzinfo | None = None, *, dash: str = "-", arrow: str = "->"
    ) -> None:
        """Say times in `zone`; None: this machine's."""
        self._zone = zone
        self._dash = dash
        self._arrow = arrow

    def time(self, at: datetime) -> str:
        """Return `Mon 02 Mar 14:00`."""
        return f"{at.astimezone(self._zone):%a %d %b %H:%M}"

    def span(self, start: datetime, stop: datetime) -> str:
        """Return `Mon 02 Mar 14:00-16:00`, with the day again where it is another."""
        begins, ends = start.astimezone(self._zone), stop.astimezone(self._zone)
        if begins.date() == ends.date() and begins.utcoffset() == ends.utcoffset():
            return f"{self.time(start)}{self._dash}{ends:%H:%M}"
        return f"{self.time(start)} {self._dash} {self.time(stop)}"

    def job(self, job: PlannedJob) -> str:
        """Return what is to be run, and by when."""
        lasts = duration(job.duration_s.central)
        if job.duration_s.low < job.duration_s.high:
            ends = (duration(job.duration_s.low), duration(job.duration_s.high))
            lasts += f" ({ends[0]} to {ends[1]})"
        due = "by" if job.hard else "preferably by"
        return f"{job.name}: {job.workload}, {lasts}, {due} {self.time(job.deadline)}"

    def where(self, option: Option, job: PlannedJob, zone: str) -> str:
        """Return the place, its grid zone, and whether that is away from home."""
        away = "" if option.place == job.home else f", away from {job.home}"
        return f"{option.place} ({zone}){away}"

    def when(self, option: Option, job: PlannedJob) -> str:
        """Return the stretches of running; of many the first ones and the end."""
        elastic = any(s.gpus != job.gpus for s in option.segments)
        shown = [
            self.span(s.start, s.stop)
            + (f" on {plural(s.gpus, 'GPU')}" if elastic else "")
            for s in option.segments[:MOST_SEGMENTS]
        ]
        if more := len(option.segments) - len(shown):
            shown.append(f"{more} more, done {self.time(option.stop)}")
        pauses = f" ({plural(option.pauses, 'pause')})" if option.pauses else ""
        return "; ".join(shown) + pauses

    def emits(self, cost: PlanCost) -> str:
        """Return the emissions with their bounds."""
        ends = bounds(cost.total_g, MASS_SCALE, dash=self._dash)
        return f"{mass(cost.total_g.central)}, 95 % within {ends}"

    def parts(self, cost: PlanCost) -> str:
        """Return what they are made of; nothing where there is one part only."""
        named = {
            "running": cost.operational_g.central,
            "waiting": cost.waiting_g.central,
            "moving data": cost.transfer_g.central,
            "embodied": cost.embodied_g.central,
        }
        least_g = NEGLIGIBLE * cost.total_g.central
        worth = [f"{mass(g)} {part}" for part, g in named.items() if g > least_g]
        return ", ".join(worth) if len(worth) > 1 else ""

    def saves(self, plan: Plan, job: PlannedJob) -> str:
        """Return what is expected to be saved against running at once at home."""
        if plan.at_once is None:
            return f"not known: what running at once at {job.home} emits is not known"
        return self._against(plan.at_once, plan.saved_g or 0.0, job.home)

    def came(self, came: Came, job: PlannedJob) -> str:
        """Return what the plan came to with the intensities that came."""
        said = mass(came.chosen.total_g.central)
        if came.at_once is not None:
            saves = self._against(came.at_once, came.saved_g or 0.0, job.home)
            said += f"; saved {saves}"
        if came.of_oracle is not None:
            said += f", which is {_share(came.of_oracle)} of what could be saved"
        return said

    def oracle(self, oracle: Option, job: PlannedJob, zone: str) -> str:
        """Return the best plan for one who had known what came."""
        emitted = mass(oracle.cost.total_g.central)
        return f"{emitted} at {oracle.place} ({zone}), {self.when(oracle, job)}"

    def together(self, planned: Planned) -> Iterator[str]:
        """Yield what all plans emit, and in a replay what they came to."""
        plans = planned.plans
        expected = [(p.chosen.cost, p.at_once) for p in plans]
        yield f"{plural(len(plans), 'job')} together: {_sum(expected)}"
        came = [planned.came[p.job] for p in plans if p.job in planned.came]
        if came:
            what = _sum([(c.chosen, c.at_once) for c in came])
            yield f"of which {plural(len(came), 'job')} came to {what}"

    def transfer(self, transfer: Transfer) -> str:
        """Return what is moved, which way, and at what cost."""
        way = f" {self._arrow} ".join(transfer.path)
        said = f"{transfer.dataset}, {figure(transfer.size_gb)} GB, {way}"
        said += f": {mass(transfer.emissions_g.central)}"
        if transfer.duration_s is not None:
            said += f", {duration(transfer.duration_s)}"
        return said

    def excluded(self, excluded: Exclusion) -> str:
        """Return why a place was left out, and what would let it in."""
        said = f"{excluded.place} ({excluded.rule}): {excluded.detail}"
        return f"{said}; what would do: {excluded.change}" if excluded.change else said

    def refused(self, refusal: Refusal) -> str:
        """Return why there is no plan."""
        return f"no plan ({refusal.binding}): {refusal.detail}"

    def _against(self, at_once: PlanCost, saved_g: float, home: str) -> str:
        share = saved(at_once, saved_g)
        whole = f"{mass(at_once.total_g.central)} at once at {home}"
        if saved_g == 0.0 or share is None:
            return f"nothing of {whole}"
        if saved_g < 0.0:
            return f"nothing: {mass(-saved_g)} ({percent(-share)}) above {whole}"
        return f"{mass(saved_g)} ({percent(share)}) of {whole}"


def _sum(costs: Sequence[tuple[PlanCost, PlanCost | None]]) -> str:
    """Return emissions summed up, and what is saved of those that are comparable."""
    emitted_g = sum(cost.total_g.central for cost, _ in costs)
    pairs = [
        (cost.total_g.central, at_once.total_g.central)
        for cost, at_once in costs
        if at_once is not None
    ]
    whole_g = sum(there_g for _, there_g in pairs)
    if whole_g <= 0.0:
        return mass(emitted_g)
    share = _share(1.0 - sum(here_g for here_g, _ in pairs) / whole_g)
    which = "" if len(pairs) == len(costs) else f"the {len(pairs)} that could run so "
    return f"{mass(emitted_g)}, {which}{share} below running at once"


def _share(share: float) -> str:
    return percent(share) if share >= 0.0 else f"-{percent(-share)}"
