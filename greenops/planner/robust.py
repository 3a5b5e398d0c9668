"""Choosing again every hour, on forecasts that err.

An hour that is not sure yet is worth more than its expectation: if it turns out worse,
the job goes elsewhere. So hours are compared at an intensity below the expected one,
the further the less is known of them and the more freely the job can choose. How far
is measured against an optimal stopping rule: `docs/decisions/0140-*`.

Changing a plan for less than it is likely to bring would make it flap, and waiting for
next to nothing ends worse than running at once every other time: so both need a gain.

No rule here lets a job start later, or run less, than its deadline allows, whatever the
forecast says or lacks; where nothing is known at all, it runs at once.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from greenops.planner.prospect import Floats, Prospect

Slots = NDArray[np.intp]
Flags = NDArray[np.bool_]

OPTION_VALUE = 0.25
"""Standard deviations that an unsure hour is worth more, if the choice is free."""
LEAST_GAIN = 0.01
"""Share of its emissions that a job must be expected to save, to wait at all."""
CAUTION = 0.2
"""The same in standard deviations of the hours it would wait for, if that is more."""
LEAST_CHANGE = 0.005
"""Share that another plan must be expected to save over the one that stands."""
MOST_MARGIN = 0.9
"""No hours are so unsure that a tenth of the emissions is not worth waiting for."""
NO_PLAN = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """What a plan must gain.

    Attributes:
        wait: For a job without a plan to wait, instead of running at once, as a share.
        caution: The same in standard deviations of the logarithm of the hours it would
            wait for; the larger of the two counts.
        change: For another plan to replace the one that stands, as a share.
    """

    wait: float = LEAST_GAIN
    caution: float = CAUTION
    change: float = LEAST_CHANGE

    def __post_init__(self) -> None:
        if not (0.0 <= self.wait <= MOST_MARGIN and 0.0 <= self.change <= MOST_MARGIN):
            raise ValueError(f"margins are shares from 0 to {MOST_MARGIN}")
        if not 0.0 <= self.caution < inf:
            raise ValueError("margins of caution are finite and 0 or more")

    def replaced(
        self, standing_g: Floats, found_g: Floats, *, planned: Flags, log_sd: Floats
    ) -> Flags:
        """Return whether a plan that was found replaces what stands.

        Args:
            standing_g: What the plan that stands is expected to emit by now; of a job
                without a plan, running at once. Infinite: not known.
            found_g: What the other plan is expected to emit.
            planned: Whether a plan stands.
            log_sd: How unsure the hours are that would be waited for.
        """
        margin = self.least(planned=planned, log_sd=log_sd)
        return np.asarray(found_g < standing_g * (1.0 - margin))

    def least(self, *, planned: Flags, log_sd: Floats) -> Floats:
        """Return the share that a plan that was found must gain, as `replaced`."""
        unsure = self.caution * np.where(np.isfinite(log_sd), log_sd, 0.0)
        to_wait = np.clip(unsure, self.wait, MOST_MARGIN)
        return np.where(planned, self.change, to_wait)


MARGINS = Margins()


def worth(ahead: Prospect, used: float | Floats) -> Floats:
    """Return the intensities to choose by, in g/kWh, shape (rows, hours).

    Never above the expected ones; those of sure hours, and of jobs that fill the time
    they have, are the expected ones. They are for comparing hours, not for reporting.

    Args:
        ahead: What is expected.
        used: Share of the time left that the job runs, 0 to 1; per row or for all.
    """
    free = 1.0 - np.clip(np.asarray(used, dtype=np.float64), 0.0, 1.0)
    known = ~np.isnan(ahead.g_per_kwh)
    first = np.argmax(known, axis=1)[:, None]
    surest = np.take_along_axis(ahead.log_sd, first, axis=1)
    unsure = np.maximum(ahead.log_sd - surest, 0.0)
    return ahead.g_per_kwh * np.exp(-OPTION_VALUE * free.reshape(-1, 1) * unsure)


def start_in(
    ahead: Prospect,
    *,
    length: int,
    slack: int,
    kept: Slots | None = None,
    margins: Margins = MARGINS,
) -> Slots:
    """Return in how many slots each job that must not be paused starts; 0: now.

    Args:
        ahead: One row per job.
        length: How many slots they run, from 1.
        slack: How many slots later than now they may start.
        kept: In how many slots they were to start by the plan that stands, shape
            (jobs,); `NO_PLAN`, or None for all: they have none yet.
        margins: What another plan must gain.

    Raises:
        ValueError: a job without length, or a deadline that cannot be met any more.
    """
    if length < 1 or slack < 0:
        raise ValueError(f"a job of {length} slots that may start {slack} slots late")
    rows = len(ahead.g_per_kwh)
    stands = np.full(rows, NO_PLAN) if kept is None else kept
    cost = _stretches(worth(ahead, length / (length + slack)), length)[:, : slack + 1]
    if not cost.shape[1]:
        return np.zeros(rows, dtype=np.intp)
    best = np.argmin(cost, axis=1)
    least = cost[np.arange(rows), best]
    at = np.maximum(stands, 0)
    standing = np.full(rows, np.inf)
    seen = at < cost.shape[1]
    standing[seen] = cost[seen, at[seen]]
    log_sd = _stretches(ahead.log_sd, length)[np.arange(rows), best] / length
    better = margins.replaced(standing, least, planned=stands != NO_PLAN, log_sd=log_sd)
    # A plan for hours that nobody knows any more falls to what is known, else to now.
    lost = ~np.isfinite(standing)
    chosen = np.where(better, best, np.where(lost, 0, at))
    return np.minimum(chosen, slack).astype(np.intp)


def run_now(
    ahead: Prospect,
    *,
    work: Slots,
    left: int,
    waited: Flags | None = None,
    margins: Margins = MARGINS,
) -> Flags:
    """Return whether each job that may be paused freely runs in the slot that begins.

    It runs if this slot is among the best of those left, as many as it needs. Pauses
    that cost something, or are limited, are for `slots`.

    Args:
        ahead: One row per job.
        work: How many slots each still has to run, shape (jobs,); 0: it is done.
        left: How many slots are left until their deadline, this one included.
        waited: Which have waited or paused already, shape (jobs,); None: none has. The
            others run on, unless pausing brings enough.
        margins: `wait` is what the first pause must gain.

    Raises:
        ValueError: more work than time left.
    """
    if (work > left).any() or (work < 0).any():
        raise ValueError(f"more work than the {left} slots left, or less than none")
    need = np.asarray(work)
    must = (need >= left) & (need > 0)
    price = worth(ahead, need / max(left, 1))[:, :left]
    if not price.shape[1]:
        return need > 0
    price = np.where(np.isnan(price), np.inf, price)
    cheaper = (price[:, 1:] < price[:, :1]).sum(axis=1)
    blind = ~np.isfinite(price).any(axis=1)
    runs = np.isfinite(price[:, 0]) & (cheaper < need)
    fresh = np.ones(len(need), dtype=np.bool_) if waited is None else ~waited
    pays = _pays(price, ahead.log_sd[:, :left], need, margins)
    little = fresh & np.isfinite(price[:, 0]) & ~pays
    return np.asarray((need > 0) & (must | blind | runs | little))


def _pays(price: Floats, log_sd: Floats, need: Slots, margins: Margins) -> Flags:
    """Return whether the best slots are enough below the next ones, as many as needed.

    Where too few slots are known to tell, waiting does not pay; where only one of the
    next ones is not known, it does.
    """
    rows = np.arange(len(price))
    last = np.clip(need, 1, price.shape[1]) - 1
    order = np.argsort(price, axis=1, kind="stable")
    best = np.cumsum(np.take_along_axis(price, order, axis=1), axis=1)[rows, last]
    unsure = np.cumsum(np.take_along_axis(log_sd, order, axis=1), axis=1)[rows, last]
    at_once = np.cumsum(price, axis=1)[rows, last]
    plain = np.zeros(len(need), dtype=np.bool_)
    return margins.replaced(at_once, best, planned=plain, log_sd=unsure / (last + 1))


def _stretches(price: Floats, length: int) -> Floats:
    """Return what running from each slot on costs; infinite where it is not known."""
    hours = price.shape[1]
    if hours < length:
        return np.empty((len(price), 0))
    known = ~np.isnan(price)
    sums = np.cumsum(np.pad(np.where(known, price, 0.0), ((0, 0), (1, 0))), axis=1)
    holes = np.cumsum(np.pad(~known, ((0, 0), (1, 0))), axis=1)
    cost = sums[:, length:] - sums[:, :-length]
    return np.where(holes[:, length:] > holes[:, :-length], np.inf, cost)
