#!/usr/bin/env python3
# ruff: noqa: T201 - a training script talks to the terminal
"""The training of `train_digits.py`, as a job that may be paused and goes on later.

All of the protocol is here: told by SIGUSR1 it ends its epoch, writes a checkpoint into
the folder of GREENOPS_CHECKPOINT_DIR and exits with status 75; run again, with
GREENOPS_RESUME=1, it goes on from there. Bare, it is a training like any other.

    python examples/train_resumable.py
    greenops submit --interruptible --duration 30m examples/train_resumable.py
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import torch
from torch.nn import functional
from train_digits import accuracy, digits, network

CHECKPOINTED = 75
FOLDER = Path(os.environ.get("GREENOPS_CHECKPOINT_DIR", "."))
CHECKPOINT = FOLDER / "digits.pt"


def save(state: dict[str, object]) -> None:
    """Write a checkpoint, whole or not at all: the machine may go down meanwhile."""
    beside = CHECKPOINT.with_suffix(".new")
    torch.save(state, beside)
    beside.replace(CHECKPOINT)


def main() -> None:
    """Train until the last epoch, or until asked to stop."""
    options = argparse.ArgumentParser(description="Train on scikit-learn's digits.")
    options.add_argument("--epochs", type=int, default=30)
    options.add_argument("--batch", type=int, default=64)
    args = options.parse_args()

    asked_to_stop: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: asked_to_stop.append(number))

    torch.manual_seed(0)
    torch.set_num_threads(1)
    train_x, test_x, train_y, test_y = digits(torch.device("cpu"))
    model = network(16)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    first = 1
    if os.environ.get("GREENOPS_RESUME") == "1" and CHECKPOINT.exists():
        before = torch.load(CHECKPOINT)
        model.load_state_dict(before["model"])
        optimizer.load_state_dict(before["optimizer"])
        torch.set_rng_state(before["dice"])
        first = before["epoch"] + 1
        print(f"goes on at epoch {first}", flush=True)

    for epoch in range(first, args.epochs + 1):
        model.train()
        for batch in torch.randperm(len(train_x)).split(args.batch):
            loss = functional.cross_entropy(model(train_x[batch]), train_y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        share = accuracy(model, test_x, test_y)
        print(f"epoch {epoch}: test accuracy {share:.1%}", flush=True)
        save(
            {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "dice": torch.get_rng_state(),
            }
        )
        if asked_to_stop and epoch < args.epochs:
            print(f"stops after epoch {epoch}, to be run again", flush=True)
            sys.exit(CHECKPOINTED)
    print(f"test accuracy {accuracy(model, test_x, test_y):.2%}")


if __name__ == "__main__":
    main()
