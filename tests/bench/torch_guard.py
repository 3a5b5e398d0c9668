"""What the guard finds, misses and costs: `python -m tests.bench.torch_guard [RUNS]`.

A small network learns a noisy task. Undamaged trainings tell how often a guard raises a
false alarm, and its share of their CPU time; damaged ones after how many steps it acts.
"""

import statistics
import sys
import time

import torch
from torch import nn

from greenops.torch.guard import Guard
from greenops.torch.training import Training

BEFORE = 200
PROBATION = 1000
WINDOW = 25


class Run:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.training = Training(model=self.model, optimizers=[self.optimizer])
        self.truth = torch.randn(64, 10)
        self.spoilt = False

    def step(self):
        x = torch.randn(256, 64)
        y = (x @ self.truth + 4 * torch.randn(256, 10)).argmax(1)
        if self.spoilt:
            y = y[torch.randperm(len(y))]
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(x).float(), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def losses(self):
        return [float(self.step().detach()) for _ in range(BEFORE)][-100:]


def fast(run):
    for group in run.optimizer.param_groups:
        group["lr"] *= 50


def broken_loader(run):
    run.spoilt = True


def bad_cast(run):
    with torch.no_grad():
        for parameter in run.model.parameters():
            parameter.copy_(parameter.to(torch.int8))


def watched(run, guard, steps):
    """Return the step at which the guard acted; None: it did not."""
    for i in range(steps):
        if guard.observe(run.step()) is not None:
            return i + 1
    return None


def undamaged(runs):
    alarms, shares = 0, []
    for seed in range(runs):
        run = Run(seed)
        losses = run.losses()
        began_s = time.process_time()
        guard = Guard(run.training, losses, undo=lambda: None, probation=PROBATION)
        alarms += watched(run, guard, PROBATION) is not None
        shares.append(guard.cost_s / (time.process_time() - began_s))
    print(f"undamaged: {alarms} false alarms in {runs} trainings of {PROBATION} steps")
    print(
        f"cost: {statistics.median(shares):.2%} of the CPU time, most {max(shares):.2%}"
    )


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    torch.set_num_threads(1)
    undamaged(runs)
    for name, damage in (
        ("learning rate x 50", fast),
        ("labels shuffled by the loader", broken_loader),
        ("weights cast to integers", bad_cast),
    ):
        acted = []
        for seed in range(runs):
            run = Run(seed)
            guard = Guard(run.training, run.losses(), window=WINDOW)
            damage(run)
            acted.append(watched(run, guard, 4 * WINDOW))
        found = [steps for steps in acted if steps is not None]
        within = sum(steps <= WINDOW for steps in found)
        spread = f"after {min(found)} to {max(found)} steps" if found else "never"
        print(f"{name}: {within} of {runs} reverted within {WINDOW} steps, {spread}")


if __name__ == "__main__":
    main()
