"""Records of jobs that wait for a place and a time.

Durations are for a place of speed 1, powers for one of power factor 1. Spans are
half-open. Places, datasets and projects are known by their names.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import inf, isclose

from greenops.model.carbon import Bounded


class Workload(StrEnum):
    """What a job does, which decides where it may go by the hybrid rule."""

    TRAIN = "train"
    INFER = "infer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a run at one power: `share` of the duration at `power_w`."""

    share: float
    power_w: float

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"share of a phase must be above 0 and at most 1: {self}")
        if not 0.0 < self.power_w < inf:
            raise ValueError(f"power of a phase must be above 0 W: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    """What a pause with its resumption costs, and how often it may be.

    Attributes:
        pause_s: Time at the job's power for writing a checkpoint.
        resume_s: Time at the job's power until it goes on from there.
        energy_j: What both take on top of that power.
        min_run_s: Every stretch of running lasts at least this, but for a last one.
        max_pauses: None: as many as pay off.
    """

    pause_s: float = 0.0
    resume_s: float = 0.0
    energy_j: float = 0.0
    min_run_s: float = 0.0
    max_pauses: int | None = None

    def __post_init__(self) -> None:
        costs = (self.pause_s, self.resume_s, self.energy_j, self.min_run_s)
        if not all(0.0 <= c < inf for c in costs):
            raise ValueError(f"a pause cannot cost less than nothing: {self}")
        if self.max_pauses is not None and self.max_pauses < 0:
            raise ValueError(f"max_pauses must be 0 or more: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Data a job reads: it must lie where the job runs before it starts.

    Attributes:
        at: Names of the places that hold a copy.
    """

    name: str
    size_gb: float
    at: frozenset[str]

    def __post_init__(self) -> None:
        if not 0.0 <= self.size_gb < inf:
            raise ValueError(f"size of {self.name} must be 0 GB or more")
        if not self.at:
            raise ValueError(f"dataset {self.name} lies nowhere: name a place in `at`")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job that waits for a place and a time.

    Attributes:
        duration_s: With its 95 % interval; the upper end stays before a deadline.
        phases: In order, their shares add up to 1.
        home: Where it would run at once; what a plan is compared with.
        earliest: It may start then or later.
        deadline: It must be done by then.
        hard: The deadline may not be missed; else it costs `late_g_per_h`.
        late_g_per_h: What an hour after a soft deadline weighs, in g; 0: not stated,
            and then as much as running for an hour, at the dirtiest that is known.
        places: Names of the places it may run at; None: any.
        needs_tags: Tags that a place must bear, such as `EU`: residency.
        shuns_tags: Tags that a place must not bear.
        private: Wants private capacity, or public; None: by its workload.
        checkpoint_gb: Moved along when it goes on elsewhere.
        priority: A higher one is served first.
        scaling: Seconds of `duration_s` worked off per second on 1, 2, ... GPUs, where
            the phases, and what a place states of the whole job, are for `gpus`; empty:
            it runs on `gpus` only, and works off 1.
    """

    name: str
    workload: Workload
    duration_s: Bounded
    phases: tuple[Phase, ...]
    home: str
    earliest: datetime
    deadline: datetime
    hard: bool = True
    late_g_per_h: float = 0.0
    gpus: int = 0
    cpus: float = 0.0
    memory_gib: float = 0.0
    interruptible: bool = False
    pausing: Pausing = field(default_factory=Pausing)
    datasets: tuple[Dataset, ...] = ()
    checkpoint_gb: float = 0.0
    places: frozenset[str] | None = None
    needs_tags: frozenset[str] = frozenset()
    shuns_tags: frozenset[str] = frozenset()
    private: bool | None = None
    priority: int = 0
    project: str = ""
    scaling: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        aware(self.name, self.earliest, self.deadline)
        if not 0.0 < self.duration_s.low <= self.duration_s.high < inf:
            raise ValueError(f"{self.name}: the duration must be above 0 s")
        if not isclose(sum(p.share for p in self.phases), 1.0, abs_tol=1e-6):
            raise ValueError(f"{self.name}: shares of the phases must add up to 1")
        sizes = (self.gpus, self.cpus, self.memory_gib, self.checkpoint_gb)
        if not all(0.0 <= s < inf for s in (*sizes, self.late_g_per_h)):
            raise ValueError(f"{self.name}: a size must be 0 or more")
        if self.places is not None and not self.places:
            raise ValueError(
                f"{self.name}: no place is allowed; name one, or none at all"
            )
        if both := self.needs_tags & self.shuns_tags:
            raise ValueError(
                f"{self.name}: needs and shuns the same tags: {', '.join(sorted(both))}"
            )
        if any(not 0.0 < s < inf for s in self.scaling):
            raise ValueError(f"{self.name}: scaling must be above 0 for every count")
        if self.scaling and not 1 <= self.gpus <= len(self.scaling):
            raise ValueError(f"{self.name}: scaling must reach to `gpus`, from 1 on")

    @property
    def elastic(self) -> bool:
        """Whether its number of GPUs may change while it runs."""
        return bool(self.scaling) and self.interruptible

    @property
    def power_w(self) -> float:
        """Mean power over a run."""
        return sum(p.share * p.power_w for p in self.phases)


def aware(name: str, *moments: datetime) -> None:
    """Raise ValueError where a moment has no time zone."""
    if any(m.tzinfo is None for m in moments):
        raise ValueError(f"{name} needs timezone-aware datetimes")
