"""Several processes of one training stop behind the same step, and go on there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="greenops[torch] is not installed")

WORKLOAD = Path(__file__).parents[1] / "workloads" / "train_ranks.py"


def train(folder, home, *, resume, expect):
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone",
            "--nproc-per-node=2", str(WORKLOAD), str(home),
        ],
        env={
            **os.environ, "OMP_NUM_THREADS": "1",
            "GREENOPS_CHECKPOINT_DIR": str(folder), "GREENOPS_RESUME": str(int(resume)),
        },
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is expect, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_ranks_of_which_one_was_asked_pause_together_and_go_on(tmp_path):
    whole = train(tmp_path / "never", tmp_path, resume=False, expect=True)
    folder = tmp_path / "checkpoints"
    (tmp_path / "pause-1").write_text("7")  # the other one never hears of it

    train(folder, tmp_path, resume=False, expect=False)
    assert (folder / "paused").exists()  # torchrun makes another status of 75
    step = int((folder / "greenops" / "latest").read_text().removeprefix("step-"))
    assert step in (7, 8)
    after = train(folder, tmp_path, resume=True, expect=True)

    assert after == whole.replace("resumed False", "resumed True")
    assert not (folder / "paused").exists()
