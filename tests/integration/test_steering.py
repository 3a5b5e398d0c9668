"""A job is held, run now, followed and cancelled by commands, beside a real daemon."""

import json
import signal
import subprocess
import sys

import pytest

from tests.executors.rigs import until

CONFIG = """
zone = "SE"
[location]
cloud = "off"
[daemon]
sample_node = false
"""
WITHIN_S = 60.0

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="jobs are run on Linux only"
)


@pytest.fixture
def daemon(cli, tmp_path):
    """Start it when told to; it is ended with what it still runs."""
    started = []

    def start():
        with (tmp_path / "log").open("a") as log:
            started.append(cli.start("daemon", stderr=log))
        until(lambda: cli.run("daemon", "status").returncode == 0, within_s=WITHIN_S)

    yield start
    for each in started:
        each.send_signal(signal.SIGTERM)
        assert each.wait(timeout=WITHIN_S) == 0


def test_a_job_is_steered_through_its_life(cli, tmp_path, daemon):
    config = tmp_path / "config" / "greenops" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    command = ["sh", "-c", "echo begun; sleep 600"]
    made = cli.run("submit", "--json", "--duration", "1h", "--", *command, check=0)
    job_id = json.loads(made.stdout)["job_id"]

    def state():
        return json.loads(cli.run("job", job_id, "--json").stdout)["state"]

    (held,) = json.loads(cli.run("hold", "--json", job_id, check=0).stdout)
    assert (held["asked"], held["done"]) == ("hold", True)
    daemon()
    assert state() == "held"

    cli.run("run-now", job_id, check=0)
    follows = cli.start("logs", "-f", job_id, stdout=subprocess.PIPE)
    assert follows.stdout is not None
    try:
        assert follows.stdout.readline() == b"begun\n"
        until(lambda: state() == "running", within_s=WITHIN_S)
        cli.run("cancel", job_id, check=0)
        assert follows.wait(timeout=WITHIN_S) == 0
    finally:
        follows.kill()
        follows.wait()
        follows.stdout.close()

    whole = json.loads(cli.run("job", job_id, "--json", check=0).stdout)
    assert whole["state"] == "cancelled"
    (attempt,) = whole["attempts"]
    assert attempt["exit_signal"] in {signal.SIGTERM, signal.SIGKILL}
    assert attempt["run_id"]
    wrote = cli.run("logs", "--attempt", "1", job_id, check=0).stdout
    assert wrote.startswith("begun\n")
    assert cli.run("cancel", job_id).returncode == 0
    assert cli.run("hold", job_id).returncode == 1
