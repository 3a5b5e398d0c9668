"""One trial under way: copies warmed up, quads run, judged, accounted for."""

import logging
import math
import random
from dataclasses import dataclass, replace

from greenops.errors import GreenopsError
from greenops.ports import EnergyMeter, TrainingChange
from greenops.torch.blocks import SideRunner, Work, diverged
from greenops.torch.clone import clone
from greenops.torch.training import Training
from greenops.trials.budget import Budget, payback_steps, quads_within
from greenops.trials.judge import Judgement, Looks, Verdict, judge
from greenops.trials.outcome import Outcome
from greenops.trials.quads import Block, Side, log_ratio, order

_log = logging.getLogger(__name__)

WARM_UP_STEPS = 2
"""Steps of each side before the first quad: allocations, caches, compilation."""

BLOCK_STEPS = 1
"""Fewest steps of a block. Short blocks pair what lies close together in time: of 192
steps, blocks of 1 give a third less spread on a busy machine than blocks of 3."""

PERIODS_A_BLOCK = 10
"""A block is so many times as long as what its meter resolves."""

LONGER_BLOCKS = 5
"""How often blocks are doubled when the meter did not move within one."""


class TrialStoppedError(GreenopsError):
    """The trial cannot come to a conclusion; the message says why."""


@dataclass(frozen=True, slots=True)
class _Mean:
    """What the blocks of one side say together."""

    blocks: tuple[Block, ...]

    @property
    def j_per_step(self) -> float:
        """Energy per step in J."""
        return sum(b.energy_j for b in self.blocks) / sum(b.steps for b in self.blocks)

    @property
    def j_per_sample(self) -> float:
        """Energy per sample in J."""
        samples = sum(b.samples for b in self.blocks)
        return sum(b.energy_j for b in self.blocks) / samples


