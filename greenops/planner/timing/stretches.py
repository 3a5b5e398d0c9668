"""The stretches a paused job runs in, priced."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from greenops.planner.timing.curve import Curve, Floats
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One stretch of running: a resumption, work, a pause; in s from the origin."""

    start_s: float
    work_start_s: float
    work_stop_s: float
    stop_s: float

    @property
    def work_s(self) -> float:
        """How much of the job it does."""
        return self.work_stop_s - self.work_start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlan:
    """How a job that may be paused runs, and what that costs in g.

    Attributes:
        run_g: Of the work.
        overhead_g: Of pausing and resuming.
        wait_g: Of holding the hardware before the first stretch and in between.
        step_s: The grid it was searched on; 0: it is the best single stretch.
        exact: No plan at all is cheaper. Else it was found on a grid coarser than the
            times given and then moved to better bounds, or an overhead costs less
            than waiting somewhere, so that one could pause for its own sake.
    """

    stretches: tuple[Stretch, ...]
    run_g: float
    overhead_g: float
    wait_g: float
    step_s: float
    exact: bool

    @property
    def cost_g(self) -> float:
        """Of all three together."""
        return self.run_g + self.overhead_g + self.wait_g

    @property
    def pauses(self) -> int:
        """How often it is paused."""
        return len(self.stretches) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Stretches by the start and the length of their work, shape (..., k)."""

    work_start_s: Floats
    work_s: Floats

    def starts_s(self, pauses: Pauses) -> Floats:
        """Return when each stretch starts, its resumption included."""
        before_s = np.full(self.work_s.shape[-1], pauses.resume_s)
        before_s[0] = pauses.first_s
        return np.asarray(self.work_start_s - before_s)

    def stops_s(self, pauses: Pauses) -> Floats:
        """Return when each stretch stops, its pause included."""
        after_s = np.full(self.work_s.shape[-1], pauses.pause_s)
        after_s[-1] = 0.0
        return np.asarray(self.work_start_s + self.work_s + after_s)

    def costs_g(
        self, curve: Curve, task: Task, pauses: Pauses, earliest_s: float
    ) -> tuple[Floats, Floats, Floats]:
        """Return what work, overheads and waiting cost, shape (...); NaN: unknown."""
        starts_s, stops_s = self.starts_s(pauses), self.stops_s(pauses)
        done_s = self.work_start_s + self.work_s
        overhead_g = curve.run_g(starts_s, self.work_start_s) + curve.run_g(
            done_s, stops_s
        )
        waits_g = curve.wait_g(stops_s[..., :-1], starts_s[..., 1:]).sum(axis=-1)
        return (
            self._work_g(curve, task),
            np.asarray(pauses.factor * overhead_g.sum(axis=-1)),
            np.asarray(waits_g + curve.wait_g(earliest_s, starts_s[..., 0])),
        )

    def running_s(self, task: Task, pauses: Pauses) -> tuple[Floats, Floats, Floats]:
        """Return when it runs, of one draft: starts, stops and factors on the rate."""
        low_s, high_s = self._worked(task)
        done_s = self.work_start_s + self.work_s
        overhead = np.full(2 * done_s.size, pauses.factor)
        work = np.broadcast_to(task.factors, low_s.shape)
        return (
            np.concatenate((self.starts_s(pauses), done_s, low_s.ravel())),
            np.concatenate((self.work_start_s, self.stops_s(pauses), high_s.ravel())),
            np.concatenate((overhead, work.ravel())),
        )

    def waiting_s(self, pauses: Pauses, earliest_s: float) -> tuple[Floats, Floats]:
        """Return when it waits, of one draft: starts and stops."""
        starts_s, stops_s = self.starts_s(pauses), self.stops_s(pauses)
        return np.concatenate(([earliest_s], stops_s[:-1])), starts_s

    def _work_g(self, curve: Curve, task: Task) -> Floats:
        """Return what the work costs, whose factor goes by how much is done."""
        parts_g = curve.run_g(*self._worked(task))
        return np.asarray((parts_g @ task.factors).sum(axis=-1))

    def _worked(self, task: Task) -> tuple[Floats, Floats]:
        """Return when each phase is worked on in each stretch, shape (..., k, phases).

        Phases that a stretch has nothing of start and stop at one time.
        """
        after_s = np.cumsum(self.work_s, axis=-1)[..., None]
        before_s = after_s - self.work_s[..., None]
        knots_s = task.knots_s
        # What rounding puts after the last knot still belongs to the last phase.
        upper_s = np.append(knots_s[1:-1], np.inf)
        low_s = np.maximum(before_s, knots_s[:-1])
        high_s = np.maximum(np.minimum(after_s, upper_s), low_s)
        offset_s = self.work_start_s[..., None] - before_s
        return offset_s + low_s, offset_s + high_s


def drafted(work_start_s: ArrayLike, work_s: ArrayLike) -> Draft:
    """Return the stretches with these starts and lengths of work."""
    return Draft(
        np.asarray(work_start_s, dtype=np.float64), np.asarray(work_s, dtype=np.float64)
    )


def stretches_of(draft: Draft, pauses: Pauses) -> tuple[Stretch, ...]:
    """Return one draft, shape (k,), as records."""
    rows = zip(
        draft.starts_s(pauses).tolist(),
        draft.work_start_s.tolist(),
        (draft.work_start_s + draft.work_s).tolist(),
        draft.stops_s(pauses).tolist(),
        strict=True,
    )
    return tuple(
        Stretch(start_s=a, work_start_s=b, work_stop_s=c, stop_s=d)
        for a, b, c, d in rows
    )
