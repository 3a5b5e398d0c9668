"""Everything that was planned at one moment, ready to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from greenops.model import (
    Forecast,
    Objective,
    Option,
    Place,
    Plan,
    PlanCost,
    PlannedJob,
    Refusal,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What a plan came to, counted with the intensities that came.

    Attributes:
        chosen: Of the plan, as it was made from a forecast.
        at_once: Of running at once at home; None: that is not possible.
        oracle: The best plan for one who had known them; None: not known.
    """

    chosen: PlanCost
    at_once: PlanCost | None = None
    oracle: Option | None = None

    @property
    def saved_g(self) -> float | None:
        """Emissions below running at once at home, in g; None: not known."""
        if self.at_once is None:
            return None
        return self.at_once.total_g.central - self.chosen.total_g.central

    @property
    def of_oracle(self) -> float | None:
        """The share of what the oracle saves; None: not known, or it saves nothing."""
        if self.at_once is None or self.oracle is None or self.saved_g is None:
            return None
        most_g = self.at_once.total_g.central - self.oracle.cost.total_g.central
        return self.saved_g / most_g if most_g > 0.0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What came out of planning.

    Attributes:
        made_at: The moment of planning: in a replay a past one.
        places: With their forecasts.
        came: By the name of the job; empty: no replay.
        actual: The hours that came, by the name of the place; empty: no replay.
        notes: Sentences: places without a forecast, and why.
        sources: Who must be named beside the figures, and under which licence.
    """

    made_at: datetime
    jobs: tuple[PlannedJob, ...]
    places: tuple[Place, ...]
    objective: Objective
    plans: tuple[Plan, ...]
    refusals: tuple[Refusal, ...] = ()
    came: Mapping[str, Came] = field(default_factory=dict)
    actual: Mapping[str, Forecast] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def job(self, name: str) -> PlannedJob:
        """Return the job of a plan or a refusal.

        Raises:
            KeyError: no such job.
        """
        return {job.name: job for job in self.jobs}[name]

    def place(self, name: str) -> Place:
        """Return a place by its name.

        Raises:
            KeyError: no such place.
        """
        return {place.name: place for place in self.places}[name]


def saved(at_once: PlanCost | None, saved_g: float | None) -> float | None:
    """Return what is saved as a share of running at once; None: not known."""
    if at_once is None or saved_g is None or at_once.total_g.central <= 0.0:
        return None
    return saved_g / at_once.total_g.central
