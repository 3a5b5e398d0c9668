"""A job handed over, run by a real daemon, and waited for: as a new user lives it."""

import json
import signal
import subprocess
import sys

import pytest

from tests.executors.rigs import until

pytestmark = pytest.mark.timeout(300)  # real processes, many of them
PATIENCE_S = 120.0
CONFIG = """
zone = "DE"

[daemon]
sample_node = false
"""
SCRIPT = """
import os, sys
print("epoch 1", os.environ["GREENOPS_JOB_ID"], os.environ["GREENOPS_RESUME"])
print("seed", os.environ["SEED"], "in", os.path.basename(os.getcwd()), flush=True)
sys.exit(int(sys.argv[1]))
"""


def heard():
    """Hear SIGINT as at a terminal, where tests that run in the background do not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def home(cli):
    """A home with a daemon in it."""
    config = cli.home / "config" / "greenops" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    cli.env |= {"XDG_CACHE_HOME": str(cli.home / "cache"), "SEED": "7"}
    (cli.home / "train.py").write_text(SCRIPT)
    with (cli.home / "log").open("w") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "greenops", "daemon"],
            env=cli.env,
            cwd=cli.home,
            stderr=log,
        )
        try:
            until(
                lambda: cli.run("daemon", "status").returncode == 0,
                within_s=PATIENCE_S,
            )
            yield cli
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(60)


@pytest.mark.parametrize("status", [0, 3])
def test_a_job_that_is_waited_for_shows_its_output_and_ends_with_its_status(
    home, status
):
    done = home.run("submit", "--now", "--wait", "train.py", str(status), timeout=300)

    assert done.returncode == status, done.stderr
    job_id = done.stdout.split()[1].rstrip(":")
    assert f"epoch 1 {job_id} 0\nseed 7 in {home.home.name}\n" in done.stdout
    assert "no daemon" not in done.stderr


def test_a_job_of_the_interface_is_run_and_counted(home):
    code = (
        "import greenops, datetime\n"
        "job = greenops.submit(['train.py', '0'], now=True, name='mine')\n"
        "print(job.job_id, job.daemon)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=home.env,
        cwd=home.home,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    job_id, daemon = done.stdout.split()

    def ended():
        (found,) = json.loads(home.run("jobs", "--json").stdout)
        return found["state"] == "done"

    assert daemon == "True"
    until(ended, within_s=PATIENCE_S)
    assert "mine" in home.run("runs").stdout
    assert f"epoch 1 {job_id}" in home.run("logs", "mine").stdout


def test_leaving_a_job_that_is_waited_for_leaves_it_running(home):
    (home.home / "slow.py").write_text(
        "import pathlib, time\nprint('begun', flush=True)\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.1)\n"
    )
    waiting = home.start(
        *("submit", "--now", "--wait", "slow.py"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
    )
    for line in waiting.stdout:
        if line == "begun\n":
            break
    waiting.send_signal(signal.SIGINT)
    try:
        _, said = waiting.communicate(timeout=PATIENCE_S / 2)
    finally:
        waiting.kill()
        (home.home / "go").touch()

    assert waiting.returncode == 130
    assert "is left to itself" in said

    def ended():
        (found,) = json.loads(home.run("jobs", "--json").stdout)
        return found["state"] == "done"

    until(ended, within_s=PATIENCE_S)
