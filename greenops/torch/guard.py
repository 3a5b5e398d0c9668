"""Watches a training after a change; takes the change back when the loss gets worse."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch

from greenops.torch.snapshot import Snapshot
from greenops.torch.training import Training
from greenops.trials.alarm import Alarm
from greenops.trials.trajectory import fit

COST_SHARE = 0.01
"""Snapshots are renewed only as often as this part of the CPU time allows."""


class GuardState(StrEnum):
    """What became of the change."""

    WATCHING = "watching"
    KEPT = "kept"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """A change was taken back.

    `steps_lost` are the steps since the snapshot that the training went back to.
    """

    reason: str
    step: int
    steps_lost: int


class Guard:
    """One change on probation.

    Make it just before the change is applied; it takes a snapshot. Then hand it the
    loss of every step. A GPU is waited for once per window only.

    Args:
        training: As it is before the change.
        before: The losses of the steps before, one per step, 20 at least; 100 are good.
        undo: Takes the change itself back (`change.apply` returns it). With it the
            snapshot is renewed as the training goes on.
        window: Steps after which the losses are looked at.
        probation: Steps after which the change is kept, and watched no more.
        tolerance: What the loss may lie above its level before the change, as a
            fraction.
        higher_is_better: For a metric such as accuracy in place of a loss.
        clock: CPU seconds, for the guard's own cost.

    Raises:
        SnapshotRefusedError: the training cannot be captured; do not apply the change.
        ValueError: `before` tells no trajectory.
    """

    def __init__(
        self,
        training: Training,
        before: Sequence[float],
        *,
        undo: Callable[[], None] | None = None,
        window: int = 25,
        probation: int = 1000,
        tolerance: float = 0.05,
        higher_is_better: bool = False,
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        if window < 1 or probation < window:
            raise ValueError("a window has steps, and a probation at least a window")
        self._clock = clock
        self._began_s = clock()
        self._sign = -1.0 if higher_is_better else 1.0
        trajectory = fit([self._sign * value for value in before])
        self._alarm = Alarm(trajectory, tolerance=tolerance)
        self._training, self._undo = training, undo
        self._window, self._probation = window, probation
        self._waiting: list[float | torch.Tensor] = []
        self._snapshot: Snapshot | None = None
        self._taken_at, self._renewal_s, self._with_change = 0, 0.0, False
        self._renew()
        self._cost_s = clock() - self._began_s
        self.state = GuardState.WATCHING

    @property
    def cost_s(self) -> float:
        """CPU seconds the guard took so far, snapshots included."""
        return self._cost_s

    def undo_with(self, undo: Callable[[], None]) -> None:
        """Tell what takes the change back, which is known once it is applied."""
        self._undo = undo

    def observe(self, loss: float | torch.Tensor) -> Reverted | None:
        """Take in the loss of one step; return what was done if that was the end of it.

        After the probation, or once the change is taken back, this does nothing.
        """
        if self.state is not GuardState.WATCHING:
            return None
        if isinstance(loss, torch.Tensor):
            loss = loss.detach()
            if loss.device.type == "cpu":
                loss = float(loss)
        self._waiting.append(loss)
        # on the CPU a loss is there at once; a GPU's is fetched once per window
        if isinstance(loss, torch.Tensor) and len(self._waiting) < self._window:
            return None
        started_s = self._clock()
        reverted = self._look()
        self._cost_s += self._clock() - started_s
        return reverted

    def _look(self) -> Reverted | None:
        waiting, self._waiting = self._waiting, []
        for value in _fetched(waiting):
            if self._alarm.add(self._sign * value):
                return self._revert()
        if self._alarm.steps >= self._probation:
            self.state = GuardState.KEPT
            self._snapshot = None
        elif self._alarm.steps - self._taken_at >= self._window:
            self._maybe_renew()
        return None

    def _revert(self) -> Reverted:
        self.state = GuardState.REVERTED
        taken, self._snapshot = self._snapshot, None
        undo = self._undo or _nothing
        if not self._with_change:
            undo()  # before: a graph that was put on is not the snapshot's
        if taken is not None:
            taken.put_back()
        if self._with_change:
            undo()
        return Reverted(
            reason=self._alarm.reason,
            step=self._alarm.steps,
            steps_lost=self._alarm.steps - self._taken_at,
        )

    def _maybe_renew(self) -> None:
        """Renew the snapshot if nothing is suspicious, and it can be afforded.

        Without an undo the first snapshot must stay: it alone is without the change.
        """
        if self._undo is None or not self._alarm.calm:
            return
        passed_s = self._clock() - self._began_s
        if self._cost_s + self._renewal_s <= COST_SHARE * passed_s:
            self._renew()
            self._with_change = True

    def _renew(self) -> None:
        started_s = self._clock()
        self._snapshot = Snapshot(self._training)
        self._taken_at = self._alarm.steps
        self._renewal_s = self._clock() - started_s


def _nothing() -> None:
    """Stand in for an undo: the snapshot alone takes the change back."""


def _fetched(values: Sequence[float | torch.Tensor]) -> list[float]:
    """Return the values as floats, with one transfer for all that lie on a GPU."""
    tensors = [v.reshape(()).float() for v in values if isinstance(v, torch.Tensor)]
    numbers = iter(torch.stack(tensors).tolist() if tensors else ())
    return [next(numbers) if isinstance(v, torch.Tensor) else v for v in values]
