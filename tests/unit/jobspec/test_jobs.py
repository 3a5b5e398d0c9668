import os
from datetime import UTC, datetime, timedelta

import pytest

from greenops.errors import ConfigError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.files import LARGEST_BYTES
from greenops.jobspec.jobs import read_jobs
from greenops.model import Bounded, Dataset, Pausing, Phase, Workload
from tests.unit.jobspec.files import EVERY_JOB_KEY, HOUR, JOB, NOW, changed

PLACES = ("lab", "cloud")


@pytest.fixture
def read(tmp_path):
    """Read a text as a job file; complaints become an error."""

    def run(text, *, now=NOW, places=PLACES):
        path = tmp_path / "job.toml"
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        complaints = Complaints()
        found = read_jobs(path, complaints, moment=lambda _: now, places=places)
        complaints.raise_any()
        return found

    return run


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "no table [[job]]", id="empty"),
        pytest.param("\n# only this\n", "no table [[job]]", id="a comment"),
        pytest.param(b"\xff\xfe\x00", "not UTF-8 text", id="binary"),
        pytest.param("[[job]\n", "not valid TOML: ", id="broken"),
        pytest.param("job = 3\n", "no table [[job]]", id="no tables"),
        pytest.param("job = [1, 2]\n", "each under [[job]]", id="numbers for tables"),
        pytest.param('name = "x"\n' + JOB, "name belongs below [[job]]", id="stray"),
        pytest.param("jobs = 3\n" + JOB, "did you mean 'job'?", id="misspelt table"),
        pytest.param(b"x" * (LARGEST_BYTES + 1), "larger than 1 MiB", id="huge"),
        pytest.param("a = " + "[" * 5000, "not valid TOML", id="deep"),
    ],
)
def test_a_file_that_holds_no_jobs_is_said_by_name(read, text, said):
    with pytest.raises(ConfigError) as e:
        read(text)

    assert said in str(e.value)
    assert "job.toml" in str(e.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_said(tmp_path, name):
    complaints = Complaints()

    read_jobs(tmp_path / name, complaints, moment=lambda _: NOW, places=PLACES)

    with pytest.raises(ConfigError, match="cannot be read"):
        complaints.raise_any()


@pytest.mark.timeout(10)
def test_a_pipe_in_a_file_s_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    complaints = Complaints()

    read_jobs(tmp_path / "pipe", complaints, moment=lambda _: NOW, places=PLACES)

    with pytest.raises(ConfigError, match="not a file"):
        complaints.raise_any()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"duration_hh": 3}, "did you mean 'duration_h'", id="misspelt"),
        pytest.param({"duration_h": "-1"}, "must be above 0", id="negative"),
        pytest.param({"duration_h": "nan"}, "must be a finite number", id="nan"),
        pytest.param({"duration_h": "inf"}, "must be a finite number", id="inf"),
        pytest.param({"duration_h": "1e300"}, "must be at most", id="for ever"),
        pytest.param({"duration_h": '"6"'}, "without quotes", id="quoted"),
        pytest.param({"duration_h": None}, "one of them is needed", id="no duration"),
        pytest.param({"duration_min": 3}, "give one of them", id="two durations"),
        pytest.param({"duration_low_h": 7}, "not between", id="low above"),
        pytest.param({"duration_high_min": 500}, "does not go with", id="mixed units"),
        pytest.param(
            {"duration_spread_pct": 5, "duration_low_h": 5}, "not both", id="two spreads"
        ),
        pytest.param({"power_w": 0}, "must be above 0", id="no power"),
        pytest.param({"power_w": None}, "power_w, phase: give one", id="power missing"),
        pytest.param(
            {"phase": "[{share = 1, power_w = 3}]"}, "give one of them", id="two powers"
        ),
        pytest.param(
            {"power_w": None, "phase": "[{share = 0.5, power_w = 3}]"},
            "add up to 0.5",
            id="half a run",
        ),
        pytest.param({"workload": '"game"'}, "'train' or 'infer'", id="unknown kind"),
        pytest.param({"workload": None}, "workload is missing", id="no kind"),
        pytest.param({"home": '"lba"'}, "did you mean 'lab'", id="misspelt home"),
        pytest.param({"home": '"x"'}, "there are cloud, lab", id="unknown home"),
        pytest.param({"places": '["clod"]'}, "did you mean 'cloud'", id="place"),
        pytest.param({"places": "[]"}, "may run nowhere", id="nowhere"),
        pytest.param({"max_delay_h": None}, "deadline, max_delay_h: give", id="no end"),
        pytest.param({"max_delay_h": "-1"}, "at least 0", id="negative delay"),
        pytest.param(
            {"deadline": "2026-03-04T00:00:00Z"}, "give one of them", id="two ends"
        ),
        pytest.param(
            {"max_delay_h": None, "deadline": "2026-03-02T07:00:00Z"},
            "has passed",
            id="deadline in the past",
        ),
        pytest.param(
            {"max_delay_h": None, "deadline": "2026-03-04"},
            "must be a date with a time",
            id="no time of day",
        ),
        pytest.param(
            {
                "max_delay_h": None,
                "deadline": "2026-03-04T00:00:00Z",
                "earliest": "2026-03-05T00:00:00Z",
            },
            "not after the earliest start",
            id="deadline before the start",
        ),
        pytest.param(
            {"max_delay_h": None, "deadline": "0001-01-01T00:00:00+14:00"},
            "no moment there is",
            id="before the calendar",
        ),
        pytest.param(
            {"max_delay_h": 24, "earliest": "9999-12-31T23:00:00Z"},
            "no moment there is",
            id="after the calendar",
        ),
        pytest.param(
            {"needs_tags": '["EU"]', "shuns_tags": '["EU"]'},
            "needs and shuns the same tags: EU",
            id="contradictory tags",
        ),
        pytest.param({"gpus": "1.5"}, "must be a whole number", id="half a GPU"),
        pytest.param({"gpus": "-1"}, "must be at least 0", id="no such GPUs"),
        pytest.param({"interruptible": "1"}, "true or false", id="no switch"),
        pytest.param({"pause": "{save_s = 3}"}, "interruptible = true", id="no pauses"),
        pytest.param(
            {"interruptible": "true", "pause": "{saves = 3}"},
            "unknown key 'pause.saves'; did you mean 'save_s'",
            id="misspelt below",
        ),
        pytest.param({"scaling": "[1, 0]"}, "above 0", id="no scaling"),
        pytest.param(
            {"scaling": "[1, 1.9]", "gpus": 3}, "must reach to", id="short scaling"
        ),
        pytest.param(
            {"data": '[{name = "c", size_gb = -1, at = "lab"}]'},
            "data.size_gb = -1: must be at least 0",
            id="negative data",
        ),
        pytest.param(
            {"data": '[{name = "c", size_gb = 1, at = []}]'},
            "must have at least 1 entry",
            id="data nowhere",
        ),
        pytest.param(
            {"data": '[{name = "c", size_gb = 1, at = "lib"}]'},
            "data.at: no place 'lib'; did you mean 'lab'",
            id="data at no place",
        ),
        pytest.param(
            {"data": '[{name="c",size_gb=1,at="lab"},{name="c",size_gb=1,at="lab"}]'},
            "data 'c' is there twice",
            id="data twice",
        ),
        pytest.param({"name": '"  "'}, "must not be empty", id="no name"),
        pytest.param({"name": f'"{"x" * 201}"'}, "at most 200 characters", id="long"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_what_is_right(read, keys, said):
    with pytest.raises(ConfigError) as e:
        read(changed(JOB, **keys))

    assert said in str(e.value)
    assert "job.toml:" in str(e.value)


def test_every_fault_of_every_job_is_said_at_once(read):
    with pytest.raises(ConfigError) as e:
        read(
            changed(JOB, power_w="-3", gpus='"4"')
            + changed(JOB, home='"lba"', name='"other"')
        )

    lines = str(e.value).splitlines()
    assert len(lines) == 3
    assert ("power_w = -3" in lines[0], ":3:" in lines[0]) == (True, True)
    assert ("gpus = '4'" in lines[1], ":4:" in lines[1]) == (True, True)
    assert "home: no place 'lba'" in lines[2]


def test_a_flood_of_faults_is_cut_and_counted(read):
    with pytest.raises(ConfigError) as e:
        read("".join(changed(JOB, name=f'"{i}"', gpus=f"-{i}") for i in range(1, 100)))

    lines = str(e.value).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "and 79 more complaints"


def test_two_jobs_of_one_name_are_refused(read):
    with pytest.raises(ConfigError, match="more than one job is called 'pretrain'"):
        read(JOB + JOB)


def test_the_moment_of_planning_may_follow_from_what_jobs_state(tmp_path):
    path = tmp_path / "job.toml"
    stated = ("2026-03-03T08:00:00Z", "2026-03-02T10:00:00+01:00")
    jobs = [changed(JOB, name=f'"{at}"', earliest=at) for at in stated]
    path.write_text("".join([JOB, *jobs]))
    asked = []

    def moment(starts):
        asked.append(list(starts))
        return min(starts)

    complaints = Complaints()
    read = read_jobs(path, complaints, moment=moment, places=PLACES)

    assert asked == [[NOW + 24 * HOUR, NOW + HOUR]]
    assert read.now == NOW + HOUR
    assert [j.earliest for j in read.jobs] == [read.now, NOW + 24 * HOUR, read.now]


def test_without_a_job_that_can_be_read_no_moment_is_asked_for(tmp_path):
    path = tmp_path / "job.toml"
    path.write_text(changed(JOB, power_w="-1"))

    def moment(_starts):
        raise AssertionError("asked for a moment")

    assert read_jobs(path, Complaints(), moment=moment, places=PLACES).jobs == ()


@pytest.mark.parametrize("kg", ["-1", "nan", '"3"'])
def test_a_budget_that_is_none_is_refused(read, kg):
    with pytest.raises(ConfigError, match=r"budgets_kg\.vision"):
        read(f"{JOB}\n[budgets_kg]\nvision = {kg}\n")


def test_a_short_file_becomes_a_job_with_every_default(read):
    (job,) = read(JOB).jobs

    assert (job.name, job.workload, job.home) == ("pretrain", Workload.TRAIN, "lab")
    assert job.duration_s == Bounded(central=21600.0, low=21600.0, high=21600.0)
    assert job.phases == (Phase(share=1.0, power_w=1200.0),)
    assert (job.earliest, job.deadline) == (NOW, NOW + 30 * HOUR)
    assert (job.hard, job.interruptible, job.private) == (True, False, None)
    assert job.places is None


def test_every_key_ends_up_in_the_record(read):
    found = read(EVERY_JOB_KEY)

    (job,) = found.jobs
    assert job.duration_s == Bounded(central=5400.0, low=3600.0, high=7200.0)
    assert job.phases == (
        Phase(share=0.25, power_w=200.0),
        Phase(share=0.75, power_w=1000.0),
    )
    assert job.earliest == NOW + HOUR
    assert job.deadline == datetime(2026, 3, 3, 17, tzinfo=UTC)
    assert (job.hard, job.late_g_per_h) == (False, 50.0)
    assert (job.gpus, job.cpus, job.memory_gib) == (4, 16.0, 64.5)
    assert job.pausing == Pausing(
        pause_s=60.0, resume_s=90.0, energy_j=72000.0, min_run_s=1800.0, max_pauses=2
    )
    assert job.datasets == (
        Dataset(name="corpus", size_gb=150.0, at=frozenset({"lab"})),
        Dataset(name="labels", size_gb=1.0, at=frozenset({"lab", "cloud"})),
    )
    assert job.places == {"lab", "cloud"}
    assert (job.needs_tags, job.shuns_tags) == ({"EU"}, {"spot"})
    assert (job.private, job.priority, job.project) == (True, -3, "vision")
    assert job.scaling == (0.3, 0.55, 0.8, 1.0)
    assert job.checkpoint_gb == 12.0
    assert job.interruptible
    assert found.budgets_g == {"vision": 12500.0}


def test_a_lone_table_is_a_job_as_well(read):
    assert len(read(JOB.replace("[[job]]", "[job]")).jobs) == 1


def test_a_spread_lies_on_both_sides(read):
    (job,) = read(changed(JOB, duration_spread_pct=50)).jobs

    assert job.duration_s == Bounded(central=21600.0, low=10800.0, high=32400.0)
    assert job.deadline == NOW + 33 * HOUR


def test_a_start_in_the_past_is_now_and_leaves_the_deadline_where_it_was(read):
    (job,) = read(changed(JOB, earliest="2026-03-02T05:00:00Z")).jobs

    assert job.earliest == NOW
    assert job.deadline == NOW + 27 * HOUR


def test_a_time_without_an_offset_is_of_this_machine_s_zone(read, monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        (job,) = read(changed(JOB, earliest="2026-03-03T08:00:00")).jobs
    finally:
        monkeypatch.undo()
        time.tzset()

    assert job.earliest == datetime(2026, 3, 2, 23, tzinfo=UTC)


def test_where_places_are_not_known_their_names_are_not_judged(read):
    (job,) = read(JOB, places=()).jobs

    assert job.home == "lab"
    assert job.deadline - job.earliest == timedelta(hours=30)


def test_one_file_serves_planning_and_submitting(read):
    executed = 'command = ["train.py"]\nenv = {A = "b"}\ngrace_s = 30\n'

    assert read(JOB + executed).jobs == read(JOB).jobs
