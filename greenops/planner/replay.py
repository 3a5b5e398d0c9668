"""What a plan emitted with the intensities that came, beside the best there was."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from greenops.errors import PlanError
from greenops.model import Objective, Option, Place, Plan, PlannedJob, Transfer
from greenops.planner.counted import cost_of, draft_of, option_of
from greenops.planner.journeys import network_of
from greenops.planner.outlook import Series
from greenops.planner.route import SEEN_FOR
from greenops.planner.scaled import spent_on
from greenops.planner.site import Site
from greenops.planner.terms import Terms, one_kind
from greenops.planner.transfer import retraced
from greenops.planner.weighing import at_once, site_at, weigh


def replayed(
    plan: Plan,
    job: PlannedJob,
    places: Sequence[Place],
    actual: Mapping[str, Series],
    *,
    objective: Objective | None = None,
    paused_at: str | None = None,
    seen_for: timedelta = SEEN_FOR,
) -> Plan:
    """Return a plan recounted with the intensities that came, and with its oracle.

    What was chosen, its runner-up and the reason stay as they were planned; the costs
    of what was chosen and of running at once are those that came. The oracle is what
    would have been chosen by one who knew them.

    Args:
        plan: As it was made.
        job: As it was then.
        places: As they were then.
        actual: Intensity that came, by name of the place; a place that is missing is
            unknown, and no choice for the oracle.
        objective: As the plan was made with.
        paused_at: As the plan was made with.
        seen_for: As the plan was made with.

    Raises:
        MixedSignalsError: intensities of different kinds.
        PlanError: the plan is for another job, or for a place that is not among these.
        SignalError: an hour in which the plan ran or waited is not known, or is stated
            twice.
    """
    if plan.job != job.name:
        raise PlanError(f"the plan is for {plan.job}, not for {job.name}")
    by_name = {p.name: p for p in places}
    if plan.chosen.place not in by_name:
        raise PlanError(f"the plan is for {plan.chosen.place}, which is no place here")
    terms = Terms(
        now=plan.made_at,
        objective=objective or Objective(),
        paused_at=paused_at,
        seen_for=seen_for,
        series={p.name: actual.get(p.name) for p in places},
    )
    kind = one_kind([by_name[plan.chosen.place]], terms)
    network = network_of(job, places, terms, kind)
    transfers = tuple(retraced(t, network) for t in plan.chosen.transfers)
    site = site_at(job, by_name[plan.chosen.place], transfers, terms)
    chosen = _as_it_ran(site, plan.chosen, transfers)
    home = by_name.get(job.home)
    bids = weigh(job, places, terms).bids
    return replace(
        plan,
        chosen=chosen,
        at_once=None if home is None else at_once(job, home, network, terms),
        oracle=bids[0].option if bids else None,
    )


def _as_it_ran(site: Site, planned: Option, transfers: Sequence[Transfer]) -> Option:
    if any(s.gpus != site.job.gpus for s in planned.segments):
        taken = spent_on(site, planned.segments)
        cost = cost_of(site, taken, transfers)
        return replace(planned, cost=cost, transfers=tuple(transfers))
    return option_of(site, draft_of(site, planned.segments), transfers)
