"""From the two files to what people meet, with nothing in between replaced."""

import json
import os
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from greenops.cli import cli
from greenops.errors import SignalError
from greenops.wire.forecast import forecast_zone as known_zone
from tests.unit.forecast.grids import FIRST, habitual
from tests.unit.jobspec.files import EVERY_JOB_KEY, JOB, PLACES, changed
from tests.unit.wire.test_traces import write as write_hours

EXAMPLES = Path(__file__).parents[3] / "examples"
EXAMPLE = (
    "--job",
    str(EXAMPLES / "job.toml"),
    "--places",
    str(EXAMPLES / "places.toml"),
)
FILES = ("--job", "job.toml", "--places", "places.toml")
SEEN = PLACES.replace('zone = "DE"', 'zone = "DE"\nfree_gpus = 8')
MOMENT = FIRST + timedelta(days=120, hours=8)
PAST = changed(JOB, earliest=f"{MOMENT:%Y-%m-%dT%H:%M:%SZ}", interruptible="true")

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def plan(greenops, home):
    """Plan from a job file and a file of places; return click's result."""

    def run(*words, job=JOB, places=SEEN, **options):
        for name, text in (("job.toml", job), ("places.toml", places)):
            if isinstance(text, bytes):
                (home / "work" / name).write_bytes(text)
            elif text is not None:
                (home / "work" / name).write_text(text)
        return greenops("plan", *FILES, *words, **options)

    return run


@pytest.fixture
def hours(home):
    """Four months of recorded hours of two zones."""
    folder = home / "hours"
    clean = 0.2 * habitual(130, seed=2)
    write_hours(folder / "own.csv", {"DE": habitual(130, seed=1), "SE": clean})
    return str(folder)


@pytest.mark.parametrize(
    "job",
    [None, "", b"\xff\xfe\x00garbage", "[[job]\n", "x" * (1 << 20) + "y", "job = 3"],
    ids=["missing", "empty", "binary", "broken", "huge", "no table"],
)
def test_a_file_that_is_none_is_one_line_and_no_traceback(plan, job):
    result = plan(job=job)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("greenops: job.toml")
    assert result.stderr.count("\n") == 1


@pytest.mark.timeout(30)
def test_a_pipe_is_not_waited_for(plan, home):
    os.mkfifo(home / "work" / "job.toml")

    assert "not a file" in plan(job=None).stderr


def test_everything_wrong_in_both_files_is_said_at_once(plan):
    result = plan(
        job=changed(JOB, duration_hh=3, home='"lba"', workload='"game"'),
        places=changed(PLACES, zone='"Germny"', pue=0.3),
    )

    assert result.exit_code == 2
    said = result.stderr
    assert "places.toml:" in said
    assert "pue = 0.3: must be at least 1" in said
    assert "did you mean 'duration_h'" in said
    assert "must be 'train' or 'infer'" in said


def test_an_unknown_zone_gets_near_matches(plan):
    result = plan(places=changed(PLACES, zone='"Germny"'))

    assert result.exit_code == 2
    assert re.search(
        r"places\.toml:\d+: zone: unknown grid zone 'Germny'", result.stderr
    )
    assert "Germany" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--carbon-price", "0"),
        ("--carbon-price", "nan"),
        ("--carbon-price", "-3"),
        ("--carbon-budget", "vision"),
        ("--carbon-budget", "vision=-1"),
        ("--carbon-budget", "vision=nan"),
        ("--plot", "plan.doc"),
        ("--replay", "nowhere"),
        ("--at", "2024-05-01"),
        ("--replay", ".", "--marginal"),
        ("--replay", ".", "--at", "yesterweek"),
    ],
    ids=" ".join,
)
def test_an_option_that_makes_no_sense_is_refused(plan, words):
    result = plan(*words, job=PAST)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_files_have_to_be_named(greenops):
    assert greenops("plan").exit_code == 2


