"""In processes of their own: hooks once put in stay for a process's life."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="counts trainings of the extra `torch`")


def run(tmp_path, code, **environ):
    head = "import json, torch\nfrom greenops.torch import attach\n"
    env = {k: v for k, v in os.environ.items() if k != "GREENOPS_WATCH"}
    done = subprocess.run(
        [sys.executable, "-c", head + code],
        env={**env, "HOME": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


GAN = """
net, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
first = torch.optim.SGD(net.parameters(), 0.1)
second = torch.optim.SGD(other.parameters(), 0.1)
"""


def test_steps_of_all_optimizers_count_unless_one_is_named(tmp_path):
    loop = "for _ in range(3):\n    first.step(); second.step()\n"
    every = run(tmp_path, f"{GAN}meter = attach(net)\n{loop}print(meter.steps)")
    one = run(tmp_path, f"{GAN}meter = attach(net, first)\n{loop}print(meter.steps)")

    assert (every, one) == (6, 3)


def test_a_loop_by_hand_tells_its_steps_and_samples(tmp_path):
    code = (
        "meter = attach()\nfor _ in range(150): meter.step(samples=8)\n"
        "import glob; from pathlib import Path\n"
        "from greenops.torch import hooks; from greenops.torch.counts import read_counts\n"
        "counts = read_counts(Path(hooks.current().counts.path))\n"
        "print(json.dumps([meter.steps, counts.steps, counts.samples,"
        " len(counts.first_steps_s)]))"
    )

    assert run(tmp_path, code) == [150, 150, 1200, 120]


def test_a_closed_meter_follows_nobody(tmp_path):
    code = f"{GAN}meter = attach(optimizer=first)\nfirst.step(); meter.close(); meter.close()\nfirst.step()\nprint(meter.steps)"

    assert run(tmp_path, code) == 1


def test_what_is_no_model_is_no_reason_to_fail(tmp_path):
    code = "meter = attach(model=object())\nmeter.step()\nprint(meter.steps)"

    assert run(tmp_path, code) == 0


def test_without_a_run_the_folder_is_gone_with_the_process(tmp_path):
    code = (
        f"{GAN}attach(); first.step()\n"
        "from greenops.torch import hooks; print(json.dumps(hooks.current().folder))"
    )

    folder = run(tmp_path, code, XDG_RUNTIME_DIR=str(tmp_path))

    assert folder.startswith(str(tmp_path))
    assert not Path(folder).exists()


def test_a_folder_that_is_gone_ends_the_counting_and_nothing_else(tmp_path):
    code = (
        f"{GAN}meter = attach()\nimport os\n"
        "from greenops.torch import hooks\nos.rmdir(hooks.current().folder)\n"
        "for _ in range(3): first.step()\n"
        "print(json.dumps([meter.steps, hooks.current().off]))"
    )

    assert run(tmp_path, code) == [0, True]
