"""Trainings of every kind: counted exactly, and none the wiser for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="counts trainings of the extra `torch`")

SCRIPT = Path(__file__).parents[1] / "workloads" / "train_loops.py"
LOOPS = (
    "plain",
    "workers",
    "accumulation",
    "amp",
    "scaler_that_skips",
    "lbfgs",
    "no_loader",
    "own_optimizer",
    "gan",
    "tried_on_a_copy",
    "iterable",
    "notebook",
    "nan_loss",
    "two_loaders",
    "evaluation_left_early",
    "many_passes",
    "compiled",
)


def lines_of(done):
    assert done.returncode == 0, done.stderr
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def bare():
    command = [sys.executable, str(SCRIPT), *LOOPS]
    return lines_of(
        subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=110
        )
    )


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory):
    from tests.conftest import Cli

    cli = Cli(tmp_path_factory.mktemp("home"))
    done = cli.run("wrap", "--quiet", str(SCRIPT), *LOOPS, timeout=110)
    shown = cli.run("show", "--json", check=0)
    return lines_of(done), json.loads(shown.stdout)


@pytest.mark.parametrize("loop", LOOPS)
def test_parameters_come_out_bit_for_bit_the_same(loop, bare, wrapped):
    assert bare[loop]["seen"] is None
    assert wrapped[0][loop]["sum"] == bare[loop]["sum"]


@pytest.mark.parametrize("loop", LOOPS)
def test_steps_batches_and_samples_are_counted_exactly(loop, wrapped):
    line = wrapped[0][loop]
    did, seen = line["did"], line["seen"]
    steps, train, samples, other = seen["counts"]

    assert not seen["off"]
    assert (steps, train, other) == (did["steps"], did["train"], did["other"])
    assert samples == did["samples"]


def test_what_is_compiled_is_compiled_as_without_us(bare, wrapped):
    alone = bare["compiled"]["did"]["dynamo"]
    watched = wrapped[0]["compiled"]["did"]["dynamo"]

    assert alone["graphs"] >= 2
    assert watched.pop("frames") <= alone.pop("frames")
    assert watched == alone


def test_the_run_holds_what_all_loops_did_together(wrapped):
    lines, shown = wrapped
    training = shown["training"]
    done = [line["did"] for line in lines.values()]

    assert training["steps"] == sum(did["steps"] for did in done)
    assert training["samples"] == sum(did["samples"] for did in done)
    assert training["train_batches"] == sum(did["train"] for did in done)
    assert training["other_batches"] == sum(did["other"] for did in done)
    assert training["compiles"] >= 1
    assert training["compile_s"] > 0
    assert training["per_step_j"] > 0
    assert training["per_step_low_j"] < training["per_step_j"]
    (process,) = training["processes"]
    assert process["framework"] == "plain"
    assert process["autocast"] == "cpu bfloat16"
    names = [one["name"] for one in process["optimizers"]]
    assert {"AdamW", "LBFGS", "OwnOptimizer", "RMSprop"} <= set(names)
    assert sum(one["steps"] for one in process["optimizers"]) == training["steps"]
    assert shown["notes"] == []