class TrialRun:
    """Runs quads of blocks until the plan, or the budget, says stop.

    Args:
        change: Applied to the candidate's copy.
        looks: When to decide.
        budget: What to spend at most.
        lots: Draws the order of each quad's blocks.
    """

    def __init__(
        self,
        change: TrainingChange,
        looks: Looks,
        budget: Budget,
        lots: random.Random,
    ) -> None:
        self._change, self._looks, self._budget = change, looks, budget
        self._lots = lots
        self._ratios: list[float] = []
        self._warm: dict[Side, list[Block]] = {side: [] for side in Side}
        self._blocks: dict[Side, list[Block]] = {side: [] for side in Side}
        self._budget_j = math.inf
        self._spent_j = 0.0
        self._basis = self._failed = self._stopped = ""
        self._judgement: Judgement | None = None

    def measure(self, training: Training, work: Work, meter: EnergyMeter) -> None:
        """Copy the training twice, change one copy, warm both up, run the quads.

        Raises:
            GreenopsError: it could not be copied, measured or afforded.
            Exception: whatever the user's step or the change raises.
        """
        self._basis = meter.basis
        started_j = meter.energy_j()
        try:
            sides = {s: SideRunner(s, clone(training), work, meter) for s in Side}
            self._change.apply(sides[Side.CANDIDATE].training)
            for runner in sides.values():
                self._warm_up(runner)
            self._quads(sides, self._block_steps(meter))
        finally:
            self._spent_j = meter.energy_j() - started_j

    def fail(self, error: Exception) -> None:
        """Note why nothing can be concluded."""
        _log.debug("the trial of %s failed", self._change.name, exc_info=error)
        kind = "" if isinstance(error, GreenopsError) else f"{type(error).__name__}: "
        lines = str(error).splitlines() or [""]
        self._failed = f"{kind}{lines[0]}"[:300]
        self._judgement = None

    def outcome(self) -> Outcome:
        """Return what is known now."""
        budget_j = None if math.isinf(self._budget_j) else self._budget_j
        found = Outcome(
            change=self._change.name,
            basis=self._basis,
            judgement=self._judgement,
            failed=self._failed,
            stopped=self._stopped,
            steps=sum(b.steps for side in Side for b in self._all(side)),
            spent_j=self._spent_j,
            budget_j=budget_j,
            steps_left=self._budget.steps_left,
        )
        if self._judgement is None:
            return found
        return self._with_figures(found, self._judgement)

    def _with_figures(self, found: Outcome, judgement: Judgement) -> Outcome:
        base, candidate = (_Mean(tuple(self._blocks[s])) for s in Side)
        # per step of the base: a candidate's step may hold another number of samples
        saved_j = base.j_per_step * (1 - judgement.ratio)
        setup_j = max(0.0, self._setup_j(Side.CANDIDATE) - self._setup_j(Side.BASE))
        return replace(
            found,
            base_j_per_step=base.j_per_step,
            base_j_per_sample=base.j_per_sample,
            candidate_j_per_sample=candidate.j_per_sample,
            setup_j=setup_j,
            payback_steps=payback_steps(self._spent_j + setup_j, saved_j),
            base_loss=base.blocks[-1].loss,
            candidate_loss=candidate.blocks[-1].loss,
        )

    def _setup_j(self, side: Side) -> float:
        """Return what a side's first steps took beyond later ones, in J."""
        steady_j = _Mean(tuple(self._blocks[side])).j_per_step
        return sum(b.energy_j - b.steps * steady_j for b in self._warm[side])

    def _all(self, side: Side) -> list[Block]:
        return [*self._warm[side], *self._blocks[side]]

    def _warm_up(self, runner: SideRunner) -> None:
        for i in range(WARM_UP_STEPS):
            self._warm[runner.side].append(_sound(runner.block(i, 1)))
        if not runner.trains():
            raise TrialStoppedError(
                "the step trains another model than the one it is handed"
            )

    def _block_steps(self, meter: EnergyMeter) -> int:
        """Return how many steps a block needs for the meter to tell its energy."""
        shortest_s = min(self._warm[side][-1].duration_s for side in Side)
        wanted_s = PERIODS_A_BLOCK * meter.resolves_s
        return max(BLOCK_STEPS, math.ceil(wanted_s / max(shortest_s, 1e-6)))

    def _quads(self, sides: dict[Side, SideRunner], steps: int) -> None:
        self._afford(steps)
        longer = 0
        while self._judgement is None or self._judgement.verdict is None:
            lot = order(base_outside=self._lots.random() < 0.5)
            first = steps * len(self._ratios)
            blocks = [_sound(sides[side].block(first, steps)) for side in lot]
            for block in blocks:
                self._blocks[block.side].append(block)
            ratio = log_ratio(blocks)
            if ratio is not None:
                self._ratios.append(ratio)
                self._look()
                continue
            longer, steps = longer + 1, 2 * steps
            if longer > LONGER_BLOCKS:
                raise TrialStoppedError(f"{steps} steps do not move the meter")

    def _afford(self, steps: int) -> None:
        """Refuse a trial that would end without a decision.

        Raises:
            TrialStoppedError: the budget allows too few quads.
        """
        base_j, candidate_j = (self._warm[side][-1].energy_j for side in Side)
        self._budget_j = self._budget.allowed_j(base_j)
        quad_j = 2 * steps * (base_j + candidate_j)
        if quads_within(self._left_j(), quad_j) < self._looks.at[0]:
            raise TrialStoppedError(
                f"the budget of {self._budget_j:.3g} J allows no decision; the fewest "
                f"are {self._looks.at[0]} quads of {quad_j:.3g} J"
            )

    def _look(self) -> None:
        """Judge at the planned looks; stop where the next one cannot be paid."""
        done = len(self._ratios)
        if done not in self._looks.at:
            return
        self._judgement = judge(self._ratios, self._looks)
        if self._judgement.verdict is not None:
            return
        missing = next(n for n in self._looks.at if n > done) - done
        spent_j = sum(b.energy_j for side in Side for b in self._blocks[side])
        if quads_within(self._left_j(), spent_j / done) < missing:
            self._judgement = replace(self._judgement, verdict=Verdict.UNDECIDED)
            self._stopped = "the budget is used up"

    def _left_j(self) -> float:
        spent_j = sum(b.energy_j for side in Side for b in self._all(side))
        return self._budget_j - spent_j


def _sound(block: Block) -> Block:
    """Return `block`.

    Raises:
        TrialStoppedError: its loss is not a number any more.
    """
    if diverged(block):
        whose = "training's own" if block.side is Side.BASE else "candidate's"
        raise TrialStoppedError(f"the {whose} loss became {block.loss}")
    return block
