"""How many GPUs an elastic job should run on, and when.

Within a slot, levels can share the time, so that its cost as a function of the work
done in it is the convex hull of its levels, whatever the scaling curve looks like.
Buying work where the next piece of a hull has the fewest grams per unit is then
optimal, and at most one slot is left in which two levels share the time.
Source: Hanafy et al., CarbonScaler, Proc. ACM Meas. Anal. Comput. Syst. 7(3), 2023,
doi 10.1145/3626788, for marginal allocation on concave curves; the hull covers others.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite

from numpy.typing import ArrayLike

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.elastic_job import Elastic, Point
from greenops.planner.timing.elastic_refusal import no_shares
from greenops.planner.timing.openings import Openings, openings
from greenops.planner.timing.starts import NOISE


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A span on one number of GPUs."""

    start_s: float
    stop_s: float
    gpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticPlan:
    """Spans in order, with what running in them costs in g."""

    shares: tuple[Share, ...]
    cost_g: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """One step up a slot's hull: grams per unit of work, and how much work it is."""

    g_per_work: float
    slot: int
    low: Point
    high: Point
    work: float


def greenest_shares(
    curve: Curve,
    job: Elastic,
    earliest_s: float,
    deadline_s: float,
    *,
    free_gpus: ArrayLike | None = None,
) -> ElasticPlan:
    """Return the cheapest spans and numbers of GPUs that do all the work in time.

    Changing the number costs nothing here, and what is not used is released: wait
    rates do not count.

    Args:
        curve: Its run rate is that of one GPU.
        job: Its work, and how that scales.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.
        free_gpus: In each slot of the curve, shape (n,); None: enough.

    Raises:
        NoFeasiblePlanError: not all the work fits in; carries the constraint and the
            change that would do.
        ValueError: a bound is not finite, or `free_gpus` has another shape.
    """
    if not (isfinite(earliest_s) and isfinite(deadline_s)):
        raise ValueError(
            f"the bounds must be finite, are {earliest_s} and {deadline_s} s"
        )
    slots = openings(curve, earliest_s, deadline_s, free_gpus)
    bought = _bought(job, slots)
    if bought is None:
        raise no_shares(curve, job, earliest_s, deadline_s, free_gpus)
    shares = _shares(slots, bought)
    cost_g = sum(
        job.factor(s.gpus) * float(curve.run_g(s.start_s, s.stop_s)) for s in shares
    )
    return ElasticPlan(shares=tuple(shares), cost_g=cost_g)


def static_plans(
    curve: Curve,
    job: Elastic,
    earliest_s: float,
    deadline_s: float,
    *,
    free_gpus: ArrayLike | None = None,
) -> dict[int, ElasticPlan]:
    """Return the cheapest plan on each fixed number of GPUs that can be done in time.

    It may stop and go on, but never on more or fewer: what scaling is compared with.

    Args:
        curve: As for `greenest_shares`, like all the others.
        job: Its work, and how that scales.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.
        free_gpus: In each slot.
    """
    plans = {}
    for gpus in range(job.min_gpus, job.most_gpus + 1):
        fixed = replace(job, min_gpus=gpus, max_gpus=gpus)
        try:
            plans[gpus] = greenest_shares(
                curve, fixed, earliest_s, deadline_s, free_gpus=free_gpus
            )
        except NoFeasiblePlanError:
            continue
    return plans


def _bought(job: Elastic, slots: Openings) -> dict[int, tuple[_Piece, float]] | None:
    """Return the last piece bought in each slot, and the part of it; None: too few."""
    left = job.work
    bought: dict[int, tuple[_Piece, float]] = {}
    for piece in _pieces(job, slots):
        part = min(1.0, left / piece.work)
        bought[piece.slot] = (piece, part)
        left -= part * piece.work
        if left <= NOISE * job.work:
            return bought
    return None


def _pieces(job: Elastic, slots: Openings) -> list[_Piece]:
    """Return every step up in every slot: the cheapest first, then the earliest."""
    hulls: dict[tuple[int, int], list[Point]] = {}
    pieces = []
    for slot, (rate, gpus, length_s) in enumerate(slots.rows()):
        key = (min(gpus, job.most_gpus), -1 if rate < 0 else 1)
        if key not in hulls:
            hulls[key] = job.hull(*key)
        least = -inf
        for low, high in pairwise(hulls[key]):
            work_per_s = high[0] - low[0]
            # Rising, but for the rounding of steps that are as good as equal.
            least = max(least, rate * (high[1] - low[1]) / work_per_s)
            pieces.append(_Piece(least, slot, low, high, work_per_s * length_s))
    pieces.sort(key=lambda p: (p.g_per_work, p.slot, p.low[0]))
    return pieces


def _shares(slots: Openings, bought: dict[int, tuple[_Piece, float]]) -> list[Share]:
    """Return the spans in order, one for neighbours on the same number of GPUs."""
    shares: list[Share] = []
    for slot, (piece, part) in sorted(bought.items()):
        start_s, stop_s = float(slots.start_s[slot]), float(slots.stop_s[slot])
        turn_s = stop_s if part == 1.0 else start_s + part * (stop_s - start_s)
        for low_s, high_s, level in (
            (start_s, turn_s, piece.high),
            (turn_s, stop_s, piece.low),
        ):
            gpus = level[2]
            if not gpus or low_s >= high_s:
                continue
            if shares and (shares[-1].stop_s, shares[-1].gpus) == (low_s, gpus):
                low_s = shares.pop().start_s
            shares.append(Share(start_s=low_s, stop_s=high_s, gpus=gpus))
    return shares
