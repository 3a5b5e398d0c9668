"""Tries measures on a training, tells what each is worth, applies those one wants."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any

import torch

from greenops.ports import EnergyMeter, Risk, TrainingChange
from greenops.torch.blocks import Step
from greenops.torch.guard import Guard
from greenops.torch.micro_trial import trial
from greenops.torch.training import Training
from greenops.trials.budget import SHARE, Budget
from greenops.trials.judge import Looks
from greenops.trials.outcome import Outcome

ADVICE = "greenops.advice"
"""Entry points of changes, called without arguments."""


class Advisor:
    """What could save energy in one training, measured on it.

    Args:
        training: What is trained.
        loss: Computes the loss of `(model, batch)`; or hand in a `step`.
        step: As for `trial`.
        steps_left: Steps the run still has: a change that is not paid back within them
            is not suggested, and all trials together stay within `share` of the energy.
        share: Part of the run's energy that all trials together may take.
        meter: As for `trial`.
        looks: As for `trial`.
        changes: What to try; None: what is installed.
    """

    def __init__(
        self,
        training: Training,
        *,
        loss: Callable[[Any, Any], torch.Tensor] | None = None,
        step: Step | None = None,
        steps_left: int | None = None,
        share: float = SHARE,
        meter: EnergyMeter | None = None,
        looks: Looks | None = None,
        changes: Sequence[TrainingChange] | None = None,
    ) -> None:
        self._training = training
        self._work: dict[str, Any] = {"loss": loss, "step": step}
        self._work |= {"meter": meter, "looks": looks}
        self._steps_left, self._share = steps_left, share
        self.problems: list[str] = []
        """Sentences on installed measures that could not be loaded."""
        self.changes = list(changes) if changes is not None else self._installed()
        self.outcomes: list[Outcome] = []

    def advise(self, batches: Sequence[Any]) -> list[Outcome]:
        """Try every change that may help; return those that save, the best first.

        What was tried and found useless, could not be measured or does not apply is in
        `outcomes`, with its reason.
        """
        able = []
        for change in self.changes:
            why_not = change.why_not(self._training)
            if why_not is None:
                able.append(change)
            else:
                self.outcomes.append(Outcome(change=change.name, failed=why_not))
        # each gets its part: the first must not use up what the last needs
        budget = Budget(
            share=self._share / max(1, len(able)), steps_left=self._steps_left
        )
        for change in able:
            self.outcomes.append(
                trial(
                    self._training, change,
                    batches=batches, budget=budget, **self._work,
                )
            )  # fmt: skip
        found = [outcome for outcome in self.outcomes if outcome.saves]
        return sorted(found, key=lambda o: o.judgement.ratio if o.judgement else 1.0)

    def apply(
        self,
        name: str,
        *,
        losses: Sequence[float] = (),
        **watch: Any,  # noqa: ANN401 - options of the guard
    ) -> Guard | None:
        """Apply a change to the training itself, guarded by the loss.

        Args:
            name: Of one of `changes`.
            losses: Of the steps so far, 20 at least: what the guard goes by. A change
                without risk may do without, and then has no guard.
            watch: Options of `Guard`.

        Raises:
            ValueError: no such change, or a risky one without losses to guard it by.
            SnapshotRefusedError: the training cannot be guarded; nothing was changed.
        """
        change = next((c for c in self.changes if c.name == name), None)
        if change is None:
            known = ", ".join(c.name for c in self.changes)
            raise ValueError(f"no change named {name!r}; there are: {known}")
        if not losses:
            if change.risk is not Risk.NONE:
                raise ValueError(f"{name} may change the result: hand in `losses`")
            change.apply(self._training)
            return None
        guard = Guard(self._training, losses, **watch)
        guard.undo_with(change.apply(self._training))
        return guard

    def _installed(self) -> list[TrainingChange]:
        found: list[TrainingChange] = []
        for point in sorted(entry_points(group=ADVICE), key=lambda p: p.name):
            try:
                found.append(point.load()())
            except Exception as e:  # noqa: BLE001 - a plugin may do anything
                said = f"{point.name} ({point.value}): {type(e).__name__}: {e}"
                self.problems.append(said)
        return found
