"""Whoever is killed, the job goes on and the run stands in the ledger."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

TICKING = """
import sys, time
stop = time.monotonic() + float(sys.argv[1])
while time.monotonic() < stop:
    sum(range(20_000)); time.sleep(0.01)
open("survived", "w").close()
"""


@pytest.fixture
def job(cli):
    (cli.home / "job.py").write_text(TICKING)
    return cli


def test_killing_the_recorder_loses_two_seconds_at_most_and_not_the_job(job):
    process = job.start("wrap", "job.py", "4.5", stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    time.sleep(3.2)
    process.kill()
    process.wait()
    lived_s = time.monotonic() - begun

    kept = json.loads(job.run("show", "last", "--json", check=0).stdout)
    time.sleep(2.0)

    assert (job.home / "survived").exists()
    assert kept["status"] == "lost"
    assert lived_s - 2.0 < kept["duration_s"] <= lived_s
    assert kept["energy_j"] > 0
    assert kept["emissions"]["total_g"] > 0


def test_killing_the_job_ends_the_run_with_its_signal(job):
    process = job.start("wrap", "job.py", "30", stderr=subprocess.PIPE)
    time.sleep(1.2)
    running = [
        p for p in psutil.Process(process.pid).children() if "job.py" in p.cmdline()
    ]
    running[0].kill()
    process.communicate(timeout=20)

    kept = json.loads(job.run("show", "last", "--json", check=0).stdout)

    assert process.returncode == -signal.SIGKILL
    assert (kept["status"], kept["exit_signal"]) == ("failed", signal.SIGKILL)


def test_killed_at_random_moments_the_ledger_stays_sound(job):
    rng = random.Random(7)
    for _ in range(8):
        process = job.start(
            "wrap", "--interval", "0.1", "job.py", "0.8", stderr=subprocess.DEVNULL
        )
        time.sleep(rng.uniform(0.05, 0.9))
        process.kill()
        process.wait()

    listed = job.run("runs", "--all", "--json", check=0).stdout

    statuses = {r["status"] for r in json.loads(listed)}
    assert statuses <= {"lost", "finished"}


def test_a_ledger_that_cannot_be_written_does_not_touch_the_job_and_is_said(job):
    (job.home / "file").write_text("")
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR"):
        job.env[name] = str(job.home / "file" / "below")

    done = job.run("wrap", "--quiet", "--", "sh", "-c", "echo ran; exit 6")

    assert (done.stdout, done.returncode) == ("ran\n", 6)
    assert "LOST" in done.stderr


def test_a_broken_configuration_does_not_stop_the_job_and_is_said(job):
    (job.home / "greenops.toml").write_text("zoen = 'FR'\ninterval_s = 'often'\n")

    done = job.run("wrap", "--", "echo", "ran")

    assert (done.stdout, done.returncode) == ("ran\n", 0)
    assert "zone" in done.stderr


def test_a_misspelt_zone_in_a_file_does_not_stop_the_job_and_is_said(job):
    (job.home / "greenops.toml").write_text("zone = 'Frnace'\n")

    done = job.run("wrap", "--json", "out.json", "--", "echo", "ran")

    assert (done.stdout, done.returncode) == ("ran\n", 0)
    assert "Frnace" in done.stderr
    assert (
        "world"
        in json.loads((job.home / "out.json").read_text())["emissions"]["zone"].lower()
    )


def test_the_summary_goes_nowhere_when_nobody_reads_it(job):
    read, write = os.pipe()
    process = job.start("wrap", "--", "sh", "-c", "exit 3", stderr=write)
    os.close(read)
    os.close(write)

    assert process.wait(20) == 3


def test_forty_runs_at_once_are_all_kept(job):
    shell = f"for i in $(seq 40); do {sys.executable} -m greenops wrap --quiet -- true & done; wait"
    subprocess.run(
        ["sh", "-c", shell], env=job.env, cwd=job.home, check=True, timeout=110
    )

    listed = json.loads(job.run("runs", "--all", "--json", check=0).stdout)

    assert len(listed) == 40
    assert {r["status"] for r in listed} == {"finished"}
