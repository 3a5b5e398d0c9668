"""Runs one framework's training bare and wrapped, and compares."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = str(Path(__file__).parents[1] / "workloads" / "train_framework.py")


def check_framework(cli, name, *, other_batches, evaluations):
    """Check that `name` trains the same wrapped, and that all of it is counted."""
    command = [sys.executable, SCRIPT, name]
    bare = subprocess.run(
        command, env=cli.env, capture_output=True, text=True, timeout=140, check=False
    )
    assert bare.returncode == 0, bare.stderr[-2000:]
    wrapped = cli.run("wrap", "--quiet", "--", *command, timeout=140)

    assert wrapped.returncode == 0, wrapped.stderr[-2000:]
    assert wrapped.stdout == bare.stdout  # the checksum of its parameters
    shown = json.loads(cli.run("show", "--json", check=0).stdout)
    training = shown["training"]
    assert shown["notes"] == []
    assert training["processes"][0]["framework"] == name
    assert training["steps"] == 6
    assert training["samples"] == 44
    assert training["train_batches"] == 12
    assert training["accumulation"] == 2
    assert training["other_batches"] == other_batches
    assert [(one["steps"], one["samples"]) for one in training["epochs"]] == [
        (3, 22)
    ] * 2
    assert len(training["evaluations"]) == evaluations
