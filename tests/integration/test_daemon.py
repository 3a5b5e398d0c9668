"""The daemon with real processes: jobs that wait for a clean hour, daemons killed."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenops.agent.lifecycle import submitted
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Bounded, IntensityKind, JobSpec, JobState
from greenops.tracking.identity import user_name
from tests.executors.rigs import until

WORKLOAD = Path(__file__).parents[1] / "workloads" / "run_daemon.py"
BEFORE_THE_HOUR_S = 14.0
CONFIG = """
zone = "SE"

[signals]
order = ["csv"]

[signals.csv]
path = "{csv}"

[daemon]
sample_node = false
"""


class Site:
    """A home whose clock stands some seconds before a full hour that is clean."""

    def __init__(self, cli, folder):
        self.cli, self.folder = cli, folder
        now = datetime.now(UTC)
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
        self.ahead = hour - timedelta(seconds=BEFORE_THE_HOUR_S) - now
        self.hour = hour
        csv = folder / "hours.csv"
        rows = [self._row(i, 20.0 if i == 0 else 600.0) for i in range(-3, 40)]
        csv.write_text(
            "datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(rows) + "\n"
        )
        config = folder / "config" / "greenops" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(CONFIG.format(csv=csv))
        self.jobs = folder / "state" / "greenops" / "jobs"
        self.store = LedgerJobs(folder / "data" / "greenops" / "ledger.db", self.jobs)

    @property
    def now(self):
        return datetime.now(UTC) + self.ahead

    def start(self):
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, str(WORKLOAD), str(self.ahead.total_seconds())],
                env=self.cli.env, cwd=self.folder, stderr=log,
            )  # fmt: skip

    def submit(self, job_id, command, **changed):
        (self.jobs / job_id).mkdir(parents=True, mode=0o700)
        spec = JobSpec(
            name=job_id, argv=("sh", "-c", command), cwd=str(self.folder),
            user=user_name(),
            cpus=0.1, power_w=100.0, **changed,
            duration_s=Bounded(central=60.0, low=30.0, high=120.0),
        )  # fmt: skip
        self.store.add(job_id, spec, submitted(job_id, self.now, "ada", held=False))

    def state(self, job_id):
        return self.store.job(job_id)[2][-1].state

    def _row(self, hours, intensity):
        at = self.hour + timedelta(hours=hours)
        return f"{at:%Y-%m-%dT%H:%M:%SZ},SE,{intensity}"


@pytest.fixture
def site(cli, tmp_path):
    site = Site(cli, tmp_path)
    yield site
    site.store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="jobs are run on Linux only")
def test_jobs_run_exactly_once_in_their_hour_though_the_daemon_is_killed(site):
    site.submit("now-job", "echo ran >> now; sleep 6", max_delay_s=0.0)
    site.submit(
        "later-job",
        "echo ran >> later; sleep 3",
        deadline=site.hour + timedelta(hours=9),
    )
    first = site.start()
    until(lambda: site.state("now-job") is JobState.RUNNING)
    assert site.state("later-job") is JobState.WAITING
    first.kill()  # in the middle of one job, before the other
    first.wait()

    second = site.start()
    until(lambda: (site.folder / "later").exists(), within_s=30.0)
    assert site.now >= site.hour
    second.kill()
    second.wait()

    third = site.start()
    until(lambda: site.state("later-job") is JobState.DONE, within_s=30.0)
    outcomes = until(lambda: site.store.outcomes("later-job"), within_s=60.0)
    third.send_signal(signal.SIGTERM)
    assert third.wait(timeout=20) == 0
    assert site.state("now-job") is JobState.DONE
    assert (site.folder / "now").read_text() == "ran\n"
    assert (site.folder / "later").read_text() == "ran\n"
    (decision, *_) = site.store.decisions("later-job")
    assert (decision.predicted_saved_g or 0.0) > 0.0
    came = outcomes[IntensityKind.AVERAGE]
    assert came.run_ids == tuple(site.store.run_ids("later-job"))
    assert came.energy_j.central > 0.0
    assert came.run_now_g
    assert (came.promised_g or 0.0) > 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="jobs are run on Linux only")
def test_a_second_daemon_is_refused_and_a_clean_stop_leaves_the_job_running(site):
    cli, folder = site.cli, site.folder
    site.ahead = timedelta(0)
    goes_on = "echo ran >> began; while [ ! -e end ]; do sleep 0.05; done; echo > ended"
    site.submit("job", goes_on, max_delay_s=0.0)
    began = cli.run("daemon", "--detach", check=0)
    assert "runs as process" in began.stdout
    refused = cli.run("daemon")
    said = json.loads(cli.run("daemon", "status", "--json", check=0).stdout)
    assert refused.returncode == 2
    assert "already" in refused.stderr
    assert said["state"] == "running"
    until(lambda: (folder / "began").exists())

    os.kill(said["pid"], signal.SIGTERM)
    until(lambda: cli.run("daemon", "status").returncode == 3)
    assert site.state("job") in {JobState.RUNNING, JobState.STARTING}
    found = list((folder / "state").rglob("daemon.log"))
    assert [f.stat().st_mode & 0o077 for f in found] == [0]
    assert not (folder / "ended").exists()
    (folder / "end").touch()
    until(lambda: (folder / "ended").exists())
