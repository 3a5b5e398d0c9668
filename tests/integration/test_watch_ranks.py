"""Ranks that train together are one run, and train as they would unwatched."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="counts trainings of the extra `torch`")

SCRIPT = str(Path(__file__).parents[1] / "workloads" / "train_together.py")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
STARTS = {
    "ddp": (*TORCHRUN, SCRIPT, "ddp"),
    "spawn": (SCRIPT, "spawn"),
    "fsdp": (*TORCHRUN, SCRIPT, "fsdp"),
}
LAUNCHERS = {"ddp": "torchrun", "spawn": "spawn", "fsdp": "torchrun"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", STARTS)
def test_ranks_add_up_to_one_run_and_come_to_the_same_parameters(kind, cli):
    command = [sys.executable, *STARTS[kind]]
    env = {**cli.env, "OMP_NUM_THREADS": "1"}
    bare = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=140, check=False
    )
    assert bare.returncode == 0, bare.stderr[-2000:]

    wrapped = cli.run("wrap", "--quiet", "--", *command, env=env, timeout=140)

    assert wrapped.returncode == 0, wrapped.stderr[-2000:]
    assert wrapped.stdout == bare.stdout
    shown = json.loads(cli.run("show", "--json", check=0).stdout)
    training = shown["training"]
    assert shown["notes"] == []
    assert training["steps"] == 8  # both ranks' 2 epochs of 4 steps
    assert training["samples"] == 80
    assert training["train_batches"] == 16
    assert training["other_batches"] == 8
    assert [epoch["steps"] for epoch in training["epochs"]] == [4, 4]
    assert [epoch["samples"] for epoch in training["epochs"]] == [40, 40]
    assert len(training["evaluations"]) == 2
    ranks = sorted(training["processes"], key=lambda one: one["rank"])
    assert [(one["rank"], one["world_size"]) for one in ranks] == [(0, 2), (1, 2)]
    assert {one["launcher"] for one in ranks} == {LAUNCHERS[kind]}
    assert {one["parallel"] for one in ranks} == {"fsdp" if kind == "fsdp" else "ddp"}
