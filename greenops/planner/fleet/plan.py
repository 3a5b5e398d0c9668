"""What comes out of planning many jobs: a run per job, or why there is none."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from greenops.planner.fleet.problem import Floats, Ints, Jobs, Sites


class Binding(StrEnum):
    """What keeps a job from being served, the first of these that holds."""

    NO_PLACE = "no_place"  # no place is allowed
    TOO_WIDE = "too_wide"  # it needs more units than are ever free at once
    WINDOW = "window"  # its duration does not fit before its deadline
    HORIZON = "horizon"  # it would fit before its deadline, but the plan ends sooner
    UNKNOWN = "unknown"  # the hours in which it would fit are not known
    CAPACITY = "capacity"  # what is free is held by jobs that are served first


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that would have the job served, all other runs staying as they are.

    Attributes:
        place: The place it would run at.
        later_s: By how much the deadline must move, in s; 0: not at all.
        more_units: How many more units the place needs while it runs.
    """

    place: int
    later_s: float = 0.0
    more_units: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """A job without a run.

    Attributes:
        job: Which.
        binding: What keeps it out.
        changes: The smallest change of each kind that would be enough: the deadline,
            or the capacity of a place. Empty: none of these would.
    """

    job: int
    binding: Binding
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One job's run.

    Attributes:
        job, place: Which job runs where.
        slots: The slots in which it holds its units, ascending.
        segments_s: When it runs, as (start, stop) in s from the planning origin.
        cost_g: What it costs in all.
        late_s: How long after its deadline it stops.
    """

    job: int
    place: int
    slots: Ints
    segments_s: tuple[tuple[float, float], ...]
    cost_g: float
    late_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetPlan:
    """Runs of all jobs that can be served, and the reasons of those that cannot.

    Attributes:
        runs: In order of their jobs.
        unserved: In order of their jobs.
        bound_g: No plan that serves the same jobs costs less; equal to `cost_g` where
            the plan is known to be the best one.
        exact: Whether the plan is known to be the best one.
    """

    runs: tuple[Run, ...]
    unserved: tuple[Unserved, ...]
    bound_g: float
    exact: bool

    @property
    def cost_g(self) -> float:
        """What all runs cost together."""
        return float(sum(run.cost_g for run in self.runs))

    def held_units(self, sites: Sites, jobs: Jobs) -> Floats:
        """Return the units that the runs hold, shape (places, slots)."""
        held = np.zeros(sites.rate_g_per_j.shape)
        for run in self.runs:
            held[run.place, run.slots] += jobs.units[run.job]
        return held
