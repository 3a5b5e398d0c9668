"""What many jobs and the places they compete for look like, as arrays.

Capacity is counted in whole slots: a job holds its units in every slot that it touches,
so that capacity is exceeded at no moment, whatever happens within a slot.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROUNDING = 1e-9
"""Share of a slot below which a remainder is the rounding of whole slots."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Places over time, in slots of one length from the planning origin on.

    Attributes:
        slot_s: Length of a slot, in s.
        rate_g_per_j: Shape (places, slots): what a joule costs. NaN: not known, and
            then no job may run there and then.
        free_units: Shape (places, slots): capacity less what is already committed, in
            GPUs or whatever jobs are counted in. Zero or less: nothing is free.
    """

    slot_s: float
    rate_g_per_j: Floats
    free_units: Floats

    def __post_init__(self) -> None:
        if not 0 < self.slot_s < np.inf:
            raise ValueError(f"a slot's length must be positive: {self.slot_s} s")
        shape = self.rate_g_per_j.shape
        if len(shape) != 2 or self.free_units.shape != shape:
            raise ValueError(
                "rates and free units must both be (places, slots): "
                f"{shape} and {self.free_units.shape}"
            )
        if np.isinf(self.rate_g_per_j).any() or not np.isfinite(self.free_units).all():
            raise ValueError(
                "rates must be finite or NaN, and free units finite; where capacity "
                "is not known, nothing is free"
            )

    @property
    def places(self) -> int:
        """How many places there are."""
        return int(self.rate_g_per_j.shape[0])

    @property
    def slots(self) -> int:
        """How many slots the plan covers."""
        return int(self.rate_g_per_j.shape[1])

    @property
    def horizon_s(self) -> float:
        """Where the last slot stops; what comes later is not known."""
        return self.slots * self.slot_s

    def usable(self) -> Floats:
        """Return units that may be taken, shape (places, slots): -1 where unknown."""
        free = np.maximum(self.free_units, 0.0)
        return np.where(np.isnan(self.rate_g_per_j), -1.0, free)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jobs:
    """What is to be run. Made by `jobs_at`; times in s from the planning origin.

    Attributes:
        units: Shape (jobs,): capacity held while running, such as GPUs.
        duration_s, power_w, fixed_g, earliest_s, allowed: Shape (jobs, places). Speed,
            power and what must be moved first differ by place. `fixed_g` is what a
            place costs at any time: transfer, embodied share. `allowed` false: never.
        deadline_s: Shape (jobs,): the run has stopped by then.
        late_g_per_s: Shape (jobs,): what a second past the deadline costs; infinite
            where the deadline is hard.
        may_pause: Shape (jobs,): the run may be paused at slot edges.
        priority: Shape (jobs,): where not all fit, higher ones are served first.
        waiting_since_s: Shape (jobs,): among equals, the longest waiting is first.
    """

    units: Floats
    duration_s: Floats
    power_w: Floats
    fixed_g: Floats
    earliest_s: Floats
    allowed: Bools
    deadline_s: Floats
    late_g_per_s: Floats
    may_pause: Bools
    priority: Ints
    waiting_since_s: Floats

    def __post_init__(self) -> None:
        for name in ("units", "duration_s"):
            _check(name, getattr(self, name), above=0.0)
        for name in ("power_w", "earliest_s"):
            _check(name, getattr(self, name), above=-np.finfo(float).tiny)
        _check("fixed_g", self.fixed_g, above=-np.inf)
        _check("waiting_since_s", self.waiting_since_s, above=-np.inf)
        for name in ("deadline_s", "late_g_per_s"):
            values = getattr(self, name)
            _refuse(name, np.isnan(values), "must be a number; infinite is allowed")
        _refuse("late_g_per_s", self.late_g_per_s < 0, "must not be negative")

    def __len__(self) -> int:
        return len(self.units)

    def only(self, chosen: Ints) -> "Jobs":
        """Return these jobs, in this order."""
        fields = {name: getattr(self, name)[chosen] for name in self.__slots__}
        return Jobs(**fields)

    def order(self) -> Ints:
        """Return the jobs as they are served where not all fit.

        Higher priority first; among equals the longest waiting, so that nobody is
        overtaken by newcomers for ever; then the earlier deadline.
        """
        keys = (self.deadline_s, self.waiting_since_s, -self.priority)
        return np.lexsort(keys).astype(np.int64)


def jobs_at(
    sites: Sites,
    *,
    units: ArrayLike,
    duration_s: ArrayLike,
    deadline_s: ArrayLike,
    power_w: ArrayLike = 1.0,
    fixed_g: ArrayLike = 0.0,
    earliest_s: ArrayLike = 0.0,
    allowed: ArrayLike = True,
    late_g_per_s: ArrayLike = np.inf,
    may_pause: ArrayLike = False,
    priority: ArrayLike = 0,
    waiting_since_s: ArrayLike | None = None,
) -> Jobs:
    """Return jobs whose fields have been spread over jobs and places.

    Args:
        sites: The places.
        units: Shape (jobs,).
        duration_s: As all that may differ by place: one number, shape (jobs,) or
            (jobs, places).
        deadline_s: As all that differs by job only: one number or shape (jobs,).
        power_w: May differ by place.
        fixed_g: May differ by place.
        earliest_s: May differ by place.
        allowed: May differ by place.
        late_g_per_s: Infinite: the deadline is hard.
        may_pause: Whether runs may be paused at slot edges.
        priority: Higher ones first.
        waiting_since_s: None: since the earliest start at any place.

    Raises:
        ValueError: a field has another shape, or a number that cannot be.
    """
    held = np.asarray(units, dtype=float).reshape(-1)
    jobs, places = len(held), sites.places

    def each(field: ArrayLike) -> NDArray[np.generic]:
        return np.broadcast_to(np.asarray(field), (jobs,))

    def at(field: ArrayLike) -> NDArray[np.generic]:
        array = np.asarray(field)
        spread = array[:, None] if array.ndim == 1 else array
        return np.ascontiguousarray(np.broadcast_to(spread, (jobs, places)))

    earliest = at(earliest_s).astype(float)
    first = earliest.min(axis=1, initial=np.inf) if places else np.zeros(jobs)
    return Jobs(
        units=held,
        duration_s=at(duration_s).astype(float),
        power_w=at(power_w).astype(float),
        fixed_g=at(fixed_g).astype(float),
        earliest_s=earliest,
        allowed=at(allowed).astype(bool),
        deadline_s=each(deadline_s).astype(float),
        late_g_per_s=each(late_g_per_s).astype(float),
        may_pause=each(may_pause).astype(bool),
        priority=each(priority).astype(np.int64),
        waiting_since_s=each(
            first if waiting_since_s is None else waiting_since_s
        ).astype(float),
    )


def whole_slots(duration_s: Floats, slot_s: float) -> Ints:
    """Return the fewest slots that hold a duration, at least one."""
    slots = np.ceil(duration_s / slot_s - ROUNDING)
    return np.maximum(slots, 1.0).astype(np.int64)


def _check(name: str, values: Floats, *, above: float) -> None:
    bad = ~(np.isfinite(values) & (values > above))
    _refuse(name, bad, "must be finite" + ("" if above < 0 else " and positive"))


def _refuse(name: str, bad: Bools, rule: str) -> None:
    if bad.any():
        jobs = sorted(set(np.nonzero(bad)[0].tolist()))
        shown = ", ".join(map(str, jobs[:5])) + (", ..." if len(jobs) > 5 else "")
        raise ValueError(f"{name} {rule}; it is not for jobs {shown}")
