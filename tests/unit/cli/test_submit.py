"""`greenops submit` as people meet it."""

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from greenops.ledger.jobs import LedgerJobs

SECRET = "s3cret-of-mine"
HOSTILE = "'; DROP TABLE jobs; -- $(touch owned) <script>alert(1)</script> `id`"


@pytest.fixture
def work(home, monkeypatch):
    """A folder with a script in it, in a zone that is known."""
    monkeypatch.setenv("GREENOPS_ZONE", "DE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    (home / "work" / "train.py").write_text("print('trained')\n")
    return home


@pytest.fixture
def jobs(work):
    """The jobs in the ledger, oldest first, as they would be run."""

    def read():
        path = work / "data" / "greenops" / "ledger.db"
        store = LedgerJobs(path, work / "state" / "greenops" / "jobs")
        try:
            return list(store.open_jobs().items())
        finally:
            store.close()

    return read


def test_it_answers_with_id_plan_and_reason_and_says_what_to_start(greenops, jobs):
    done = greenops("submit", "--deadline", "24h", "--duration", "1h", "train.py")

    ((job_id, (spec, _)),) = jobs()
    assert done.exit_code == 0
    assert f"job {job_id}: train.py" in done.stdout
    for label in ("where", "when", "emits", "saves", "by", "why", "known"):
        assert f"\n  {label} " in done.stdout
    assert "greenops daemon --detach" in done.stderr
    assert spec.argv[1:] == ("train.py",)
    assert Path(spec.cwd).name == "work"


def test_a_dry_run_says_the_plan_and_writes_nothing(greenops, work):
    before = sorted(work.rglob("*"))

    done = greenops("submit", "--dry-run", "train.py")

    assert done.exit_code == 0
    assert "would be planned so: train.py" in done.stdout
    assert "greenops daemon" not in done.stderr
    assert [p for p in sorted(work.rglob("*")) if "cache" not in p.parts] == before


def test_as_json_it_has_units_and_utc_times(greenops, jobs):
    done = greenops(
        "submit", "--json", "--now", "--tag", "a=b", "train.py", "--token", SECRET
    )

    found = json.loads(done.stdout)
    assert found["job_id"] == jobs()[0][0]
    assert found["run_now"] is True
    assert found["command"][-2:] == ["--token", "***"]
    assert found["latest_start"].endswith("+00:00")
    assert found["plan"]["emissions_g"] > 0.0
    assert found["forecasts"][0]["zone"] == "DE"
    assert found["daemon"] is False


def test_a_secret_is_masked_wherever_it_is_shown_and_run_as_it_is(greenops, jobs, work):
    done = greenops("submit", "train.py", f"--api-key={SECRET}")

    assert done.exit_code == 0
    assert SECRET not in done.stdout + done.stderr
    assert jobs()[0][1][0].argv[-1] == f"--api-key={SECRET}"
    holders = [
        p for p in work.rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()
    ]
    assert [p.name for p in holders] == ["command"]
    assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600


def test_what_shells_databases_and_browsers_would_run_is_only_text(
    greenops, jobs, work
):
    done = greenops(
        "submit", "--name", HOSTILE, "--tag", f"x={HOSTILE}", "--", "echo", HOSTILE
    )

    assert done.exit_code == 0, done.stderr
    ((_, (spec, _)),) = jobs()
    assert (spec.name, spec.argv) == (HOSTILE, ("echo", HOSTILE))
    assert spec.tags == {"x": HOSTILE}
    assert not (work / "work" / "owned").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param([], "greenops submit train.py", id="nothing"),
        pytest.param(["missing.py"], "no such script", id="a missing script"),
        pytest.param(["trian.py"], "did you mean train.py", id="a slip"),
        pytest.param(["--", "no-such-program"], "no such program", id="no program"),
        pytest.param(
            ["--dedline", "4h", "train.py"], "Did you mean --deadline", id="an option"
        ),
        pytest.param(
            ["--regions", "locall", "train.py"], "did you mean local", id="a region"
        ),
        pytest.param(
            ["--residency", "EU", "train.py"], "no place bears", id="a residency"
        ),
        pytest.param(
            ["--deadline", "30min", "--duration", "1h", "train.py"],
            "earliest deadline that can be met",
            id="an impossible deadline",
        ),
        pytest.param(
            ["--deadline", "0h", "train.py"], "must lie ahead", id="no time at all"
        ),
        pytest.param(
            ["--by", "2020-01-01T00:00", "train.py"], "has passed", id="the past"
        ),
        pytest.param(
            ["--by", "2099-01-01T00:00", "--deadline", "4h", "train.py"],
            "one of --deadline",
            id="two limits",
        ),
        pytest.param(
            ["--duration", "soon", "train.py"], "no duration", id="a bad duration"
        ),
        pytest.param(["--power", "nan", "train.py"], "finite", id="NaN watts"),
        pytest.param(["--power", "0", "train.py"], "power", id="no watts"),
        pytest.param(["--mem", "lots", "train.py"], "try 16G", id="a bad size"),
        pytest.param(["--gpus", "-1", "train.py"], "--gpus", id="fewer than no GPUs"),
        pytest.param(
            ["--data-gb", "12", "train.py"], "go together", id="data that lies nowhere"
        ),
        pytest.param(
            ["--checkpoint-signal", "KILL", "train.py"], "try USR1", id="a signal"
        ),
        pytest.param(["--tag", "novalue", "train.py"], "KEY=VALUE", id="a tag"),
        pytest.param(["--name", "x" * 10_000, "train.py"], "10000", id="a huge name"),
        pytest.param(
            ["--name", "a\x1b[2J", "train.py"], "cannot be printed", id="an escape"
        ),
        pytest.param(["--hold", "--now", "train.py"], "contradict", id="hold and now"),
        pytest.param(["--wait", "--hold", "train.py"], "--wait", id="wait and hold"),
        pytest.param(["-f", "no.toml"], "cannot be read", id="a missing file"),
        pytest.param(["-f", "no.toml", "train.py"], "not both", id="file and command"),
        pytest.param(
            ["-f", "no.toml", "--gpus", "2"],
            "stand in the file: gpus",
            id="file, option",
        ),
    ],
)
def test_bad_input_is_status_2_with_what_to_do_and_leaves_nothing(
    greenops, work, words, said
):
    done = greenops("submit", *words)

    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert not (work / "data").exists()
    assert list((work / "state").rglob("environment")) == []