@pytest.mark.parametrize(
    ("job", "places", "binding", "change"),
    [
        pytest.param(
            changed(JOB, max_delay_h=None, deadline=f"{datetime.now(UTC) + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"),
            SEEN, "deadline", "3 h", id="longer than the slack",
        ),
        pytest.param(
            changed(JOB, needs_tags='["EU"]'), SEEN, "residency", "tag", id="residency"
        ),
        pytest.param(
            changed(JOB, gpus=16, places='"lab"'), SEEN, "size", "8 more", id="too large"
        ),
        pytest.param(
            changed(JOB, places='"lab"'), PLACES, "workload", "seen", id="nobody looked"
        ),
    ],
)  # fmt: skip
def test_a_job_without_a_plan_names_what_binds_and_the_change(
    plan, job, places, binding, change
):
    shown = plan(job=job, places=places)
    row = json.loads(plan("--json", job=job, places=places).stdout)["refusals"][0]

    assert shown.exit_code == 1
    assert f"no plan ({binding})" in shown.stdout
    assert "would do" in shown.stdout
    assert row["binding"] == binding
    assert change in row["change"]


def test_one_job_without_a_plan_costs_the_others_nothing(plan):
    result = plan(job=JOB + changed(JOB, name='"other"', needs_tags='"EU"'))

    assert result.exit_code == 1
    assert "pretrain: train" in result.stdout
    assert "no plan (residency)" in result.stdout


def test_a_zone_that_nobody_can_forecast_is_left_out_and_said(plan, monkeypatch):
    def forecast_zone(signal, zone, config, **options):
        if zone == "SE":
            raise SignalError("no answer\x1b[2J")
        return known_zone(signal, zone, config, **options)

    monkeypatch.setattr("greenops.wire.plan_outlook.forecast_zone", forecast_zone)
    result = plan(job=changed(JOB, private="false"))
    both = plan()

    assert result.exit_code == 1
    assert "no forecast of SE: no answer\\x1b[2J" in result.stdout
    assert both.exit_code == 0
    assert "where      lab (DE)" in both.stdout


def test_where_no_zone_can_be_forecast_there_is_no_plan(plan, monkeypatch):
    monkeypatch.setenv("GREENOPS_SIGNALS_ORDER", "nowhere")

    result = plan()

    assert (result.exit_code, result.stdout) == (1, "")
    assert "no forecast of DE" in result.stderr


def test_kinds_without_an_order_are_said(plan):
    result = plan("--marginal")

    assert result.exit_code == 2
    assert "signals.marginal_order" in result.stderr


def test_the_examples_can_be_planned(greenops):
    result = greenops("plan", *EXAMPLE)

    assert result.exit_code == 0, result.stderr
    assert "finetune: train, 6 h 00 min (5 h 00 min to 7 h 30 min)" in result.stdout
    assert "cloud-west (residency)" in result.stdout


def test_the_examples_can_be_planned_with_money_and_a_budget(greenops):
    result = greenops(
        "plan", *EXAMPLE, "--carbon-price", "80", "--carbon-budget", "vision=12.5"
    )

    assert result.exit_code == 0, result.stdout
    assert "PRICE" in result.stdout


def test_every_key_can_be_planned_with(plan):
    job = re.sub(r"(earliest|deadline) = .*\n", "", EVERY_JOB_KEY)
    job = job.replace("late_g_per_h = 50\n", "late_g_per_h = 50\nmax_delay_h = 24\n")
    places = SEEN.replace("free_gpus", 'tags = ["EU"]\nfree_gpus')

    result = plan(job=job, places=places)

    assert result.exit_code == 0, result.stdout + result.stderr
    assert "preferably by" in result.stdout


def test_json_is_whole_and_in_utc(plan):
    began = datetime.now(UTC).replace(microsecond=0)
    whole = json.loads(plan("--json").stdout)

    assert (whole["schema"], whole["replay"]) == ("greenops.plan/1", False)
    assert datetime.fromisoformat(whole["made_at"]) >= began
    (row,) = whole["plans"]
    start, stop = (datetime.fromisoformat(row["chosen"][k]) for k in ("start", "stop"))
    assert stop - start == timedelta(hours=6)
    assert start >= began
    assert stop <= datetime.fromisoformat(row["deadline"])
    assert {p["place"] for p in whole["places"]} == {"lab", "cloud"}


