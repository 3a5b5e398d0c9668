"""Many jobs that do not compete, and the places where they may run, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROUNDING = 1e-9
"""Share of a slot below which a remainder is the rounding of whole slots."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rates:
    """What running costs at each place, in slots of one length from the origin on.

    Attributes:
        slot_s: Length of a slot, in s.
        rate_g_per_j: Shape (places, slots). NaN: not known, and then nothing may run
            there and then.
    """

    slot_s: float
    rate_g_per_j: Floats

    def __post_init__(self) -> None:
        if not 0 < self.slot_s < np.inf:
            raise ValueError(f"a slot's length must be positive: {self.slot_s} s")
        if self.rate_g_per_j.ndim != 2 or not self.rate_g_per_j.size:
            raise ValueError(
                f"rates must be (places, slots): {self.rate_g_per_j.shape}"
            )
        if np.isinf(self.rate_g_per_j).any():
            raise ValueError("rates must be finite, or NaN where they are not known")

    def alike(self) -> tuple["Rates", Ints]:
        """Return the distinct rows of rates, and which of them each place has."""
        # Two NaN differ to numpy; two infinities do not.
        comparable = np.nan_to_num(self.rate_g_per_j, nan=np.inf)
        _, first, row = np.unique(
            comparable, axis=0, return_index=True, return_inverse=True
        )
        if len(first) == self.places:
            return self, np.arange(self.places)
        alike = Rates(slot_s=self.slot_s, rate_g_per_j=self.rate_g_per_j[first])
        return alike, row.reshape(-1).astype(np.int64)

    @property
    def places(self) -> int:
        """How many places there are."""
        return int(self.rate_g_per_j.shape[0])

    @property
    def slots(self) -> int:
        """How many slots are known of, whether their rates are or not."""
        return int(self.rate_g_per_j.shape[1])

    @property
    def horizon_s(self) -> float:
        """Where the last slot stops."""
        return self.slots * self.slot_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyJobs:
    """What is to be run; times in s from the planning origin, shapes (jobs,).

    Attributes:
        duration_s, power_w: How long a job runs, and its power.
        earliest_s, deadline_s: When it may start, and by when it has stopped.
        may_pause: Whether it may be paused at any time, at no cost.
        allowed: Shape (jobs, places).
        fixed_g: Shape (jobs, places): what a place costs at any time, such as moving
            data there; None: nothing.
    """

    duration_s: Floats
    power_w: Floats
    earliest_s: Floats
    deadline_s: Floats
    may_pause: Bools
    allowed: Bools
    fixed_g: Floats | None = None

    def __post_init__(self) -> None:
        finite = np.isfinite
        _refuse(
            "duration_s must be finite and positive",
            ~(finite(self.duration_s) & (self.duration_s > 0)),
        )
        for name in ("power_w", "earliest_s"):
            values = getattr(self, name)
            _refuse(
                f"{name} must be finite and not negative",
                ~(finite(values) & (values >= 0)),
            )
        _refuse("deadline_s must be a number", np.isnan(self.deadline_s))
        jobs = len(self.duration_s)
        for name in ("power_w", "earliest_s", "deadline_s", "may_pause", "allowed"):
            if len(getattr(self, name)) != jobs:
                raise ValueError(f"{name} is not for {jobs} jobs as duration_s is")
        if self.fixed_g is not None:
            if self.fixed_g.shape != self.allowed.shape:
                raise ValueError("fixed_g must have the shape of allowed")
            _refuse("fixed_g must be finite", ~finite(self.fixed_g).all(axis=1))

    def __len__(self) -> int:
        return len(self.duration_s)

    def base_g(self, chosen: Ints) -> Floats:
        """Return `fixed_g` of some jobs, infinite where a place is not allowed."""
        fixed_g = 0.0 if self.fixed_g is None else self.fixed_g[chosen]
        return np.where(self.allowed[chosen], fixed_g, np.inf)

    def least_base_g(self, chosen: Ints, kind: Ints) -> tuple[Floats, Ints]:
        """Return the least `base_g` among places of a kind, and the place that has it.

        Args:
            chosen: Which jobs.
            kind: Shape (places,): the kind of each, all kinds from 0 on.
        """
        base_g = self.base_g(chosen)
        kinds = int(kind.max(initial=-1)) + 1
        if kinds == len(kind):
            return base_g, np.broadcast_to(np.arange(kinds), base_g.shape)
        place = np.empty((len(chosen), kinds), dtype=np.int64)
        for each in range(kinds):
            members = np.flatnonzero(kind == each)
            place[:, each] = members[base_g[:, members].argmin(axis=1)]
        return np.take_along_axis(base_g, place, axis=1), place


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyPlan:
    """Where and when each job runs; shapes (jobs,).

    Attributes:
        place: -1: it does not fit anywhere in known hours.
        start_s, stop_s: From first start to last stop; NaN without a place.
        cost_g: NaN without a place.
        level: Rank of the dearest slot used, of a job that is paused (`spells`);
            -1: runs without a pause.
    """

    place: Ints
    start_s: Floats
    stop_s: Floats
    cost_g: Floats
    level: Ints

    @classmethod
    def empty(cls, jobs: int) -> "ManyPlan":
        """Return a plan in which no job has a place yet."""
        return cls(
            place=np.full(jobs, -1, dtype=np.int64),
            start_s=np.full(jobs, np.nan),
            stop_s=np.full(jobs, np.nan),
            cost_g=np.full(jobs, np.nan),
            level=np.full(jobs, -1, dtype=np.int64),
        )


def _refuse(rule: str, bad: Bools | np.bool_) -> None:
    if bad.any():
        raise ValueError(f"{rule}; it is not for job {int(bad.argmax())}")
