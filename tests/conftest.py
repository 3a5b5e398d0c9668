"""Runs greenops as its users do: as a program, with a home of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GREENOPS = [sys.executable, "-m", "greenops"]


class Cli:
    """`greenops` with its ledger and configuration under a temporary folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GREENOPS")},
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
        }

    def run(self, *args, check=None, **kwargs):
        kwargs.setdefault("cwd", self.home)
        kwargs.setdefault("env", self.env)
        kwargs.setdefault("timeout", 60)
        done = subprocess.run(
            [*GREENOPS, *map(str, args)], capture_output=True, text=True, **kwargs
        )
        if check is not None:
            assert done.returncode == check, done.stderr
        return done

    def start(self, *args, **kwargs):
        kwargs.setdefault("cwd", self.home)
        kwargs.setdefault("env", self.env)
        return subprocess.Popen([*GREENOPS, *map(str, args)], **kwargs)


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)
