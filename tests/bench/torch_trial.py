"""How trials decide: `python -m tests.bench.torch_trial [--trials N] [--cases N]`.

A step is twenty equal pieces of work, so that a candidate of 19 pieces saves 5 %; for a
change that does nothing it is one piece, the noisiest case there is. CPU seconds stand for energy; each part is run on
the machine as it is, and beside busy processes.
"""

import contextlib
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from greenops.ports import Risk
from greenops.torch.blocks import SideRunner, Work, samples_in
from greenops.torch.clone import clone
from greenops.torch.meters import CpuTimeMeter
from greenops.torch.micro_trial import trial
from greenops.torch.training import Training
from greenops.trials.judge import Verdict
from greenops.trials.outcome import Outcome
from greenops.trials.quads import Side
from tests.bench.page import options, publish, table

PIECES = 20
REALISED_STEPS = 200
SEGMENT_STEPS = 10
SAVED = (0, 1, 2, 5, 10, -2)
"""Pieces left out, one of each in turn, for predicted beside realised savings."""


class Pieces(nn.Module):
    """A small network that is trained piece by piece."""

    def __init__(self, pieces):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 10))
        self.pieces = pieces

    def forward(self, x):
        return self.net(x)


class LeaveOut:
    """Saves some of the pieces of a step."""

    risk = Risk.NONE
    says = "leaves out pieces of a step"

    def __init__(self, pieces):
        self.name = f"{pieces} of {PIECES} pieces left out"
        self._pieces = pieces

    def why_not(self, _):
        return None

    def apply(self, training):
        training.model.pieces -= self._pieces
        return lambda: None


def step(training, batch):
    (optimizer,) = training.optimizers
    optimizer.zero_grad()
    for _ in range(training.model.pieces):
        loss = nn.functional.cross_entropy(training.model(batch[0]), batch[1])
        loss.backward()
    optimizer.step()
    return loss


def scene(pieces=PIECES):
    torch.manual_seed(0)
    model = Pieces(pieces)
    batches = [(torch.randn(64, 128), torch.randint(0, 10, (64,))) for _ in range(8)]
    training = Training(
        model=model, optimizers=[torch.optim.SGD(model.parameters(), lr=1e-3)]
    )
    for batch in batches * 3:
        step(training, batch)
    return training, batches


def burn():
    while True:
        pass


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Run `count` busy processes meanwhile."""
    processes = [
        multiprocessing.Process(target=burn, daemon=True) for _ in range(count)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


@dataclass
class Tried:
    """Many trials of one change."""

    outcomes: list[Outcome]
    wall_s: float
    load: float

    def row(self, title: str) -> list[str]:
        n = len(self.outcomes)
        verdicts = Counter(
            str(o.judgement.verdict) for o in self.outcomes if o.judgement
        )
        steps = [o.steps for o in self.outcomes]
        ratios = [o.judgement.ratio for o in self.outcomes if o.judgement]
        spent = [
            o.spent_j / o.base_j_per_step for o in self.outcomes if o.base_j_per_step
        ]
        return [
            title,
            f"{self.load:.1f}",
            str(n),
            f"{verdicts[Verdict.SAVES]} ({verdicts[Verdict.SAVES] / n:.1%})",
            str(verdicts[Verdict.SAVES_NOTHING]),
            str(verdicts[Verdict.UNDECIDED]),
            f"{statistics.median(steps):.0f} / {max(steps)}",
            f"{statistics.median(ratios):.3f} ± {statistics.pstdev(ratios):.3f}",
            f"{statistics.median(spent):.0f}",
            f"{self.wall_s / n:.2f}",
        ]


def many(pieces: int, count: int) -> Tried:
    training, batches = scene(PIECES if pieces else 1)
    began_s = time.perf_counter()
    outcomes = [
        trial(training, LeaveOut(pieces), batches=batches, step=step)
        for _ in range(count)
    ]
    wall_s = time.perf_counter() - began_s
    return Tried(outcomes, wall_s, os.getloadavg()[0])


def realised(training: Training, batches: list[Any], pieces: int) -> float:
    """Return the ratio of a long run with the change over one without, in turns."""
    meter = CpuTimeMeter(1.0)
    work = Work(step=step, batches=batches, samples=samples_in)
    sides = {side: SideRunner(side, clone(training), work, meter) for side in Side}
    LeaveOut(pieces).apply(sides[Side.CANDIDATE].training)
    spent = dict.fromkeys(Side, 0.0)
    for i in range(REALISED_STEPS // SEGMENT_STEPS):
        for side in list(Side)[:: 1 if i % 2 else -1]:
            spent[side] += sides[side].block(i, SEGMENT_STEPS).energy_j
    return spent[Side.CANDIDATE] / spent[Side.BASE]


def predicted_beside_realised(cases: int) -> list[tuple[int, Outcome, float]]:
    training, batches = scene()
    found = []
    for i in range(cases):
        pieces = SAVED[i % len(SAVED)]
        outcome = trial(training, LeaveOut(pieces), batches=batches, step=step)
        found.append((pieces, outcome, realised(training, batches, pieces)))
    return found


def honesty(found: list[tuple[int, Outcome, float]]) -> tuple[str, dict[str, float]]:
    errors, covered = [], 0
    for _, outcome, ratio in found:
        judged = outcome.judgement
        assert judged is not None, outcome.sentence()
        assert judged.low is not None
        assert judged.high is not None
        errors.append(abs(judged.ratio - ratio))
        covered += judged.low <= ratio <= judged.high
    n = len(found)
    within = sum(e <= 0.05 for e in errors)
    text = (
        f"Predicted beside realised over {REALISED_STEPS} further steps of each side, "
        f"{n} trials of changes that save {', '.join(f'{p / PIECES:.0%}' for p in SAVED)}: "
        f"median difference {statistics.median(errors) * 100:.1f} points, largest "
        f"{max(errors) * 100:.1f}; {within} of {n} within 5 points; the 90 % interval "
        f"holds the realised ratio in {covered} of {n}."
    )
    figures = {"n": n, "within": within, "covered": covered, "worst": max(errors)}
    return text, figures


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--trials", type=int, default=300, help="A/A trials each")
    parser.add_argument("--found", type=int, default=100, help="trials of a true 5 %%")
    parser.add_argument("--cases", type=int, default=60, help="predicted and realised")
    parser.add_argument("--busy", type=int, default=1, help="busy neighbours")
    args = parser.parse_args()
    torch.set_num_threads(1)
    found, rows = [], []
    for title, busy in (("as it is", 0), (f"{args.busy} more busy", args.busy)):
        with neighbours(busy):
            for pieces, count in ((0, args.trials), (1, args.found)):
                change = "5 %" if pieces else "nothing (A/A)"
                rows.append(many(pieces, count).row(f"saves {change}, {title}"))
                print(rows[-1], file=sys.stderr, flush=True)
            found += predicted_beside_realised(args.cases // 2)
    text, figures = honesty(found)
    head = [
        "change, machine", "load", "trials", "found to save", "saves nothing",
        "undecided", "steps, median / most", "ratio", "spent, in steps", "s a trial",
    ]  # fmt: skip
    publish(
        args,
        name="bench-torch-trial",
        title="Trials of changes to a training",
        body=f"{table(head, rows)}\n{text}",
        figures={"rows": rows, "honesty": figures},
    )


if __name__ == "__main__":
    main()
