"""Job files of jobs that are to be executed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from greenops.errors import ConfigError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.plain import plain_line, signal_name
from greenops.jobspec.submission_keys import SubmitKeys
from greenops.jobspec.submissions import Around, read_submissions
from greenops.model import Bounded, PauseBy, Workload

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LEAST = '[[job]]\nname = "a"\ncommand = ["train.py"]\n'
WHOLE = """
[[job]]
name = "pretrain"
command = ["train.py", "--epochs", "3"]
cwd = "runs/../runs/1"
env = {SEED = "7", EMPTY = ""}
workload = "infer"
duration_min = 90
duration_spread_pct = 50
earliest = 2026-03-02T09:00:00Z
deadline = 2026-03-03T18:00:00+01:00
gpus = 4
cpus = 16
memory_gib = 64.5
interruptible = true
pause_by = "freeze"
checkpoint_signal = "SIGUSR2"
grace_s = 90
checkpoint_gb = 12
places = ["lab", "cloud"]
needs_tags = ["EU"]
shuns_tags = "spot"
private = true
priority = -3
project = "vision"
team = "red"
tags = {stage = "pretrain"}
pause = {save_s = 60, resume_s = 90, at_most = 2}
phase = [{share = 0.5, power_w = 200}, {share = 0.5, power_w = 1000}]
data = [{name = "images", size_gb = 80, at = "lab"}]
"""


@pytest.fixture
def read(tmp_path):
    """Read a text as a file of jobs to be submitted; complaints become an error."""

    def run(content, **around):
        path = tmp_path / "job.toml"
        path.write_text(content)
        complaints = Complaints()
        fields: dict[str, Any] = {
            "cwd": "/work",
            "user": "ada",
            "places": {"lab", "cloud"},
            "tags_known": frozenset({"EU", "spot"}),
            "now": NOW,
        }
        found = read_submissions(path, complaints, Around(**fields | around))
        complaints.raise_any()
        return found

    return run


def test_a_name_and_a_command_are_enough(read):
    (job,) = read(LEAST, project="speech", team="blue", tags={"a": "b"})

    spec = job.spec
    assert (spec.name, spec.argv, spec.cwd) == ("a", ("train.py",), "/work")
    assert (spec.duration_s, spec.power_w, spec.deadline) == (None, None, None)
    assert (spec.workload, spec.cpus) == (Workload.TRAIN, 1.0)
    assert (spec.project, spec.team, spec.tags) == ("speech", "blue", {"a": "b"})
    assert job.env == {}


def test_everything_that_is_written_is_in_the_job(read):
    (job,) = read(WHOLE, project="speech")

    spec = job.spec
    assert spec.argv == ("train.py", "--epochs", "3")
    assert spec.cwd == "/work/runs/1"
    assert job.env == {"SEED": "7", "EMPTY": ""}
    assert spec.workload is Workload.INFER
    assert spec.duration_s == Bounded(central=5400.0, low=2700.0, high=8100.0)
    assert spec.power_w == 600.0
    assert spec.earliest == NOW + timedelta(hours=1)
    assert spec.deadline == NOW + timedelta(hours=33)
    assert (spec.gpus, spec.cpus, spec.memory_gib) == (4, 16.0, 64.5)
    assert (spec.interruptible, spec.pause_by) == (True, PauseBy.FREEZE)
    assert (spec.checkpoint_signal, spec.grace_s) == ("USR2", 90.0)
    assert (spec.pausing.pause_s, spec.pausing.max_pauses) == (60.0, 2)
    assert spec.places == {"lab", "cloud"}
    assert (spec.needs_tags, spec.shuns_tags) == ({"EU"}, {"spot"})
    assert (spec.private, spec.priority) == (True, -3)
    assert (spec.project, spec.team) == ("vision", "red")
    assert [(d.name, d.at) for d in spec.datasets] == [("images", {"lab"})]
    assert spec.checkpoint_gb == 12.0


def test_a_folder_of_ones_own_is_found_by_its_tilde(read, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")

    (job,) = read(LEAST + 'cwd = "~/training"\n')

    assert job.spec.cwd == "/home/ada/training"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param('comand = "x"', "did you mean 'command'", id="a slip"),
        pytest.param("env = {A = 3}", "text, in quotes", id="a number for text"),
        pytest.param("cwd = 3", "text, in quotes", id="a folder that is a number"),
        pytest.param('places = ["labb"]', "did you mean 'lab'", id="no such place"),
        pytest.param('needs_tags = ["UE"]', "there are EU, spot", id="no such tag"),
        pytest.param(
            "deadline = 2026-03-01T00:00:00Z", "has passed", id="a past deadline"
        ),
        pytest.param(
            "deadline = 2026-03-03T00:00:00Z\nmax_delay_h = 3",
            "not both",
            id="two limits",
        ),
        pytest.param(
            "earliest = 2026-03-04T00:00:00Z\ndeadline = 2026-03-03T00:00:00Z",
            "not after",
            id="a deadline before the start",
        ),
        pytest.param("duration_h = 1\nduration_min = 60", "one of them", id="twice"),
        pytest.param("duration_h = -1", "above 0", id="a negative duration"),
        pytest.param("duration_h = nan", "finite", id="NaN"),
        pytest.param("power_w = 0", "above 0", id="no power"),
        pytest.param("late_g_per_h = 5", "leave it out", id="a soft deadline"),
        pytest.param("gpus = 1\nscaling = [1.0]", "leave it out", id="elastic"),
        pytest.param('checkpoint_signal = "KILL"', "try USR1", id="untakable"),
        pytest.param("pause = {save_s = 3}", "interruptible", id="pauses of none"),
        pytest.param('project = "a\\u0007"', "cannot be printed", id="a bell"),
        pytest.param('tags = {"a\\nb" = "c"}', "cannot be printed", id="two lines"),
        pytest.param("scaling = 3", "must be a list", id="no list"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_is_right(read, more, said):
    with pytest.raises(ConfigError, match=said) as e:
        read(LEAST + more + "\n")

    assert "job.toml:" in str(e.value)
    assert "\x07" not in str(e.value)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param("[]", "at least 1 entry", id="empty"),
        pytest.param('[""]', "the program first", id="an empty word"),
        pytest.param('"train.py --lr 3"', "must be a list", id="a line for a shell"),
        pytest.param('["a", "b\\u0000"]', "NUL", id="a NUL"),
        pytest.param("[1]", "text", id="a number"),
    ],
)
def test_a_command_is_a_list_of_texts(read, command, said):
    with pytest.raises(ConfigError, match=said):
        read(f'[[job]]\nname = "a"\ncommand = {command}\n')


def test_a_command_is_needed(read):
    with pytest.raises(ConfigError, match="command is missing"):
        read('[[job]]\nname = "a"\n')


def test_a_command_that_no_kernel_takes_is_refused(read):
    with pytest.raises(ConfigError, match="at most 131072 characters"):
        read(f'[[job]]\nname = "a"\ncommand = ["x", "{"y" * 200_000}"]\n')


def test_arguments_and_variables_are_passed_on_as_they_are(read):
    long = "x" * 10_000

    (job,) = read(
        f'[[job]]\nname = "a"\ncommand = ["echo", " a ", "{long}"]\n'
        f'env = {{A = " b ", LONG = "{long}"}}\n'
    )

    assert job.spec.argv == ("echo", " a ", long)
    assert job.env == {"A": " b ", "LONG": long}


def test_two_jobs_of_one_name_are_refused(read):
    with pytest.raises(ConfigError, match="more than one job is called 'a'"):
        read(LEAST + LEAST)


def test_every_complaint_about_a_file_is_told_at_once(read):
    with pytest.raises(ConfigError) as e:
        read(LEAST + "gpus = -1\npower_w = 0\n")

    assert len(str(e.value).splitlines()) == 2


def test_every_key_has_an_example_and_a_meaning():
    for name, field in SubmitKeys.model_fields.items():
        assert field.examples, name
        assert field.description, name


@pytest.mark.parametrize(
    ("given", "name"), [("usr1", "USR1"), (" SIGTERM ", "TERM"), ("", ""), ("none", "")]
)
def test_signals_are_named_as_people_name_them(given, name):
    assert signal_name(given) == name


@pytest.mark.parametrize("given", ["KILL", "STOP", "9", "USR1; rm", "x" * 10_000, "٩"])
def test_a_signal_that_no_program_can_take_is_none(given):
    with pytest.raises(ValueError, match="try USR1") as e:
        signal_name(given)
    assert len(str(e.value)) < 200


def test_a_line_is_plain_and_not_too_long():
    assert plain_line("name", "größer 漢字 <&'\";") == "größer 漢字 <&'\";"
    for wrong in ("x" * 201, "a\nb", "a\x00", "a\u202eb", "\udcff"):
        with pytest.raises(ValueError, match="name"):
            plain_line("name", wrong)
