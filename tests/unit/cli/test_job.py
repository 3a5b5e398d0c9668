"""One job in full, and the plan it waits by."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenops.agent.standing import Standing
from greenops.model import JobEvent, JobState
from tests.unit.cli.job_life import HOSTILE, add, decide, run_it
from tests.unit.ledger import job_records

pytestmark = pytest.mark.usefixtures("home")


def test_a_job_shows_its_life_and_its_decisions(greenops, store):
    add(store)
    decide(store)

    text = greenops("job", "job-a").stdout

    for part in ("train.py is waiting", "submitted by ada", "forecast:", "windy"):
        assert part in text
    whole = json.loads(greenops("job", "job-a", "--json").stdout)
    assert whole["schema"] == "greenops.job/1"
    assert [e["state"] for e in whole["events"]] == ["waiting"]
    assert whole["decisions"][0]["predicted_saved_g"] == 210.0


def test_a_job_shows_each_attempt_with_how_it_ended_and_what_came_of_it(
    greenops, store
):
    add(store)
    decide(store)
    run_it(store)
    ended = Standing(attempts=1).facts() | {"exit_code": 3, "run_id": "r1"}
    store.append(
        JobEvent(
            job_id="job-a", seq=3, at=datetime.now(UTC), state=JobState.FAILED,
            why="it ended with exit status 3", attempt_id="job-a.1", place="lab",
            facts=ended,
        )
    )  # fmt: skip
    store.state_outcome(job_records.an_outcome("job-a", promised_g=210.0))

    text = greenops("job", "job-a").stdout
    row = text.splitlines()[-1].split()
    assert row[:4] == ["1", "lab", "with", "3"]
    assert row[-1] == "r1"
    assert "300 g (-10.0 g to 600 g) of 400 g begun at once" in " ".join(text.split())
    assert "210 g by the plan it began by" in text
    (attempt,) = json.loads(greenops("job", "job-a", "--json").stdout)["attempts"]
    assert (attempt["exit_code"], attempt["run_id"]) == (3, "r1")


def test_an_outcome_nobody_can_tell_says_why(greenops, store):
    add(store)
    unknown = {"run_now_g": None, "saved_g": None, "how": "no hours are known"}
    store.state_outcome(job_records.an_outcome("job-a", **unknown))

    text = greenops("job", "job-a").stdout
    assert "not known: no hours are known; it emitted 100 g" in " ".join(text.split())


def test_a_file_in_the_place_of_a_job_is_told_how_it_is_planned(greenops, store):
    add(store)
    Path("job.toml").write_text("")

    result = greenops("plan", "job.toml")
    assert result.exit_code == 2
    assert "--job job.toml --places FILE" in result.stderr


def test_the_standing_plan_tells_what_was_weighed_and_left_out(greenops, store):
    add(store)
    assert "nothing was decided" in greenops("plan", "job-a").stdout
    decide(store)

    text = greenops("plan", "job-a").stdout
    assert "the night is windy" in text
    assert "far: left out (residency): far lacks EU" in " ".join(text.split())
    found = json.loads(greenops("plan", "job-a", "--json").stdout)
    assert found["decision"]["inputs_sha256"] == "ab" * 32


def test_a_submitted_job_and_files_are_not_planned_at_once(greenops, store):
    add(store)

    assert greenops("plan").exit_code == 2
    assert greenops("plan", "job-a", "--job", "x.toml").exit_code == 2


@pytest.mark.parametrize("command", [("jobs",), ("job", "job-a"), ("plan", "job-a")])
def test_hostile_names_do_not_act_on_the_terminal(greenops, store, command):
    add(store, name=HOSTILE, argv=("sh", HOSTILE))

    shown = greenops(*command).stdout

    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown


def test_a_secret_in_a_command_is_shown_nowhere(greenops, store):
    add(store, argv=("train", "--api-key", "s3cr3tvalue0123456789"))

    for command in (("job", "job-a"), ("job", "job-a", "--json"), ("jobs", "--json")):
        assert "s3cr3tvalue" not in greenops(*command).stdout
