"""Submitting where the disk is full, or may only be read: nothing is half submitted."""

import contextlib
import subprocess

import pytest

from greenops.ledger.jobs import LedgerJobs
from tests.faults.test_ledger_disk import tmpfs

SECRET = "s3cret-of-mine"


@pytest.fixture
def home(cli):
    """A home whose data and state lie on disks of their own."""
    cli.env |= {
        "GREENOPS_ZONE": "DE",
        "XDG_CACHE_HOME": str(cli.home / "cache"),
        "TOKEN": SECRET,
    }
    (cli.home / "train.py").write_text("pass\n")
    return cli


def open_jobs(data, state):
    with contextlib.closing(
        LedgerJobs(data / "greenops" / "ledger.db", state / "greenops" / "jobs")
    ) as jobs:
        return set(jobs.open_jobs())


def fill(folder):
    """Leave no room at all."""
    with contextlib.suppress(OSError), (folder / "ballast").open("wb") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()


def left_of(state):
    """Return the folders of jobs, which hold the values of their environments."""
    return {p.name for p in (state / "greenops" / "jobs").iterdir()}


@pytest.mark.parametrize("full", ["data", "state"])
def test_on_a_full_disk_a_job_is_refused_and_nothing_of_it_is_left(home, full):
    with (
        tmpfs(home.home / "data", "size=2m") as data,
        tmpfs(home.home / "state", "size=2m") as state,
    ):
        home.run("submit", "train.py", check=0)
        before = open_jobs(data, state)
        disk = {"data": data, "state": state}[full]
        fill(disk)

        done = home.run("submit", "--name", "x" * 200, "train.py")

        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert "space" in done.stderr or "full" in done.stderr
        (disk / "ballast").unlink()
        assert open_jobs(data, state) == before
        assert left_of(state) == before
        home.run("submit", "train.py", check=0)
        assert len(open_jobs(data, state)) == 2


@pytest.mark.parametrize("locked", ["data", "state"])
def test_on_a_read_only_disk_a_job_is_refused_with_what_to_set(home, locked):
    with (
        tmpfs(home.home / "data", "size=4m") as data,
        tmpfs(home.home / "state", "size=4m") as state,
    ):
        home.run("submit", "train.py", check=0)
        before = open_jobs(data, state)
        disk = {"data": data, "state": state}[locked]
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

        done = home.run("submit", "train.py")
        planned = home.run("submit", "--dry-run", "train.py")

        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert "ead-only" in done.stderr
        assert planned.returncode == 0, planned.stderr
        assert open_jobs(data, state) == before
        assert left_of(state) == before
