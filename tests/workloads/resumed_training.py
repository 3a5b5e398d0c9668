"""`examples/train_resumable.py`, for ever at first, and to its end once it goes on.

So a test may take its time until it is paused, however slow the machine is.
"""

import os
import runpy
import sys
from pathlib import Path

import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
EPOCHS_AFTER = 4
FOR_EVER = 10**6


def main():
    epochs = FOR_EVER
    if os.environ["GREENOPS_RESUME"] == "1":
        before = torch.load(Path(os.environ["GREENOPS_CHECKPOINT_DIR"]) / "digits.pt")
        epochs = before["epoch"] + EPOCHS_AFTER
    script = str(EXAMPLES / "train_resumable.py")
    sys.path.insert(0, str(EXAMPLES))
    sys.argv = [script, f"--epochs={epochs}"]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
