import json
import subprocess
import sys
from pathlib import Path

import pytest

SPIN = Path(__file__).parents[1] / "workloads" / "spin.py"


@pytest.fixture
def crosscheck(tmp_path):
    def run(*args, **options):
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "XDG_DATA_HOME": str(tmp_path / "data"),
        }
        return subprocess.run(
            [sys.executable, "-m", "greenops", "crosscheck", *args],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            **options,
        )

    return run


def test_one_run_is_measured_by_both_and_the_gap_is_explained(crosscheck, tmp_path):
    job = [sys.executable, str(SPIN), "2"]
    done = crosscheck("--zone=FR", "--json=both.json", "--", *job)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    both = json.loads((tmp_path / "both.json").read_text())
    assert both["greenops"]["total_j"] > 0
    assert both["codecarbon"]["total_j"] > 0
    assert both["codecarbon"]["place"] == "France"
    assert both["codecarbon"]["refused"] == []
    assert both["codecarbon"]["duration_s"] >= both["greenops"]["duration_s"]
    assert "why they differ" in done.stderr
    for reason in both["reasons"]:
        assert reason["about"] in done.stderr


def test_the_commands_output_input_and_status_pass_through(crosscheck):
    script = 'read line; echo "got $line"; exit 3'
    done = crosscheck("--", "sh", "-c", script, input="word\n")
    assert done.stdout == "got word\n"
    assert done.returncode == 3


def test_a_command_that_does_not_exist_has_the_shells_status(crosscheck):
    done = crosscheck("--", "no-such-command-here")

    assert done.returncode == 127
    assert "no result of the command" in done.stderr
    assert "Errno" not in done.stderr
