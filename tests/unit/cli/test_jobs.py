"""The list of jobs, and the completion of their ids."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import click
import pytest

from greenops.cli.store import complete_job
from greenops.model import JobEvent, JobState
from tests.unit.cli.job_life import HOSTILE, add, decide

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def path(home):
    return home / "data" / "greenops" / "ledger.db"


def completed(begun):
    command = click.Command("job")
    return complete_job(click.Context(command), click.Argument(["job"]), begun)


def test_the_list_has_open_jobs_first_and_what_is_planned_of_them(greenops, store):
    add(store, "job-open")
    decide(store, "job-open")
    for i in range(3):
        add(store, f"job-{i}")
        greenops("cancel", f"job-{i}")

    lines = greenops("jobs", "-n", "2").stdout.splitlines()

    assert len(lines) == 3
    assert lines[1].startswith("job-open")
    assert "starts in 2 h 59" in lines[1] or "starts in 3 h" in lines[1]
    assert "~210 g" in lines[1]


def test_the_list_as_json_has_every_field(greenops, store):
    add(store, project="vision")
    decide(store)

    (line,) = json.loads(greenops("jobs", "--json", "--project", "vision").stdout)

    assert (line["job_id"], line["state"]) == ("job-a", "waiting")
    assert line["planned_place"] == "lab"
    assert line["planned_start"].endswith("+00:00")
    assert line["promised_g"] == 210.0


@pytest.mark.parametrize(
    "chosen", [("--state", "failed"), ("--name", "other"), ("--user", "bob")]
)
def test_a_list_may_be_narrowed_to_nothing(greenops, store, chosen):
    add(store)

    result = greenops("jobs", *chosen)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No job matches" in result.stderr


def test_ids_and_names_of_jobs_are_completed_open_ones_first(store):
    add(store, "job-open")
    add(store, "job-over", name=HOSTILE)
    store.append(
        JobEvent(
            job_id="job-over", seq=1, at=datetime.now(UTC), state=JobState.CANCELLED,
            why="so",
        )
    )  # fmt: skip

    found = completed("")
    assert [item.value for item in found] == [
        "last", "job-open", "job-over", "train.py",
    ]  # fmt: skip
    assert all((item.help or "").isprintable() for item in found)
    assert [item.value for item in completed("job-o")] == [
        "job-open", "job-over",
    ]  # fmt: skip


def test_completion_of_jobs_without_a_ledger_is_silent():
    assert [item.value for item in completed("")] == ["last"]


LOOKING = [("jobs",), ("jobs", "--json"), ("job", "job-a"), ("plan", "job-a")]


@pytest.mark.parametrize("words", LOOKING)
def test_a_ledger_of_a_newer_greenops_is_left_alone(greenops, store, path, words):
    add(store)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        ledger.execute("PRAGMA user_version = 999")

    result = greenops(*words)
    assert result.exit_code == 1
    assert "upgrade greenops" in result.stderr


@pytest.mark.parametrize("words", [*LOOKING, ("logs", "job-a")])
def test_a_damaged_ledger_is_moved_aside_and_said(greenops, store, path, words):
    add(store)
    store.close()
    path.write_bytes(b"no database" * 1000)

    result = greenops(*words)
    assert result.exit_code == 1
    assert "was moved to" in result.stderr
    assert [*path.parent.glob("*damaged*")] != []


@pytest.mark.parametrize("words", [*LOOKING, ("logs", "job-a")])
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_ledger_that_cannot_be_written_can_be_looked_at(
    greenops, store, path, home, words
):
    add(store)
    store.close()
    log = home / "state" / "greenops" / "jobs" / "job-a" / "output.log"
    log.parent.mkdir(parents=True)
    log.write_text("here\n")
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        result = greenops(*words)
    finally:
        path.parent.chmod(0o700)

    assert result.exit_code == 0
    assert "job-a" in result.stdout or "here" in result.stdout


def test_a_job_in_a_state_that_only_a_newer_greenops_knows_is_said(
    greenops, store, path
):
    add(store)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        ledger.execute("UPDATE job_events SET state = 'teleporting'")
        ledger.commit()

    result = greenops("jobs")
    assert result.exit_code == 1
    assert "only a newer greenops knows" in result.stderr


@pytest.mark.parametrize(
    ("words", "damage"),
    [
        (("jobs",), "UPDATE decisions SET chosen = '{'"),
        (("jobs",), "UPDATE decisions SET chosen = '{\"segments\": 3}'"),
        (("jobs", "--json"), "UPDATE jobs SET command = 'rm -rf'"),
        (("jobs",), "UPDATE jobs SET submitted_epoch_s = 1e300"),
        (("job", "job-a"), "UPDATE decisions SET candidates = '7'"),
        (("job", "job-a"), "UPDATE job_events SET facts = '[1]'"),
        (("job", "job-a"), "UPDATE jobs SET spec = '[]'"),
        (("plan", "job-a"), "UPDATE decision_inputs SET content = ''"),
    ],
)
def test_rows_that_somebody_wrote_over_are_an_error_in_one_line(
    greenops, store, path, words, damage
):
    add(store)
    decide(store)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        ledger.execute(damage)
        ledger.commit()

    result = greenops(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stderr.startswith("greenops: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error(store):
    for i in range(300):
        add(store, f"job-{i}")
    store.close()
    command = [sys.executable, "-m", "greenops", "jobs", "--all", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ran:
        assert ran.stdout is not None
        assert ran.stderr is not None
        assert ran.stdout.readline() == b"[\n"
        ran.stdout.close()
        assert ran.stderr.read() == b""


@pytest.mark.parametrize("name", ["", "%", "\udcff", "a\0b", "x" * 100_000])
@pytest.mark.parametrize("command", ["job", "plan", "logs", "cancel"])
def test_a_name_that_is_none_finds_no_job(greenops, store, command, name):
    add(store)

    result = greenops(command, name)
    assert result.exit_code == 2
    assert len(result.stderr) < 1000


@pytest.mark.parametrize(
    "words",
    [*LOOKING, ("logs", "job-a"), ("hold", "job-a"), ("cancel", "job-a")],
    ids=" ".join,
)
def test_looking_and_steering_load_nothing_that_plans_or_takes_long(store, words):
    """A bound on modules, as the time of a process depends on who else is busy."""
    add(store)
    store.close()
    code = (
        f"import sys; sys.argv = {['greenops', *words]!r}\n"
        "from greenops.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'pydantic', 'rich', 'numpy', 'httpx', 'statistics',"
        " 'difflib', 'greenops.planner', 'greenops.signals', 'greenops.jobspec'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
