"""A real training, from `greenops submit` to what it saved, as a user lives it.

All programs go by one clock that the test sets (`tests/clock_sim`), so that the hours
of a replayed signal pass without waiting for them.
"""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenops.model import JobState
from tests.bench.agent_home import AgentHome, stopped
from tests.clock_sim import WallClock
from tests.executors.rigs import until

pytest.importorskip("torch", reason="the demo's extra brings torch; `make demo-ready`")
pytest.importorskip("sklearn", reason="the demo's data come with scikit-learn")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="jobs are run on Linux only"
)

TRAINING = Path(__file__).parents[1] / "workloads" / "resumed_training.py"
HOUR = timedelta(hours=1)
DIRTY_G, CLEAN_G = 700.0, 20.0
PLACES = """
[[place]]
name = "south"
zone = "PL"

[[place]]
name = "north"
zone = "SE"
"""
SUBMIT = [
    *("submit", "--json", "--interruptible", "--deadline", "12h", "--duration", "100m"),
    *("--power", "100", "--pause-cost", "1s", "--cpus", "0.5", "--name", "digits"),
]
PATIENCE_S = 90.0


@pytest.fixture
def clock(tmp_path):
    clock = WallClock(tmp_path)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    clock.set(hour + HOUR / 2)
    return clock


@pytest.fixture
def home(tmp_path, clock):
    tmp_path.chmod(0o700)
    home = AgentHome(tmp_path, PLACES, environ=clock.environ)
    north = [DIRTY_G, CLEAN_G, DIRTY_G, CLEAN_G, DIRTY_G]
    home.hours({"PL": [DIRTY_G], "SE": north}, clock.now)
    daemon = home.start()
    yield home
    assert stopped(daemon) == 0
    home.store.close()


def log(home, job_id):
    path = home.jobs / job_id / "output.log"
    return path.read_text() if path.exists() else ""


def reaches(home, job_id, state):
    until(lambda: home.store.job(job_id)[2][-1].state is state, within_s=PATIENCE_S)


def shown(home, job_id):
    return json.loads(home.run("job", job_id, "--json"))


@pytest.mark.timeout(400)
def test_a_training_waits_runs_where_it_is_clean_is_paused_and_saves(home, clock):
    hour = clock.now.replace(minute=0, second=0, microsecond=0)
    said = home.run(*SUBMIT, "--", sys.executable, str(TRAINING))
    job_id = json.loads(said)["job_id"]
    until(lambda: home.store.decisions(job_id), within_s=PATIENCE_S)
    assert home.store.job(job_id)[2][-1].state is JobState.WAITING
    assert not log(home, job_id)

    clock.set(hour + HOUR + timedelta(seconds=1))  # the clean hour begins
    until(lambda: "epoch 4:" in log(home, job_id), within_s=PATIENCE_S)
    assert home.store.job(job_id)[2][-1].place == "north"

    clock.set(hour + 2 * HOUR + timedelta(seconds=1))  # a dirty one
    reaches(home, job_id, JobState.PAUSED)
    clock.set(hour + 3 * HOUR + timedelta(seconds=1))  # a clean one again
    reaches(home, job_id, JobState.DONE)

    told = log(home, job_id)
    epochs = [int(n) for n in re.findall(r"^epoch (\d+):", told, re.MULTILINE)]
    assert epochs == list(range(1, len(epochs) + 1))  # none lost, none done twice
    paused_after = re.search(r"stops after epoch (\d+)", told)
    assert paused_after
    assert f"goes on at epoch {int(paused_after[1]) + 1}" in told
    check_account(home, job_id)


def check_account(home, job_id):
    """What it used was measured, in the clean hours, and is less than at once."""
    until(lambda: shown(home, job_id)["outcomes"], within_s=PATIENCE_S)
    told = shown(home, job_id)
    assert [run["zone"] for run in told["runs"]] == ["SE", "SE"]
    assert all(run["energy_j"] > 0.0 for run in told["runs"])
    outcome = told["outcomes"]["average"]
    emitted_g, run_now_g = outcome["emitted_g"], outcome["run_now_g"]
    assert outcome["run_now_zone"] == "PL"
    assert 0.0 < emitted_g < run_now_g
    assert outcome["saved_g"] == pytest.approx(run_now_g - emitted_g)