def test_a_budget_that_is_too_small_leaves_no_plan(plan):
    job = changed(JOB, project='"vision"')

    tight = plan("--carbon-budget", "vision=0.01", job=job)
    ample = plan("--carbon-budget", "vision=100", job=job)
    of_others = plan("--carbon-budget", "0.01", job=job)

    assert (tight.exit_code, ample.exit_code, of_others.exit_code) == (1, 0, 0)
    assert "no plan (budget)" in tight.stdout


def test_a_budget_may_stand_in_the_file(plan):
    job = changed(JOB, project='"vision"') + "[budgets_kg]\nvision = 0.01\n"

    assert plan(job=job).exit_code == 1
    assert plan("--carbon-budget", "vision=100", job=job).exit_code == 0


def test_money_counts_with_a_price_only(plan):
    places = SEEN.replace('"SE"', '"SE"\nprice_per_h = 50').replace(
        "free_gpus", "price_per_h = 0\nfree_gpus"
    )
    anywhere = changed(JOB, private=None, workload='"train"')
    job = anywhere.replace('home = "lab"', 'home = "lab"\nprivate = false')
    places = places.replace("private = false", "private = false\n", 1).replace(
        'zone = "DE"', 'zone = "DE"\nprivate = false'
    )

    green = json.loads(plan("--json", job=job, places=places).stdout)
    cheap = json.loads(
        plan("--json", "--carbon-price", "50", job=job, places=places).stdout
    )

    assert green["plans"][0]["chosen"]["place"] == "cloud"
    assert cheap["plans"][0]["chosen"]["place"] == "lab"
    assert cheap["carbon_price_per_t"] == 50.0