def test_a_folder_that_is_gone_is_said(greenops, work, monkeypatch):
    gone = work / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    done = greenops("submit", "--", "true")

    assert done.exit_code == 2
    assert "working folder is gone" in done.stderr


@pytest.mark.usefixtures("work")
def test_a_wrong_configuration_is_said_with_its_key(greenops, monkeypatch):
    monkeypatch.setenv("GREENOPS_PUE", "0.2")

    done = greenops("submit", "train.py")

    assert done.exit_code == 2
    assert "pue" in done.stderr.lower()


def test_jobs_of_a_file_are_submitted_with_their_own_variables(greenops, jobs, work):
    (work / "work" / "job.toml").write_text(
        '[[job]]\nname = "a"\ncommand = ["train.py"]\nenv = {SEED = "7"}\n'
        '[[job]]\nname = "b"\ncommand = ["true"]\nmax_delay_h = 3\n'
    )

    done = greenops("submit", "-f", "job.toml", "--json")

    assert [j["name"] for j in json.loads(done.stdout)] == ["a", "b"]
    (_, (first, _)), (_, (second, _)) = jobs()
    assert "SEED" in first.environment_names
    assert "SEED" not in second.environment_names
    assert second.max_delay_s == 10_800.0


def test_a_file_whose_second_job_cannot_be_leaves_none_of_it_unread(greenops, work):
    (work / "work" / "job.toml").write_text(
        '[[job]]\nname = "a"\ncommand = ["true"]\n'
        '[[job]]\nname = "b"\ncommand = ["missing.py"]\n'
    )

    done = greenops("submit", "-f", "job.toml")

    assert done.exit_code == 2
    assert "b: missing.py: no such script" in done.stderr
    assert not (work / "data").exists()


def test_what_was_submitted_before_one_was_refused_is_told(greenops, jobs, work):
    (work / "work" / "job.toml").write_text(
        '[[job]]\nname = "a"\ncommand = ["true"]\n'
        '[[job]]\nname = "b"\ncommand = ["true"]\ncpus = 100000\n'
    )

    done = greenops("submit", "-f", "job.toml", "--json")

    assert done.exit_code == 2
    assert "b needs 100000 CPUs" in done.stderr
    assert [j["job_id"] for j in json.loads(done.stdout)] == [i for i, _ in jobs()]


def test_a_ledger_of_a_newer_greenops_takes_no_job(greenops, work):
    greenops("submit", "train.py")
    path = work / "data" / "greenops" / "ledger.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()

    done = greenops("submit", "train.py")

    assert done.exit_code == 1
    assert "newer greenops" in done.stderr


def test_its_options_are_completed(cli):
    cli.env |= {
        "_GREENOPS_COMPLETE": "bash_complete",
        "COMP_WORDS": "greenops submit --dead",
        "COMP_CWORD": "2",
    }

    assert cli.run().stdout.split(",")[-1].strip() == "--deadline"


def test_all_helps_are_there(greenops):
    done = greenops("submit", "--help")

    assert done.exit_code == 0
    for option in ("--deadline", "--by", "--residency", "--pause-by", "--data-at"):
        assert option in done.stdout


def test_arguments_that_are_no_text_are_shown_harmlessly(cli):
    cli.env["GREENOPS_ZONE"] = "DE"
    hostile = os.fsdecode(b"\xff\x1b[2J")

    done = cli.run("submit", "--", "echo", hostile)

    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "echo" in done.stdout
