"""Jobs written down for the daemon: all of it, or nothing."""

import os
import sqlite3
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from greenops.agent.standing import Job
from greenops.config import Config
from greenops.errors import (
    ConfigError,
    GreenopsError,
    JobRefusedError,
    LedgerError,
    LedgerTooNewError,
)
from greenops.executors.job_folder import MAX_ENVIRONMENT_BYTES, read_environment
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Bounded, JobState
from greenops.wire.outlook_file import keep_outlook
from greenops.wire.submit import Submitter
from greenops.wire.submitted import How
from tests.unit.agent.worlds import dirty_then_clean, forecast
from tests.unit.ledger.job_records import a_spec

HOUR = Bounded(central=3600.0, low=3600.0, high=3600.0)
PLACES = """
[[place]]
name = "dirty"
zone = "PL"
[[place]]
name = "clean"
zone = "SE"
tags = ["EU"]
[[place]]
name = "cluster"
zone = "DE"
executor = "nobody-has-installed-this"
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "work").mkdir()
    return Config(
        zone="DE",
        ledger_path=tmp_path / "data" / "ledger.db",
        state_path=tmp_path / "state",
        signals_cache_path=tmp_path / "cache",
    )


def job(tmp_path, **changed):
    fields = {"argv": ("true",), "cwd": str(tmp_path / "work"), "duration_s": HOUR}
    return a_spec(**fields | changed)


def submit(config, spec, environ=None, *, more=None, **how):
    with Submitter(config, environ or {b"PATH": b"/bin"}) as submitter:
        return submitter.submit(spec, How(**how), more=more)


def store(config):
    return LedgerJobs(config.ledger_path, config.state_path / "jobs")


def files(tmp_path):
    return sorted(p for p in tmp_path.rglob("*") if p.name not in ("cache", "work"))


def test_a_job_is_in_the_ledger_with_its_plan_when_it_is_told(tmp_path, config):
    done = submit(config, job(tmp_path))

    with_store = store(config)
    ((job_id, (spec, last)),) = with_store.open_jobs().items()
    (decision,) = with_store.decisions(job_id)
    assert job_id == done.job_id
    assert (spec.argv, last.state) == (("true",), JobState.WAITING)
    assert (decision.cause, decision.chosen["place"]) == ("submission", "local")
    assert decision.reason.startswith(done.foreseen.intent.why)
    with_store.close()


def test_values_of_the_environment_are_in_the_jobs_own_file_and_nowhere_else(
    tmp_path, config
):
    environ = {b"HF_TOKEN": b"s3cret\xff\n=x", b"HOME": b"/home/ada"}

    done = submit(config, job(tmp_path), environ, more={"SEED": "7"})

    folder = config.state_path / "jobs" / done.job_id
    assert read_environment(folder) == environ | {b"SEED": b"7"}
    assert done.spec.environment_names == ("HF_TOKEN", "HOME", "SEED")
    assert stat.S_IMODE((folder / "environment").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in config.ledger_path.parent.iterdir():
        assert b"s3cret" not in path.read_bytes()


def test_a_job_submitted_by_a_job_is_not_taken_for_it(tmp_path, config):
    environ = {b"GREENOPS_JOB_ID": b"20260101-120000-aaaaaa", b"GREENOPS_RESUME": b"1"}
    environ[b"GREENOPS_WATCH"] = b"/dev/shm/greenops-watch-1"

    assert submit(config, job(tmp_path), environ).spec.environment_names == ()


def test_a_dry_run_plans_and_leaves_no_trace(tmp_path, config):
    before = files(tmp_path)

    done = submit(config, job(tmp_path), dry_run=True)

    assert done.foreseen.plan is not None
    assert files(tmp_path) == before


def test_a_held_job_waits_to_be_released(tmp_path, config):
    done = submit(config, job(tmp_path), held=True)

    assert done.foreseen.first.state is JobState.HELD


def test_a_job_to_run_now_is_so_from_its_first_event_on(tmp_path, config):
    done = submit(config, job(tmp_path), now=True)

    with_store = store(config)
    spec, last = with_store.open_jobs()[done.job_id]
    assert Job(job_id=done.job_id, spec=spec, last=last).standing.run_now
    with_store.close()


def test_the_daemons_forecast_decides_where_and_when(tmp_path, config):
    now = datetime.now(UTC)
    (tmp_path / "places.toml").write_text(PLACES)
    (tmp_path / "state").mkdir(mode=0o700)
    outlook = {
        "PL": forecast("PL", [800.0] * 168, issued_at=now),
        "SE": forecast("SE", dirty_then_clean(), issued_at=now),
    }
    keep_outlook(tmp_path / "state", outlook)

    done = submit(
        replace(config, places_path=tmp_path / "places.toml"),
        job(tmp_path, deadline=now + timedelta(hours=20)),
    )

    assert done.place == "clean"
    assert done.starts_at > now + timedelta(hours=1)
    assert done.saved_g > 0.0
    assert done.latest_start <= now + timedelta(hours=19)
    assert any("nobody-has-installed-this" in note for note in done.notes)


def test_what_has_run_before_tells_how_long_it_takes(tmp_path, config):
    submit(config, job(tmp_path, name="first"))  # makes the ledger
    done = submit(config, job(tmp_path, name="other", duration_s=None))

    assert done.foreseen.who.said.startswith("assumed duration")


@pytest.mark.parametrize("hours", [1.0, 0.5])
def test_a_deadline_that_cannot_be_met_is_refused_with_the_earliest_that_can(
    tmp_path, config, hours
):
    soon = datetime.now(UTC) + timedelta(hours=hours)
    spec = job(
        tmp_path,
        deadline=soon,
        duration_s=Bounded(central=7000.0, low=6000.0, high=9000.0),
    )

    with pytest.raises(JobRefusedError, match="earliest deadline that can be met"):
        submit(config, spec)
    assert not config.ledger_path.exists()


def test_a_job_that_only_may_take_too_long_is_taken_and_starts_at_once(
    tmp_path, config
):
    soon = datetime.now(UTC) + timedelta(hours=2)

    done = submit(config, job(tmp_path, deadline=soon, duration_s=None))

    assert done.latest_start < datetime.now(UTC)
    assert done.starts_at is None


def test_a_job_that_no_place_may_ever_run_is_refused(tmp_path, config):
    with pytest.raises(JobRefusedError, match="no place may ever run it"):
        submit(config, job(tmp_path, needs_tags=frozenset({"EU"})))
    assert not config.ledger_path.exists()


def test_a_job_larger_than_any_place_is_refused(tmp_path, config):
    with pytest.raises(JobRefusedError, match="train needs 100000 CPUs"):
        submit(config, job(tmp_path, cpus=100_000.0))


def test_an_environment_of_5_mb_is_refused_by_its_largest_variable(tmp_path, config):
    environ = {b"SMALL": b"x", b"HUGE": b"x" * 5_000_000}

    with pytest.raises(JobRefusedError, match=r"4\.8 MiB.* HUGE"):
        submit(config, job(tmp_path), environ)
    assert not config.ledger_path.exists()


def test_an_environment_as_large_as_is_kept_is_kept_whole(tmp_path, config):
    environ = {b"LARGE": b"x" * (MAX_ENVIRONMENT_BYTES - 8)}

    done = submit(config, job(tmp_path), environ)

    folder = config.state_path / "jobs" / done.job_id
    assert read_environment(folder) == environ


@pytest.mark.parametrize("name", ["", "A=B", "A\0"])
def test_a_variable_that_cannot_be_set_is_refused(tmp_path, config, name):
    with pytest.raises(JobRefusedError, match="cannot be set"):
        submit(config, job(tmp_path), more={name: "x"})


def test_a_job_that_cannot_be_written_down_leaves_no_values_behind(tmp_path, config):
    config.ledger_path.parent.mkdir()
    config.ledger_path.write_bytes(b"this is no database, and never was one" * 100)

    with pytest.raises(LedgerError):
        submit(config, job(tmp_path), {b"TOKEN": b"s3cret"})
    assert list((config.state_path / "jobs").iterdir()) == []


def test_a_ledger_of_a_newer_greenops_is_left_alone(tmp_path, config):
    submit(config, job(tmp_path))
    with sqlite3.connect(config.ledger_path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()

    with pytest.raises(LedgerTooNewError):
        submit(config, job(tmp_path))
    assert len(list((config.state_path / "jobs").iterdir())) == 1


def test_a_state_folder_that_cannot_be_made_is_said_with_what_to_set(tmp_path, config):
    (tmp_path / "file").write_text("")

    with pytest.raises(GreenopsError, match=r"set `state\.path`"):
        submit(replace(config, state_path=tmp_path / "file" / "state"), job(tmp_path))


def test_a_state_folder_that_is_a_link_is_not_followed(tmp_path, config):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(GreenopsError):
        submit(config, job(tmp_path))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_wrong_file_of_places_is_refused_before_anything_is_written(tmp_path, config):
    (tmp_path / "places.toml").write_text('[[place]]\nname = "a"\nzone = "Atlantis"\n')

    with pytest.raises(ConfigError, match="Atlantis"):
        submit(replace(config, places_path=tmp_path / "places.toml"), job(tmp_path))
    assert not config.state_path.exists()


def test_whether_a_daemon_works_is_told(tmp_path, config):
    assert not submit(config, job(tmp_path)).daemon
    seat = DaemonSeat(config.ledger_path)
    assert seat.take()
    try:
        assert submit(config, job(tmp_path)).daemon
    finally:
        seat.leave()


def test_secrets_on_the_command_line_are_not_in_the_ledger(tmp_path, config):
    done = submit(config, job(tmp_path, argv=("true", "--token", "s3cret")))

    with_store = store(config)
    assert with_store.open_jobs()[done.job_id][0].argv == ("true", "--token", "s3cret")
    assert with_store.job(done.job_id)[1].argv == ("true", "--token", "***")
    with_store.close()
    for path in config.ledger_path.parent.iterdir():
        assert b"s3cret" not in path.read_bytes()


def test_the_reason_calls_the_job_by_its_name(tmp_path, config):
    done = submit(config, job(tmp_path, name="finetune"))

    assert done.job_id not in done.reason
    assert "finetune" in done.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_ledger_that_may_only_be_read_takes_no_job(tmp_path, config):
    submit(config, job(tmp_path))
    config.ledger_path.parent.chmod(0o500)
    config.ledger_path.chmod(0o400)
    try:
        with pytest.raises(LedgerError):
            submit(config, job(tmp_path))
    finally:
        config.ledger_path.parent.chmod(0o700)
    assert len(list((config.state_path / "jobs").iterdir())) == 1


def test_more_variables_than_the_ledger_names_are_refused(tmp_path, config):
    environ = {b"VARIABLE_%06d" % n: b"x" for n in range(70_000)}

    with pytest.raises(JobRefusedError, match="characters"):
        submit(config, job(tmp_path), environ)
    assert list((config.state_path / "jobs").iterdir()) == []


def test_bytes_that_are_no_text_reach_the_job_as_they_were(tmp_path, config):
    argument = os.fsdecode(b"caf\xe9")

    done = submit(config, job(tmp_path, argv=("true", argument)), {b"A\xff": b"\xfe"})

    with_store = store(config)
    spec, _ = with_store.open_jobs()[done.job_id]
    with_store.close()
    assert os.fsencode(spec.argv[1]) == b"caf\xe9"
    folder = config.state_path / "jobs" / done.job_id
    assert read_environment(folder) == {b"A\xff": b"\xfe"}


def test_a_place_that_does_not_say_what_is_free_is_planned_as_if_all_was(
    tmp_path, config, monkeypatch
):
    monkeypatch.setattr("greenops.wire.submit.healths_of", lambda *_, **__: {})

    done = submit(config, job(tmp_path, gpus=4, private=True), dry_run=True)

    assert done.place == "local"
    assert any("did not say in time" in note for note in done.notes)