def test_by_default_nothing_is_asked_of_anyone(plan, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a plan of this machine's own went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert plan().exit_code == 0


@pytest.mark.parametrize("columns", ["10", "40", "60", "100", "200"])
def test_no_line_is_wider_than_the_screen(plan, columns):
    result = plan(env={"COLUMNS": columns})

    # What is narrower than 40 columns is no screen for charts.
    assert max(map(len, result.stdout.splitlines())) <= max(int(columns), 40)


def test_a_pipe_gets_no_colours(plan):
    assert "\x1b" not in plan(color=True).stdout


def test_an_ascii_stream_gets_ascii(plan):
    plan()
    result = CliRunner(charset="ascii").invoke(cli, ["plan", *FILES])

    assert result.exit_code == 0
    assert result.stdout_bytes.isascii()


def test_names_from_the_files_cannot_act_on_the_terminal(plan):
    job = changed(JOB, name='"evil\\u001b[2J"', project='"\\u202e"')

    assert "evil\\x1b[2J" in plan(job=job).stdout


@pytest.mark.parametrize("suffix", ["png", "svg", "PDF"])
def test_a_picture_is_drawn_as_well(plan, home, suffix):
    pytest.importorskip("matplotlib")

    result = plan("--plot", f"out.{suffix}")

    assert result.exit_code == 0
    assert (home / "work" / f"out.{suffix}").stat().st_size > 1000
    assert f"drew out.{suffix}" in result.stderr


def test_a_picture_of_no_plan_is_none(plan, home):
    result = plan("--plot", "out.png", job=changed(JOB, needs_tags='"EU"'))

    assert result.exit_code == 1
    assert not (home / "work" / "out.png").exists()


def test_a_replay_says_what_came_beside_at_once_and_the_oracle(plan, hours):
    text = plan("--replay", hours, job=PAST)
    (row,) = json.loads(plan("--replay", hours, "--json", job=PAST).stdout)["plans"]

    assert text.exit_code == 0, text.stderr
    assert "replayed as of" in text.stdout
    assert "came to" in text.stdout
    assert "expected; own" in text.stdout
    came = row["came"]
    best_g = came["oracle"]["cost"]["total_g"]
    assert best_g <= came["cost"]["total_g"] + 1e-6
    assert best_g <= came["at_once"]["total_g"] + 1e-6
    assert came["saved_g"] == pytest.approx(
        came["at_once"]["total_g"] - came["cost"]["total_g"]
    )
    assert datetime.fromisoformat(row["earliest"]) == MOMENT


def test_a_replay_needs_no_network_no_ledger_and_no_cache(plan, home, hours):
    before = {p for p in home.rglob("*") if p.is_file()}

    assert plan("--replay", hours, job=PAST).exit_code == 0

    new = {p.name for p in home.rglob("*") if p.is_file()} - {p.name for p in before}
    assert new == {"job.toml", "places.toml"}


def test_a_replay_plans_with_little_history_and_says_how(plan, hours):
    early = FIRST + timedelta(days=8)
    job = changed(JOB, earliest=f"{early:%Y-%m-%dT%H:%M:%SZ}")

    result = plan("--replay", hours, job=job)

    assert result.exit_code == 0, result.stderr
    assert "mean of the last 7 days" in result.stdout


def test_a_replay_outside_its_hours_says_which_there_are(plan, hours):
    job = changed(JOB, earliest="2031-01-01T00:00:00Z")

    result = plan("--replay", hours, job=job)

    assert result.exit_code == 2
    assert "it has 2024-01-15 00:00 to" in result.stderr
    assert "nothing to replay at 2031-01-01 00:00" in result.stderr


def test_a_replay_without_a_moment_is_of_the_last_week_there_is(plan, hours):
    whole = json.loads(plan("--replay", hours, "--json").stdout)

    assert datetime.fromisoformat(whole["made_at"]) == FIRST + timedelta(days=123)
    assert whole["plans"][0]["came"] is not None


def test_the_moment_of_a_replay_can_be_chosen(plan, hours):
    at = f"{MOMENT - timedelta(days=30):%Y-%m-%dT%H:%MZ}"

    whole = json.loads(plan("--replay", hours, "--at", at, "--json").stdout)

    assert datetime.fromisoformat(whole["made_at"]) == MOMENT - timedelta(days=30)


def test_the_examples_can_be_replayed(greenops, home):
    columns = {zone: habitual(60, seed=i) for i, zone in enumerate(("DE", "NL", "SE"))}
    write_hours(home / "x" / "h.csv", columns)

    result = greenops("plan", *EXAMPLE, "--replay", str(home / "x"))

    assert result.exit_code == 0, result.stderr
    assert "came to" in result.stdout
    assert "no hours for cloud-west" in result.stdout


def test_a_place_may_name_its_trace(plan, home):
    write_hours(home / "x" / "h.csv", {"ELSEWHERE": habitual(130, seed=1)})
    places = SEEN.replace('zone = "DE"', 'zone = "DE"\ntrace = "ELSEWHERE"')

    result = plan("--replay", str(home / "x"), job=PAST, places=places)

    assert result.exit_code == 0, result.stderr
    assert "no hours for cloud" in result.stdout


@pytest.mark.skipif("TRACES" not in os.environ, reason="no real traces: set TRACES")
@pytest.mark.parametrize("folder", [".", "carboncast"])
def test_real_traces_are_replayed(plan, folder):
    places = SEEN.replace('"DE"', '"CISO"').replace('"SE"', '"BPAT"')
    job = changed(JOB, earliest="2021-09-06T08:20:00Z", interruptible="true")

    traces = str(Path(os.environ["TRACES"]) / folder)
    (row,) = json.loads(
        plan("--replay", traces, "--json", job=job, places=places).stdout
    )["plans"]

    assert row["came"]["of_oracle_fraction"] <= 1.0 + 1e-9
    assert row["came"]["saved_g"] > 0.0
