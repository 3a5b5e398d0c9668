"""What came out of a trial, in figures and in one sentence."""

from dataclasses import dataclass

from greenops.trials.judge import Judgement, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one trial.

    Attributes:
        change: Name of what was tried.
        basis: Where the energy comes from.
        judgement: The ratio of J/sample with its interval; None: not measured.
        failed: Why nothing was measured; empty otherwise.
        stopped: Why the trial ended before its last look without a verdict.
        steps: Steps that were run on both copies together.
        spent_j: Energy in J the trial took, all of it.
        budget_j: What it was allowed to take, in J; None: no bound was known.
        setup_j: What the change costs once, in J, such as a compilation.
        base_j_per_step: Energy in J of a step as it is.
        base_j_per_sample: Energy in J of a sample as it is.
        candidate_j_per_sample: The same with the change.
        payback_steps: Steps after which trial and setup are saved again; None: never.
        steps_left: Steps the run still has, where that was told.
        base_loss: Loss of the last step on the copy as it is.
        candidate_loss: Loss of the changed copy after as many steps on the same
            batches, with the same random numbers.
    """

    change: str
    basis: str = ""
    judgement: Judgement | None = None
    failed: str = ""
    stopped: str = ""
    steps: int = 0
    spent_j: float = 0.0
    budget_j: float | None = None
    setup_j: float = 0.0
    base_j_per_step: float | None = None
    base_j_per_sample: float | None = None
    candidate_j_per_sample: float | None = None
    payback_steps: int | None = None
    steps_left: int | None = None
    base_loss: float | None = None
    candidate_loss: float | None = None

    @property
    def saves(self) -> bool:
        """Whether the change was shown to save, within what is left of the run."""
        if self.judgement is None or self.judgement.verdict is not Verdict.SAVES:
            return False
        return self._pays_back

    @property
    def _pays_back(self) -> bool:
        if self.payback_steps is None:
            return False
        return self.steps_left is None or self.payback_steps < self.steps_left

    def sentence(self) -> str:
        """Return the finding for people: ratio, interval, cost, pay-back."""
        if self.judgement is None:
            return f"{self.change}: not measured here: {self.failed or self.stopped}"
        verdict = self.judgement.verdict or Verdict.UNDECIDED
        said = f"{self.change}: {verdict}; J/sample x {_ratio(self.judgement)}"
        if self.stopped:
            said += f" (stopped: {self.stopped})"
        said += f"; the trial took {self.spent_j:.3g} J"
        if verdict is Verdict.SAVES:
            said += f", paid back in {self.payback_steps} steps"
            if not self._pays_back:
                said += f", but only {self.steps_left} are left"
        return said


def _ratio(judgement: Judgement) -> str:
    if judgement.low is None or judgement.high is None:
        return f"{judgement.ratio:.3f}"
    return f"{judgement.ratio:.3f} ({judgement.low:.3f} to {judgement.high:.3f})"
