"""The plan of a fleet: the best one where that can be had, else one near it."""

from greenops.errors import GreenopsError
from greenops.planner.fleet.columns import columns
from greenops.planner.fleet.exact import exact
from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.pauses import windows
from greenops.planner.fleet.plan import FleetPlan
from greenops.planner.fleet.problem import Jobs, Sites

SMALL = 2_000
"""Choices (runs, slots of runs with pauses) up to which HiGHS takes a second or two;
above, its time may grow without warning. Measured: `docs/decisions/0145-*`."""


def plan_fleet(sites: Sites, jobs: Jobs) -> FleetPlan:
    """Return a run for each job that can be served, and the reason for each other.

    Capacity, deadlines and allowed places are never broken, nothing unknown is used.
    Where not all jobs can be served, see `Jobs.order` for who comes first.

    Args:
        sites: The places.
        jobs: What is to be run.
    """
    plan = near_best(sites, jobs)
    if plan.exact:
        return plan
    rows = windows(sites, jobs)
    choices = len(columns(sites, jobs)) + 2 * rows.full_g.size
    if choices > SMALL:
        return plan
    try:
        return exact(sites, jobs)
    except GreenopsError:  # HiGHS gave up; there is a plan that breaks nothing
        return plan
