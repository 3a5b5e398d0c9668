"""What somebody wants run: every contradiction is told before anything is written."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.agent.planning import Site
from greenops.config import Config
from greenops.errors import ConfigError
from greenops.model import Bounded, PauseBy, Place, Workload
from greenops.wire.wanted import LONGEST_ARGUMENT, Wanted, spec_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SITES = (
    Site(place=Place(name="lab", zone="DE", tags=frozenset({"EU"})), executor="local"),
    Site(place=Place(name="cloud", zone="SE"), executor="slurm"),
)
CONFIG = Config(project="vision", team="red", tags={"stage": "pretrain"})


def spec(*, argv=("train.py",), config=CONFIG, **wanted):
    return spec_of(Wanted(**wanted), argv, config, SITES, cwd="/work", now=NOW)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param(
            {"deadline": timedelta(hours=1), "max_delay_s": 60.0},
            "not both",
            id="two limits",
        ),
        pytest.param({"deadline": timedelta(0)}, "must lie ahead", id="no time at all"),
        pytest.param(
            {"deadline": timedelta(days=900)}, "within a year", id="in three years"
        ),
        pytest.param({"deadline": NOW}, "has passed", id="a deadline that is now"),
        pytest.param(
            {"deadline": datetime.fromisoformat("2026-03-03")},
            "no time zone",
            id="a naive deadline",
        ),
        pytest.param(
            {"earliest": datetime.fromisoformat("2026-03-03")},
            "no time zone",
            id="a naive start",
        ),
        pytest.param(
            {
                "earliest": NOW + timedelta(hours=2),
                "deadline": NOW + timedelta(hours=1),
            },
            "not after the earliest start",
            id="a deadline before the start",
        ),
        pytest.param({"duration_s": 0.0}, "above 0 s", id="no duration"),
        pytest.param({"duration_s": float("nan")}, "above 0 s", id="a NaN duration"),
        pytest.param(
            {"duration_s": Bounded(central=5.0, low=5.0, high=4e7)},
            "more than a year",
            id="a duration of years",
        ),
        pytest.param({"power_w": float("inf")}, "power_w", id="infinite power"),
        pytest.param({"power_w": 0.0}, "above 0 W", id="no power"),
        pytest.param({"gpus": -1}, "gpus", id="fewer than no GPUs"),
        pytest.param({"cpus": float("nan")}, "cpus", id="NaN cores"),
        pytest.param({"memory_gib": 1e9}, "memory_gib", id="more memory than exists"),
        pytest.param({"data_gb": 1.0}, "go together", id="data that lies nowhere"),
        pytest.param({"data_at": ["lab"]}, "go together", id="data of no size"),
        pytest.param(
            {"checkpoint_signal": "KILL"}, "try USR1", id="an untakable signal"
        ),
        pytest.param({"checkpoint_signal": "USR9"}, "try USR1", id="no such signal"),
        pytest.param({"workload": "dream"}, "dream", id="no such work"),
        pytest.param({"pause_by": "magic"}, "magic", id="no such pause"),
        pytest.param({"name": "x" * 10_000}, "10000 characters", id="a huge name"),
        pytest.param({"name": "a\x1b[2Jb"}, "cannot be printed", id="an escape"),
        pytest.param({"name": "a\nb"}, "cannot be printed", id="two lines"),
        pytest.param({"project": "p\u202e"}, "project", id="a turned project"),
        pytest.param({"tags": {"k": "v\x00"}}, "tag k", id="a tag with a NUL"),
        pytest.param(
            {"tags": {str(i): "" for i in range(100)}}, "tags", id="too many tags"
        ),
        pytest.param({"regions": ["labb"]}, "did you mean lab", id="a near place"),
        pytest.param({"residency": ["US"]}, "there are EU", id="no such tag"),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_is_right(wanted, said):
    with pytest.raises(ConfigError, match=said):
        spec(**wanted)


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["train.py", "a\0b"], id="a NUL"),
        pytest.param(
            ["train.py", "x" * (LONGEST_ARGUMENT + 1)], id="one long argument"
        ),
        pytest.param(["train.py", *["x" * 100_000] * 11], id="long in all"),
    ],
)
def test_a_command_that_no_kernel_takes_is_refused(argv):
    with pytest.raises(ConfigError):
        spec(argv=argv)


def test_of_a_job_of_which_nothing_is_said_little_is_known():
    found = spec()

    assert (found.name, found.cwd, found.argv) == ("train.py", "/work", ("train.py",))
    assert (found.duration_s, found.power_w, found.deadline) == (None, None, None)
    assert found.places is None
    assert (found.project, found.team) == ("vision", "red")
    assert found.tags == {"stage": "pretrain"}


def test_everything_that_is_said_is_in_the_job():
    found = spec(
        name="finetune",
        deadline=timedelta(hours=24),
        duration_s=3600.0,
        power_w=700.0,
        gpus=2,
        regions=["DE"],
        residency=["EU"],
        workload="infer",
        data_gb=120.0,
        data_at=["cloud"],
        interruptible=True,
        pause_by="freeze",
        checkpoint_signal="sigusr2",
        pause_cost_s=30.0,
        max_pauses=2,
        team="blue",
        tags={"run": "7"},
    )

    assert found.deadline == NOW + timedelta(hours=24)
    assert found.duration_s == Bounded(central=3600.0, low=3600.0, high=3600.0)
    assert found.places == {"lab"}
    assert found.needs_tags == {"EU"}
    assert found.workload is Workload.INFER
    assert [(d.size_gb, d.at) for d in found.datasets] == [(120.0, {"cloud"})]
    assert found.pause_by is PauseBy.FREEZE
    assert found.checkpoint_signal == "USR2"
    assert (found.pausing.resume_s, found.pausing.max_pauses) == (30.0, 2)
    assert found.team == "blue"
    assert found.tags == {"stage": "pretrain", "run": "7"}


def test_what_shells_databases_and_browsers_read_into_text_is_only_text():
    hostile = "'; DROP TABLE jobs; -- $(rm -rf ~) <script>`id`</script> % _"

    found = spec(name=hostile, argv=("echo", hostile), tags={"t": hostile})

    assert (found.name, found.argv[1]) == (hostile, hostile)
    assert found.tags["t"] == hostile


def test_a_script_of_a_strange_name_gives_a_plain_name():
    found = spec(argv=("python", "a\x1b[2J\n.py"))

    assert found.name.isprintable()
    assert found.name.endswith(".py")


def test_without_pauses_their_cost_is_none():
    assert spec(pause_cost_s=30.0).pausing.resume_s == 0.0


@given(st.text(), st.text())
def test_no_text_is_taken_that_could_not_stand_on_a_line(name, value):
    try:
        found = spec(name=name, tags={"k": value})
    except ConfigError:
        return
    assert found.name.isprintable()
    assert all(v.isprintable() for v in found.tags.values())
