"""What is executed for a command."""

import os
import sys

import pytest

from greenops.agent.planning import Site
from greenops.errors import ConfigError
from greenops.model import Place
from greenops.wire.runnable import runnable, runs_here, working_folder

PATH = os.environ["PATH"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.py").write_text("pass\n")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "data.txt").write_text("no program\n")
    return str(tmp_path)


def test_a_script_runs_under_this_very_python(folder):
    found = runnable(["train.py", "--epochs", "3"], folder, path=PATH, here=True)

    assert found == [sys.executable, "train.py", "--epochs", "3"]


@pytest.mark.parametrize(
    "command", [["ls", "-l"], ["./run.sh"], ["/bin/sh", "-c", "x"]]
)
def test_a_program_is_taken_as_it_is(folder, command):
    assert runnable(command, folder, path=PATH, here=True) == command


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param([], "no command given", id="nothing"),
        pytest.param([""], "no command given", id="an empty word"),
        pytest.param(["trian.py"], "did you mean train.py", id="a slip"),
        pytest.param(["/nowhere/x.py"], "no such script", id="elsewhere"),
        pytest.param(["x" * 10_000 + ".py"], "no such script", id="a huge name"),
        pytest.param(["no-such-program"], "no such program", id="no program"),
        pytest.param(["./data.txt"], "may not be executed", id="no rights"),
        pytest.param(["--dedline", "4h"], "is no option", id="a misspelt option"),
        pytest.param(["a\0b"], "NUL", id="a NUL"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anybody_waits(folder, command, said):
    with pytest.raises(ConfigError, match=said) as e:
        runnable(command, folder, path=PATH, here=True)

    assert len(str(e.value)) < 400


def test_a_program_of_another_machine_need_not_be_here(folder):
    command = ["only-on-the-cluster", "-n", "4"]

    assert runnable(command, folder, path=PATH, here=False) == command


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no folder"):
        runnable(["ls"], str(tmp_path / "gone"), path=PATH, here=True)


def test_a_working_folder_that_is_gone_is_said(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with pytest.raises(ConfigError, match="is gone; change to one"):
        working_folder()


def test_a_job_runs_here_if_all_its_places_do():
    here = Site(place=Place(name="a", zone="DE"), executor="local")
    there = Site(place=Place(name="b", zone="DE"), executor="slurm")

    assert runs_here(None, [here])
    assert not runs_here(None, [here, there])
    assert runs_here(frozenset({"a"}), [here, there])
