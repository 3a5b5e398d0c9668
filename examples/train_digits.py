#!/usr/bin/env python3
# ruff: noqa: T201 - a training script talks to the terminal
"""Train a small residual network on handwritten digits, as any training would.

The 1,797 scanned digits (8x8 pixels, UCI Optical Recognition of Handwritten Digits)
come with scikit-learn, so nothing is downloaded. Run it bare, then measured:

    python examples/train_digits.py
    greenops wrap examples/train_digits.py
"""

import argparse
import sys
import time

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional

CLASSES = 10
PIXEL_MAX = 16.0


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return `images` refined, in the same shape."""
        return functional.relu(images + self.body(images))


def network(width: int) -> nn.Sequential:
    """Return the classifier: stem, three residual blocks, mean, linear."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        Residual(width),
        Residual(width),
        nn.MaxPool2d(2),
        Residual(width),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, CLASSES),
    )


def digits(device: torch.device) -> tuple[torch.Tensor, ...]:
    """Return train and test images, train and test labels."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images, labels, test_size=0.25, random_state=0)
    train_x, test_x, train_y, test_y = map(torch.as_tensor, parts)
    shape = (-1, 1, 8, 8)
    return (
        (train_x.float() / PIXEL_MAX).reshape(shape).to(device),
        (test_x.float() / PIXEL_MAX).reshape(shape).to(device),
        train_y.long().to(device),
        test_y.long().to(device),
    )


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the share of `images` that are read rightly."""
    model.eval()
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def show_progress(line: str, *, last: bool) -> None:
    """Redraw one line on a terminal; print whole lines into a file or a pipe."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="\n" if last else "", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Train, show progress on standard error, print the accuracy."""
    options = argparse.ArgumentParser(description="Train on scikit-learn's digits.")
    options.add_argument("--epochs", type=int, default=30)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--width", type=int, default=32)
    options.add_argument("--seed", type=int, default=0)
    # So small a network gains nothing by more, and loses much on a busy machine.
    options.add_argument("--threads", type=int, default=1)
    args = options.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train_x, test_x, train_y, test_y = digits(device)
    model = network(args.width).to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    steps = args.epochs * -(-len(train_x) // args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    started_s = time.monotonic()
    for epoch in range(1, args.epochs + 1):
        model.train()
        loss = torch.zeros(())
        for batch in torch.randperm(len(train_x), device=device).split(args.batch):
            loss = functional.cross_entropy(model(train_x[batch]), train_y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        share = accuracy(model, test_x, test_y)
        show_progress(
            f"epoch {epoch:>2}/{args.epochs}  loss {loss.item():.4f}  "
            f"test accuracy {share:.1%}  {time.monotonic() - started_s:.1f} s",
            last=epoch == args.epochs,
        )
    print(f"test accuracy {accuracy(model, test_x, test_y):.2%} on {device}")


if __name__ == "__main__":
    main()
