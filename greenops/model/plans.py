"""Records of plans: what was weighed, what was chosen, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf

from greenops.model.carbon import Bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a plan weighs: carbon first; money and a budget where they are given.

    Attributes:
        price_per_t: What a tonne of CO2e counts in money; None: money does not count.
        budgets_g: Project to the emissions it may still cause.
    """

    price_per_t: float | None = None
    budgets_g: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.price_per_t is not None and not 0.0 < self.price_per_t < inf:
            raise ValueError("a carbon price must be above 0 per tonne")
        if not all(0.0 <= g < inf for g in self.budgets_g.values()):
            raise ValueError("a carbon budget must be 0 g or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of running, overheads of resuming and pausing within it."""

    start: datetime
    stop: datetime
    gpus: int = 0

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Data moved before a run starts, by the greenest way there was.

    Attributes:
        path: Names of places from where it lies to where it is read.
        duration_s: None: the speed of a link is not known.
    """

    dataset: str
    path: tuple[str, ...]
    size_gb: float
    energy_wh: Bounded
    emissions_g: Bounded
    duration_s: float | None
    price: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCost:
    """What a way of running a job emits, in gCO2e, and costs.

    Attributes:
        operational_g: Of running, overheads of pauses included.
        waiting_g: Of hardware that idles for the job.
        transfer_g: Of moving its data.
        embodied_g: The share of making the hardware.
        total_g: Their sum.
        energy_j: Of the facility, without the network's.
        price: In the objective's currency; None: not known.
    """

    operational_g: Bounded
    waiting_g: Bounded
    transfer_g: Bounded
    embodied_g: Bounded
    total_g: Bounded
    energy_j: Bounded
    price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A way of running a job that was weighed: the best of its place, or a second."""

    place: str
    segments: tuple[Segment, ...]
    cost: PlanCost
    transfers: tuple[Transfer, ...] = ()

    @property
    def start(self) -> datetime:
        """When it starts."""
        return self.segments[0].start

    @property
    def stop(self) -> datetime:
        """When it is done."""
        return self.segments[-1].stop

    @property
    def pauses(self) -> int:
        """How often it rests; a change of its number of GPUs alone is no pause."""
        return sum(a.stop < b.start for a, b in pairwise(self.segments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A place that was not weighed, by which rule, and what would change that.

    Attributes:
        rule: `allowed places`, `residency`, `size`, `workload`, `data`, `price`,
            `horizon`, `capacity`, `deadline`, `unknown hours`, `min run`, `max pauses`,
            `budget`.
        change: The smallest change that would let it in; empty: none is known.
        lacking: How far it is from being let in, in the rule's own unit (places of a
            size, s, g); what exclusions by one rule are compared by.
    """

    place: str
    rule: str
    detail: str
    change: str = ""
    lacking: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a plan is what it is, for people and as data.

    Attributes:
        words: One or more sentences.
        considered: The best option of every place, the chosen one first, the others as
            they were weighed.
        excluded: The places that were not weighed.
        runner_up: What would have been chosen otherwise; None: there was nothing else.
    """

    words: str
    considered: tuple[Option, ...]
    excluded: tuple[Exclusion, ...] = ()
    runner_up: Option | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where and when a job runs.

    Attributes:
        at_once: Running at `home` from the earliest moment on, without a pause; None:
            that is not possible, or nothing is known of it.
        oracle: The best plan for the intensities that came; None: not a replay.
        advice: Sentences: cold storage, missing figures, soft deadlines missed.
    """

    job: str
    made_at: datetime
    chosen: Option
    at_once: PlanCost | None
    reason: Reason
    oracle: Option | None = None
    advice: tuple[str, ...] = ()

    @property
    def saved_g(self) -> float | None:
        """Expected emissions below running at once at home, in g; None: not known."""
        if self.at_once is None:
            return None
        return self.at_once.total_g.central - self.chosen.cost.total_g.central


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A job that no plan can be made for.

    Attributes:
        binding: The rule that stands in the way, as `Exclusion.rule`.
        change: The smallest change that would make a plan possible.
        excluded: What stands in the way of each place.
    """

    job: str
    binding: str
    detail: str
    change: str
    excluded: tuple[Exclusion, ...] = ()
