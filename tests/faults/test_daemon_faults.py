"""The real daemon with real processes, and all that may go wrong around it."""

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from greenops.model import Bounded, JobSpec, JobState
from tests.bench.agent_home import CLEAN_G, DIRTY_G, USER, AgentHome, stopped
from tests.clock_sim import WallClock
from tests.executors.rigs import until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="jobs are run on Linux only"),
    pytest.mark.timeout(300),
]
PATIENCE_S = 60.0
HOUR = timedelta(hours=1)
RUNNING, WAITING, DONE = JobState.RUNNING, JobState.WAITING, JobState.DONE
PLACES = """
[[place]]
name = "here"
zone = "SE"
"""
WAITS = "echo ran >> ran; while [ ! -e finish ]; do sleep 0.05; done"
BRIEF = "echo ran >> ran"


class Site(AgentHome):
    """A home with a clock of its own, and at most one daemon."""

    def __init__(self, folder, log=None):
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "sim").mkdir()
        self.clock = WallClock(folder / "sim")
        super().__init__(folder, PLACES, environ=self.clock.environ)
        self.log = log or self.log
        self.root = folder / "state" / "greenops" / "local"
        self.daemon: subprocess.Popen[bytes] | None = None
        self.hours({"SE": [CLEAN_G]})

    def begin(self):
        self.daemon = self.start()
        return self.daemon

    def end(self):
        """Let the daemon go, and all jobs."""
        (self.folder / "finish").touch()
        if self.daemon is not None and self.daemon.poll() is None:
            stopped(self.daemon)
        self.store.close()

    def add(self, job_id="j1", command=BRIEF, **changed):
        spec = JobSpec(
            name=job_id, argv=("sh", "-c", command), cwd=str(self.folder), user=USER,
            cpus=0.1, power_w=100.0,
            **{"duration_s": Bounded(central=1200.0, low=600.0, high=1800.0), **changed},
        )  # fmt: skip
        self.submit({job_id: spec}, self.clock.now)

    def last(self, job_id="j1"):
        return self.store.job(job_id)[2][-1]

    def reaches(self, state, job_id="j1"):
        until(lambda: self.last(job_id).state is state, within_s=PATIENCE_S)
        return self.last(job_id)

    def says(self, words):
        until(lambda: words in self.log.read_text(), within_s=PATIENCE_S)

    def refused(self, status):
        """Return what a daemon says that does not start."""
        done = subprocess.run(
            [sys.executable, "-m", "greenops", "daemon"],
            env=self.env, cwd="/", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def refused_by(self, *args):
        """Return what a command says that refuses what it was given."""
        with pytest.raises(AssertionError) as found:
            self.run(*args)
        assert "Traceback" not in str(found.value)
        return str(found.value).partition("): ")[2]

    def alive_in_trouble(self):
        assert self.daemon
        return self.daemon.poll() is None and "is done again" in self.log.read_text()

    def read_only(self, wanted):
        """Change what the disk under this home takes."""
        how = f"remount,{'ro' if wanted else 'rw'}"
        subprocess.run(["mount", "-o", how, str(self.folder)], check=True)

    def status(self):
        text = self.seat.said()
        return json.loads(text) if text else {}

    def ran(self):
        path = self.folder / "ran"
        return path.read_text().count("ran") if path.exists() else 0


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.end()


@pytest.fixture
def disk(tmp_path):
    """A small file system for all of a home: to fill, or to make read-only."""
    folder = tmp_path / "home"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "greenops", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    site = Site(folder, log=tmp_path / "daemon.log")
    yield site
    site.end()
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_place_that_takes_nothing_keeps_jobs_waiting_until_it_does(site):
    site.root.mkdir(parents=True)
    site.root.chmod(0o777)
    site.add(max_delay_s=0.0)
    site.begin()
    until(lambda: site.status().get("open_jobs") == 1, within_s=PATIENCE_S)
    assert site.last().state is not RUNNING
    assert site.ran() == 0

    site.root.chmod(0o700)
    site.clock.set(site.clock.now + timedelta(minutes=1))  # it looks twice a minute
    site.reaches(DONE)
    assert site.ran() == 1


def test_an_executor_that_fails_while_a_job_runs_is_asked_again(site):
    site.add(command=WAITS, max_delay_s=0.0)
    site.begin()
    site.reaches(RUNNING)
    (attempt,) = (site.root / "attempts").glob("[!.]*")
    hidden = attempt.with_name("claim-hidden")
    (attempt / "claim").rename(attempt / hidden.name)
    (attempt / "claim").symlink_to("claim")  # a read of it fails: too many links
    site.says("is left alone for a while")
    assert site.last().state is RUNNING

    (attempt / hidden.name).replace(attempt / "claim")
    (site.folder / "finish").touch()
    site.reaches(DONE)
    assert site.ran() == 1


def test_of_a_node_that_restarted_its_jobs_have_failed_and_are_not_run_again(site):
    site.add(command=WAITS, max_delay_s=0.0)
    site.begin()
    site.reaches(RUNNING)
    site.daemon.kill()
    site.daemon.wait()
    (attempt,) = (site.root / "attempts").glob("[!.]*")
    for name in ("claim", "job"):  # as it was before the machine went down
        record = json.loads((attempt / name).read_text())
        (attempt / name).write_text(json.dumps({**record, "boot_id": "another"}))

    site.begin()
    last = site.reaches(JobState.FAILED)
    assert "restarted" in last.why
    assert "not run again" in last.why
    assert site.ran() == 1


def test_a_full_disk_holds_everything_up_and_loses_nothing(disk):
    disk.add(command=WAITS, max_delay_s=0.0)
    disk.begin()
    disk.reaches(RUNNING)
    (disk.folder / "finish.new").touch()
    ballast = fill(disk.folder)
    (disk.folder / "finish.new").rename(disk.folder / "finish")
    until(lambda: disk.alive_in_trouble() or disk.last().state is DONE)
    assert disk.daemon.poll() is None

    ballast.unlink()
    disk.reaches(DONE)
    assert disk.ran() == 1
    assert disk.sound()


def fill(folder):
    """Leave no room on a disk."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 9):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return folder / "ballast"


def test_a_daemon_that_may_not_write_says_what_it_needs(disk):
    disk.add(max_delay_s=0.0)
    disk.store.close()
    disk.read_only(True)
    said = disk.refused(1)
    disk.read_only(False)
    assert "Read-only file system" in said
    assert disk.ran() == 0


def test_a_damaged_ledger_is_kept_aside_and_the_daemon_says_how_to_recover(site):
    site.add(max_delay_s=0.0)
    site.store.close()
    damage(site.ledger)
    (said,) = re.findall(r"kept as (\S+?\.db)", site.refused(2))
    assert Path(said).exists()
    assert site.ran() == 0


def test_a_ledger_damaged_while_the_daemon_works_ends_it_and_not_the_jobs(site):
    site.add(command=WAITS, max_delay_s=0.0)
    site.begin()
    site.reaches(RUNNING)
    site.store.close()
    damage(site.ledger)
    assert site.daemon.wait(PATIENCE_S) == 2
    assert "recover" in site.log.read_text()
    assert not (site.folder / "ended").exists()


def damage(path):
    """Overwrite the beginning of a file."""
    with path.open("r+b") as file:
        file.write(b"\xff" * 8192)


def test_the_ledger_of_a_newer_greenops_is_left_alone(site):
    site.add(max_delay_s=0.0)
    site.store.close()
    with sqlite3.connect(site.ledger) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = site.ledger.read_bytes()
    assert "newer greenops" in site.refused(1)
    assert site.ran() == 0
    assert site.ledger.read_bytes()[:100] == before[:100]


def test_a_clock_stepped_by_hours_neither_loses_nor_repeats_anything(site):
    hour = site.clock.now.replace(minute=0, second=0, microsecond=0)
    site.clock.set(hour + HOUR / 2)
    site.hours({"SE": [DIRTY_G, DIRTY_G, CLEAN_G, DIRTY_G]}, site.clock.now)
    site.add("runs", WAITS, max_delay_s=0.0)
    site.add("waits", "echo two >> two", deadline=hour + 9 * HOUR)
    site.begin()
    site.reaches(RUNNING, "runs")
    until(lambda: site.store.decisions("waits"), within_s=PATIENCE_S)
    assert site.last("waits").state is WAITING

    site.clock.set(hour - 5 * HOUR)
    site.says("the clock was set")
    site.add("later", "echo three >> three", max_delay_s=0.0)
    site.reaches(DONE, "later")
    assert site.last("runs").state is RUNNING
    assert site.last("waits").state is WAITING

    site.clock.set(hour + 2 * HOUR + timedelta(minutes=1))
    site.reaches(DONE, "waits")
    (site.folder / "finish").touch()
    site.reaches(DONE, "runs")
    assert site.ran() == 1
    assert (site.folder / "two").read_text() == "two\n"
    assert (site.folder / "three").read_text() == "three\n"


def test_with_a_provider_dead_for_a_week_a_job_still_runs_by_its_latest_start(site):
    began = site.clock.now
    site.hours({"SE": [DIRTY_G] * 46 + [CLEAN_G]})
    by = began + timedelta(days=8)
    site.add("waits", deadline=by)
    site.begin()
    until(lambda: site.store.decisions("waits"), within_s=PATIENCE_S)
    assert site.last("waits").state is WAITING
    site.csv.unlink()
    for day in range(1, 8):
        site.clock.set(began + timedelta(days=day))
        until(lambda: site.log.read_text().count("the clock was set"))
    site.clock.set(by - HOUR / 2)
    site.reaches(DONE, "waits")
    assert site.store.job("waits")[2][1].at <= by - timedelta(seconds=1200)
    assert site.ran() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--regions", "Atlantis"], "Atlantis", id="unknown region"),
        pytest.param(["--by", "2020-01-01"], "2020", id="impossible deadline"),
        pytest.param(["--duration", "8h", "--deadline", "2h"], "8", id="too short"),
    ],
)
def test_what_can_never_be_done_is_refused_when_it_is_submitted(site, options, words):
    said = site.refused_by("submit", *options, "--", "sh", "-c", BRIEF)
    assert words in said
    assert site.store.open_jobs() == {}


def test_a_script_that_is_missing_is_refused_when_it_is_submitted(site):
    assert "gone.py" in site.refused_by("submit", "gone.py")
    assert site.store.open_jobs() == {}
