"""Odd lengths, odd texts, odd circumstances: measured all the same, and shown safely."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.nvml_sim import SimulatedNvml, build, constant

HOSTILE = {
    "nul": "a\0b",
    "escape": "\x1b[2J\x1b]0;gone\x07",
    "right to left": "\u202egnp.exe",
    "lone surrogate": "\udcff",
    "megabyte": "x" * 1_000_000,
    "formula": "=cmd|' /C calc'!A0",
    "\x1b[31mkey": "red",
}
TRACKED = f"""
import greenops
with greenops.track("weird \\0 \x1b[31m name", tags={HOSTILE!r}):
    pass
"""


@pytest.fixture
def tracked(cli):
    """A run whose tags and name are as hostile as Python can make them."""
    (cli.home / "weird.py").write_text(
        TRACKED.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    )
    done = subprocess.run(
        [sys.executable, "weird.py"],
        cwd=cli.home,
        env=cli.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return cli


def test_hostile_tags_and_names_are_kept_whole_and_shown_safely(tracked):
    (row,) = json.loads(tracked.run("runs", "--json", check=0).stdout)
    assert row["tags"]["nul"] == "a\0b"
    assert row["tags"]["right to left"] == HOSTILE["right to left"]
    assert 60_000 < len(row["tags"]["megabyte"]) < 70_000  # cut, visibly

    for words in (["runs"], ["show", "last"], ["compare", "last", "last"]):
        shown = tracked.run(*words, check=0).stdout
        assert not {"\x1b", "\0", "\u202e", "\x07"} & set(shown)
        assert len(shown) < 200_000


def test_a_formula_in_a_tag_is_none_in_a_spreadsheet(tracked):
    text = tracked.run("export", "--csv", check=0).stdout

    assert ",=cmd" not in text
    assert "\n=cmd" not in text


@pytest.mark.parametrize("command", [["true"], ["sleep", "0.05"]], ids=" ".join)
def test_a_run_of_a_blink_is_kept_and_nothing_unknown_reads_as_zero(cli, command):
    cli.run("wrap", "--json", "out.json", "--", *command, check=0)

    record = json.loads((cli.home / "out.json").read_text())
    assert record["duration_s"] < 5
    for device in record["devices"]:
        assert device["energy_low_j"] <= device["energy_j"] <= device["energy_high_j"]
        assert device["energy_high_j"] > 0
    (row,) = json.loads(cli.run("runs", "--json", check=0).stdout)
    assert row["status"] == "finished"
    assert cli.run("show", "last").returncode == 0


def test_every_option_of_a_run_is_in_its_record_and_in_the_list(cli):
    options = {
        "--name": "n 1", "--project": "vision", "--team": "red", "--zone": "SE",
        "--pue": "1.25", "--interval": "0.5", "--json": "out.json",
    }  # fmt: skip
    words = [word for pair in options.items() for word in pair]

    cli.run("wrap", *words, "--tag", "a=b=c", "--tag", "d=", "--", "true", check=0)

    record = json.loads((cli.home / "out.json").read_text())
    (row,) = json.loads(
        cli.run("runs", "--json", "--project", "vision", "--tag", "d=", check=0).stdout
    )
    for of in (record, row):
        assert (of["name"], of["project"], of["team"]) == ("n 1", "vision", "red")
        assert of["tags"] == {"a": "b=c", "d": ""}
    assert row["zone"] == record["emissions"]["zone"] == "SE"


def test_a_stopped_recorder_reads_the_counter_after_the_stop(cli, tmp_path_factory):
    library = build(tmp_path_factory.mktemp("nvml"))
    nvml = SimulatedNvml(cli.home / "nvml", gpus=1, library=library)
    nvml.gpus[0].power(constant(200.0))
    cli.env = nvml.environment(cli.env)
    wrap = cli.start("wrap", "--quiet", "--json", "out.json", "--", "sleep", "6")
    time.sleep(2.0)

    wrap.send_signal(signal.SIGSTOP)
    time.sleep(2.5)
    wrap.send_signal(signal.SIGCONT)

    assert wrap.wait(30) == 0
    record = json.loads((cli.home / "out.json").read_text())
    (gpu,) = (d for d in record["devices"] if d["kind"] == "gpu")
    assert gpu["energy_j"] == pytest.approx(200 * record["duration_s"], rel=0.01)
    assert gpu["quality"]["bridged_j"] == 0


def test_a_job_in_a_deleted_folder_is_measured(cli):
    gone = cli.home / "gone"
    gone.mkdir()

    done = cli.run(
        "wrap", "--", "sh", "-c", "echo ran", cwd=gone, preexec_fn=gone.rmdir
    )

    assert (done.returncode, done.stdout) == (0, "ran\n")


def test_without_a_home_or_a_path_the_job_runs(cli):
    # Not without these two: the ledger of whoever runs the tests is not ours.
    env = {k: cli.env[k] for k in ("XDG_DATA_HOME", "XDG_STATE_HOME")}
    done = cli.run("wrap", "--", "/bin/sh", "-c", "echo ran", env=env)

    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("limit", ["-n 16", "-u 40", "-v 400000"])
def test_a_job_under_a_tight_limit_runs_as_without_us(cli, limit):
    bare = subprocess.run(
        ["sh", "-c", f"ulimit {limit} && exec sh -c 'echo ran; exit 5'"],
        capture_output=True,
        text=True,
    )
    inner = f"ulimit {limit} && exec {sys.executable} -m greenops wrap --quiet"

    done = subprocess.run(
        ["sh", "-c", f"{inner} -- sh -c 'echo ran; exit 5'"],
        cwd=cli.home,
        env=cli.env,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (bare.returncode, bare.stdout)


def test_garbage_in_place_of_a_ledger_is_moved_aside_and_kept(cli):
    ledger = cli.home / "data" / "greenops" / "ledger.db"
    ledger.parent.mkdir(parents=True)
    garbage = os.urandom(50_000)
    ledger.write_bytes(garbage)

    done = cli.run("wrap", "--", "true", check=0)

    (aside,) = ledger.parent.glob("ledger.damaged-*.db")
    assert aside.read_bytes() == garbage
    assert "damaged" in done.stderr
    assert len(json.loads(cli.run("runs", "--json", check=0).stdout)) == 1


@pytest.mark.parametrize(
    "words", [["runs"], ["show"], ["doctor"], ["rm", "last", "-y"]]
)
def test_no_command_shows_a_traceback_for_a_ledger_of_garbage(cli, words):
    ledger = cli.home / "data" / "greenops" / "ledger.db"
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"SQLite format 3\0" + os.urandom(9000))

    done = cli.run(*words)

    assert "Traceback" not in done.stderr
    assert "damaged" in done.stderr + done.stdout


def test_an_interrupted_reader_leaves_no_traceback(cli):
    with contextlib.suppress(subprocess.TimeoutExpired):
        shown = cli.start("doctor", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.15)
        shown.send_signal(signal.SIGINT)
        _, errors = shown.communicate(timeout=20)
        assert b"Traceback" not in errors
