"""`greenops.submit`, as a program calls it."""

import os
from datetime import UTC, datetime, timedelta

import pytest

import greenops
from greenops.errors import ConfigError, JobRefusedError
from greenops.executors.job_folder import read_environment
from greenops.model import Bounded, JobState


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own, in a zone that is known, with a script in the folder at hand."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GREENOPS_ZONE", "DE")
    monkeypatch.delenv("GREENOPS_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("pass\n")
    return tmp_path


def test_a_script_is_submitted_with_what_is_wanted(home, monkeypatch):
    monkeypatch.setenv("MINE", "1")

    job = greenops.submit(
        ["train.py", "--epochs", "3"],
        name="finetune",
        deadline=timedelta(days=1),
        duration_s=(3600.0, 7200.0),
        regions="DE",
        tags={"a": "b"},
        env={"SEED": "7"},
    )

    assert job.spec.argv[1:] == ("train.py", "--epochs", "3")
    assert job.spec.cwd == str(home)
    assert job.spec.duration_s == Bounded(central=5400.0, low=3600.0, high=7200.0)
    assert job.spec.places == frozenset({"local"})
    assert job.place == "local"
    assert job.starts_at is not None
    assert job.starts_at >= datetime.now(UTC) - timedelta(minutes=5)
    assert job.latest_start > datetime.now(UTC)
    assert "finetune" in job.reason
    folder = home / "xdg_state_home" / "greenops" / "jobs" / job.job_id
    kept = read_environment(folder) or {}
    assert (kept[b"SEED"], kept[b"MINE"]) == (b"7", b"1")


def test_a_lone_text_is_a_script_and_never_a_line_for_a_shell():
    assert greenops.submit("train.py", dry_run=True).spec.name == "train.py"
    with pytest.raises(ConfigError, match="no such"):
        greenops.submit("train.py; touch owned", dry_run=True)


def test_a_folder_may_be_named(home):
    (home / "deep").mkdir()
    (home / "deep" / "x.py").write_text("pass\n")

    job = greenops.submit("x.py", cwd=home / "deep" / ".." / "deep", dry_run=True)

    assert job.spec.cwd == str(home / "deep")


def test_it_may_be_held_and_it_may_run_now():
    held = greenops.submit("train.py", hold=True, dry_run=True)
    at_once = greenops.submit("train.py", now=True, dry_run=True)

    assert held.foreseen.first.state is JobState.HELD
    assert at_once.foreseen.first.facts["run_now"] is True


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param({"dedline": 3}, "did you mean deadline", id="a slip"),
        pytest.param({"hold": True, "now": True}, "contradict", id="hold and now"),
        pytest.param(
            {"deadline": datetime.fromisoformat("2030-01-01")},
            "no time zone",
            id="naive",
        ),
        pytest.param({"duration_s": (1, 2, 3)}, "a pair", id="three durations"),
        pytest.param({"duration_s": (7, 3)}, "duration", id="from more to less"),
        pytest.param({"gpus": "two"}, "gpus", id="a word for a number"),
        pytest.param({"gpus": 1.5}, "whole", id="half a GPU"),
        pytest.param({"deadline": "24h"}, "a datetime", id="a text for a moment"),
        pytest.param({"name": 3}, "len|text", id="a number for a name"),
        pytest.param({"env": {"A=B": "x"}}, "cannot be set", id="a variable"),
    ],
)
def test_what_is_wrong_is_an_error_of_greenops(wanted, said):
    with pytest.raises((ConfigError, JobRefusedError), match=said):
        greenops.submit("train.py", **wanted)


@pytest.mark.parametrize("command", [[], "", [3], ["missing.py"]])
def test_a_command_that_is_none_is_refused(command):
    with pytest.raises(ConfigError):
        greenops.submit(command)


def test_a_dry_run_leaves_no_trace(home):
    before = sorted(home.rglob("*"))

    greenops.submit("train.py", dry_run=True)

    after = [p for p in sorted(home.rglob("*")) if "cache" not in p.parts]
    assert after == before


def test_importing_greenops_still_imports_nothing_heavy():
    import subprocess
    import sys

    code = "import sys, greenops; print('numpy' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ.copy(),
        check=True,
    )

    assert done.stdout.split() == ["False", "False"]
