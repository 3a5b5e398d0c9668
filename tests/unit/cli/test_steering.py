"""Jobs are looked at and steered, with a daemon or without one."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from greenops.agent.lifecycle import submitted
from greenops.agent.standing import Standing
from greenops.cli.store import complete_job
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Answer, Decision, JobEvent, JobSpec, JobState, RequestKind
from tests.unit.ledger import job_records

HOSTILE = "evil\x1b[2J\u202e\n<script>"

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def store(home):
    made = LedgerJobs(
        home / "data" / "greenops" / "ledger.db", home / "state" / "greenops" / "jobs"
    )
    yield made
    made.close()


def add(store, job_id="job-a", *, held=False, **changed):
    fields = {"name": "train.py", "argv": ("python", "train.py"), "cwd": "/work"}
    spec = JobSpec(**fields | {"user": "ada"} | changed)
    store.add(job_id, spec, submitted(job_id, datetime.now(UTC), "ada", held=held))


def completed(begun):
    command = click.Command("job")
    return complete_job(click.Context(command), click.Argument(["job"]), begun)


def state(store, job_id="job-a"):
    return store.job(job_id)[2][-1].state


def run_it(store, job_id="job-a"):
    """Let an attempt of it run."""
    standing = Standing(attempts=1, live=True, began=True)
    for seq, to in ((1, JobState.STARTING), (2, JobState.RUNNING)):
        store.append(
            JobEvent(
                job_id=job_id, seq=seq, at=datetime.now(UTC), state=to, why="its time",
                attempt_id=f"{job_id}.1", place="lab", facts=standing.facts(),
            )
        )  # fmt: skip


def decide(store, job_id="job-a", *, starts_in=timedelta(hours=3)):
    start = datetime.now(UTC) + starts_in
    spans = [[start.isoformat(), (start + timedelta(hours=1)).isoformat()]]
    store.append(
        decisions=[
            Decision(
                job_id=job_id, at=datetime.now(UTC), cause="forecast",
                inputs_sha256="ab" * 32, inputs={"places": []},
                candidates=(
                    {"place": "lab", "segments": spans, "emissions_g": 800.0},
                    {"place": "far", "rule": "residency", "detail": "far lacks EU"},
                ),
                chosen={"place": "lab", "segments": spans, "emissions_g": 800.0},
                reason="the night is windy", predicted_saved_g=210.0,
                greenops_version="1",
            )
        ]
    )  # fmt: skip


@pytest.mark.parametrize("command", ["cancel", "hold", "release", "run-now", "job"])
def test_an_unknown_job_is_bad_input_with_near_ones(greenops, store, command):
    add(store)

    result = greenops(command, "job-x")

    assert result.exit_code == 2
    assert "job-a" in result.stderr


@pytest.mark.parametrize("command", ["jobs", "job", "logs"])
def test_without_a_ledger_it_says_how_a_job_is_made(greenops, command):
    result = greenops(command)

    assert "Traceback" not in result.stderr
    assert "no job" in result.stderr.lower()


def test_nothing_is_asked_of_any_where_one_is_unknown(greenops, store):
    add(store)

    assert greenops("cancel", "job-a", "nope").exit_code == 2
    assert state(store) is JobState.WAITING
    assert store.requests() == []


def test_without_a_daemon_what_does_not_run_is_steered_at_once(greenops, store):
    add(store)
    for command, then in (
        ("hold", JobState.HELD),
        ("release", JobState.WAITING),
        ("cancel", JobState.CANCELLED),
    ):
        result = greenops(command, "job-a")
        assert result.exit_code == 0
        assert state(store) is then
    assert store.requests() == []


def test_several_jobs_are_steered_each_with_its_answer(greenops, store):
    add(store, "job-a")
    add(store, "job-b", held=True)

    result = greenops("hold", "--json", "job-a", "job-b")

    assert [(o["job_id"], o["done"]) for o in json.loads(result.stdout)] == [
        ("job-a", True), ("job-b", True),
    ]  # fmt: skip


def test_releasing_what_is_not_held_says_how_it_stands(greenops, store):
    add(store)

    assert "it is not held: it is waiting" in greenops("release", "job-a").stdout


def test_holding_what_has_ended_fails(greenops, store):
    add(store)
    greenops("cancel", "job-a")

    result = greenops("hold", "job-a")
    assert result.exit_code == 1
    assert "ended already" in result.stdout


def test_what_runs_waits_for_a_daemon_and_is_written_down(greenops, store):
    add(store)
    run_it(store)

    result = greenops("cancel", "job-a")

    assert (result.exit_code, state(store)) == (0, JobState.RUNNING)
    assert "greenops daemon" in result.stdout
    assert [r.kind for r in store.requests()] == [RequestKind.CANCEL]


def test_a_daemon_is_left_to_answer(greenops, store, home):
    """Its seat is held by a thread that answers as a daemon would."""
    add(store)
    seat = DaemonSeat(home / "data" / "greenops" / "ledger.db")
    assert seat.take()

    def answer():
        mine = LedgerJobs(store._path, home / "state" / "greenops" / "jobs")
        until_s = time.monotonic() + 20.0
        while not (asked := mine.requests()) and time.monotonic() < until_s:
            time.sleep(0.01)
        number = asked[0].request_id
        mine.append(
            answers=[Answer(request_id=number, at=datetime.now(UTC), answer="so be it")]
        )
        mine.close()

    daemon = threading.Thread(target=answer)
    daemon.start()
    try:
        result = greenops("run-now", "job-a")
    finally:
        daemon.join()
        seat.leave()

    assert "so be it" in result.stdout
    assert state(store) is JobState.WAITING  # it was not steered past the daemon


def test_a_silent_daemon_is_not_waited_for_when_told_so(greenops, store, home):
    add(store)
    seat = DaemonSeat(home / "data" / "greenops" / "ledger.db")
    assert seat.take()
    try:
        result = greenops("hold", "--no-wait", "job-a")
    finally:
        seat.leave()

    assert result.exit_code == 0
    assert "has not answered yet" in result.stdout
    assert len(store.requests()) == 1


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
    store.state_outcome(job_records.an_outcome("job-a"))

    text = greenops("job", "job-a").stdout
    row = text.splitlines()[-1].split()
    assert row[:4] == ["1", "lab", "with", "3"]
    assert row[-1] == "r1"
    assert "300 g (-10.0 g to 600 g) of 400 g begun at once" in " ".join(text.split())
    assert "210 g by the last plan" in text
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


def log_of(home, text, job_id="job-a"):
    folder = home / "state" / "greenops" / "jobs" / job_id
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output.log").open("ab") as stream:
        stream.write(text)
    return folder / "output.log"


def test_the_log_is_shown_as_it_is_with_what_was_rotated_away(greenops, store, home):
    add(store)
    log = log_of(home, b"third\n\xff\x1b[1mfourth\n")
    log.with_name("output.log.1").write_bytes(b"second\n")
    log.with_name("output.log.2").write_bytes(b"first\n")

    whole = greenops("logs", "job-a").stdout_bytes
    assert whole == b"first\nsecond\nthird\n\xff\x1b[1mfourth\n"
    assert greenops("logs", "-n", "1", "job-a").stdout_bytes == b"\xff\x1b[1mfourth\n"
    assert greenops("logs", "-n", "0", "job-a").stdout_bytes == b""


def test_a_job_without_a_log_says_how_it_stands(greenops, store):
    add(store)

    result = greenops("logs", "job-a")
    assert result.exit_code == 1
    assert "it is waiting" in result.stderr


def test_following_ends_when_the_job_has_ended(greenops, store, home):
    add(store)
    log_of(home, b"".join(b"%d\n" % i for i in range(30)))
    greenops("cancel", "job-a")

    shown = greenops("logs", "-f", "job-a").stdout_bytes
    assert shown == b"".join(b"%d\n" % i for i in range(20, 30))
