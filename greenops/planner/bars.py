"""What stands in the way of a job at a place, beside the hours themselves."""

from greenops.model import Exclusion, Objective, Option
from greenops.planner.figures import grams, moment
from greenops.planner.site import Site
from greenops.planner.timing.curve import SLIVER_S
from greenops.planner.words import span


def too_late(site: Site) -> Exclusion | None:
    """Return the exclusion of a place where the job may not be done in time."""
    if not site.job.hard:
        return None
    fastest = 1.0
    if site.job.elastic:
        fastest = max(site.job.scaling) / site.job.scaling[site.job.gpus - 1]
    needed_s = site.duration_s.high / fastest + site.pauses.first_s
    lacks_s = needed_s - (site.deadline_s - site.ready_s)
    if lacks_s <= SLIVER_S:
        return None
    there = f"the {span(max(0.0, site.deadline_s - site.ready_s))} before the deadline"
    if site.deadline_s <= 0.0:
        there = f"no time: the deadline, {moment(site.job.deadline)}, has passed"
    return Exclusion(
        place=site.place.name,
        rule="deadline",
        detail=f"{site.job.name} may take {span(needed_s)} at {site.place.name}; "
        f"there is {there}",
        change=f"a deadline at least {span(lacks_s)} later",
        lacking=lacks_s,
    )


def unpriced(site: Site, objective: Objective) -> Exclusion | None:
    """Return the exclusion of a place of unknown price where money counts."""
    if objective.price_per_t is None or site.place.price_per_h is not None:
        return None
    return Exclusion(
        place=site.place.name,
        rule="price",
        detail="money counts, and the price of an hour at "
        f"{site.place.name} is not known",
        change=f"the price_per_h of {site.place.name}, 0 if it costs nothing",
    )


def blind(site: Site) -> Exclusion | None:
    """Return the exclusion of a place of whose grid nothing is known."""
    if site.outlook.mean(0.0, float(site.outlook.edges_s[-1])) is not None:
        return None
    return Exclusion(
        place=site.place.name,
        rule="horizon",
        detail=f"nothing is known of the hours ahead of {site.place.zone}",
        change=f"a forecast of {site.place.zone}",
        lacking=site.duration_s.central,
    )


def over_budget(site: Site, option: Option, objective: Objective) -> Exclusion | None:
    """Return the exclusion of what emits more than its project has left, if it does."""
    left_g = objective.budgets_g.get(site.job.project)
    needed_g = option.cost.total_g.central
    if left_g is None or needed_g <= left_g:
        return None
    project = site.job.project
    return Exclusion(
        place=site.place.name,
        rule="budget",
        detail=f"{project} has {grams(left_g)} left, {site.job.name} at "
        f"{site.place.name} would emit {grams(needed_g)}",
        change=f"{grams(needed_g - left_g)} more for {project}",
        lacking=needed_g - left_g,
    )


def unknown_hold(site: Site) -> Exclusion:
    """Return the exclusion of hardware that is held through an unknown hour."""
    return Exclusion(
        place=site.place.name,
        rule="unknown hours",
        detail=f"what holding {site.place.name} costs until the data has come is not "
        "known",
        change=f"the intensity of all hours ahead of {site.place.zone}",
    )
