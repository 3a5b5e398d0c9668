"""Why a plan is what it is, in words."""

from collections.abc import Sequence
from itertools import groupby

from greenops.model import Exclusion, Objective, Option, PlanCost, PlannedJob, Reason
from greenops.planner.figures import grams, moment
from greenops.planner.place import Bid

AS_MUCH = 5e-4
"""Below this part two figures are the same to the three digits that are shown."""


def reason_of(
    job: PlannedJob,
    bids: Sequence[Bid],
    excluded: Sequence[Exclusion],
    at_once: PlanCost | None,
    objective: Objective,
) -> Reason:
    """Return the reason for the first of the bids.

    Args:
        job: What runs.
        bids: The chosen one first.
        excluded: The places that were not weighed.
        at_once: What running at home at once emits; None: not known, or not possible.
        objective: What was weighed.
    """
    chosen, runner_up = bids[0].option, second_best(bids)
    sentences = [
        _chosen(job, chosen),
        _parts(chosen.cost),
        _against_home(job, chosen, at_once),
        _weighed(bids, objective),
        _runner_up(chosen, runner_up),
        _excluded(excluded),
    ]
    return Reason(
        words=" ".join(s for s in sentences if s),
        considered=tuple(b.option for b in bids),
        excluded=tuple(excluded),
        runner_up=runner_up,
    )


def second_best(bids: Sequence[Bid]) -> Option | None:
    """Return what would be chosen were there not the first: elsewhere or later."""
    others = [(b.weight_g, b.option) for b in bids[1:]]
    if (second := bids[0].second()) is not None:
        others.append((second[1], second[0]))
    return min(others, key=lambda o: o[0])[1] if others else None


def _chosen(job: PlannedJob, option: Option) -> str:
    total_g = option.cost.total_g
    how = f", paused {_times(option.pauses)}" if option.pauses else ""
    counts = {s.gpus for s in option.segments}
    if len(counts) > 1:
        how += f", on {min(counts)} to {max(counts)} GPUs"
    return (
        f"{job.name} runs at {option.place} from {moment(option.start)} to "
        f"{moment(option.stop)}{how}: {grams(total_g.central)} of CO2e "
        f"(95 %: {grams(total_g.low)} to {grams(total_g.high)})."
    )


def _parts(cost: PlanCost) -> str:
    """Return what is not running, where there is any of it."""
    parts = (
        (cost.transfer_g, "moving data"),
        (cost.waiting_g, "hardware that waits"),
        (cost.embodied_g, "making the hardware"),
    )
    named = [f"{grams(g.central)} for {what}" for g, what in parts if g.central > 0.0]
    return f"Of this {', '.join(named)}." if named else ""


def _against_home(job: PlannedJob, option: Option, at_once: PlanCost | None) -> str:
    if at_once is None:
        return f"Running at once at {job.home} is not possible, or not known."
    there_g = at_once.total_g.central
    saved_g = there_g - option.cost.total_g.central
    if abs(saved_g) <= AS_MUCH * there_g:
        return f"At once at {job.home} it would emit as much."
    share = f" or {abs(saved_g) / there_g:.1%}" if there_g else ""
    more = "less" if saved_g > 0.0 else "more"
    return (
        f"At once at {job.home} it would emit {grams(there_g)}: this is "
        f"{grams(abs(saved_g))}{share} {more}."
    )


def _weighed(bids: Sequence[Bid], objective: Objective) -> str:
    places = f"{len(bids)} places" if len(bids) > 1 else "1 place"
    if objective.price_per_t is None:
        return f"{places} weighed by carbon."
    price = bids[0].option.cost.price
    cost = f"; it costs {price:.2f}" if price is not None else ""
    return (
        f"{places} weighed by carbon and by money at {objective.price_per_t:g} per "
        f"tonne{cost}."
    )


def _runner_up(chosen: Option, other: Option | None) -> str:
    if other is None:
        return "There was no other way."
    more_g = other.cost.total_g.central - chosen.cost.total_g.central
    apart = f"{grams(abs(more_g))} {'more' if more_g >= 0.0 else 'less'}"
    if abs(more_g) <= AS_MUCH * chosen.cost.total_g.central:
        apart = "as much"
    where = "there" if other.place == chosen.place else f"at {other.place}"
    return f"Second best: {where} from {moment(other.start)}, {apart}."


def _excluded(excluded: Sequence[Exclusion]) -> str:
    if not excluded:
        return ""
    by_rule = groupby(sorted(excluded, key=lambda e: e.rule), key=lambda e: e.rule)
    parts = [f"{', '.join(e.place for e in group)} ({rule})" for rule, group in by_rule]
    return f"Not weighed: {'; '.join(parts)}."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
