import contextlib
import sqlite3
import subprocess
import sys
import time

import pytest

from greenops.errors import JobNotFoundError, LedgerTooNewError, LedgerUnavailableError
from greenops.ledger.jobs import LedgerJobs
from greenops.model import JobState, RequestKind
from tests.unit.ledger.job_records import (
    JOB_ID,
    T0,
    a_decision,
    a_spec,
    an_event,
)

SECRET = ("python", "x.py", "--token", "hunter2")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def jobs(path, tmp_path):
    """A store with one job that waits."""
    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
        jobs.add(JOB_ID, a_spec(), an_event())
        yield jobs


def change(path, sql, *given):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, given)


def count(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_a_secret_is_nowhere_in_the_ledger(jobs, tmp_path):
    jobs.add("j2", a_spec(argv=SECRET), an_event(job_id="j2"))
    jobs.close()

    for file in tmp_path.glob("ledger.db*"):
        assert b"hunter2" not in file.read_bytes(), file
    assert jobs.open_jobs()["j2"][0].argv == SECRET


def test_a_job_whose_command_is_gone_is_left_out_until_it_is_back(jobs, tmp_path):
    jobs.add("j2", a_spec(argv=SECRET), an_event(job_id="j2"))
    (tmp_path / "jobs").rename(tmp_path / "away")

    assert list(jobs.open_jobs()) == [JOB_ID]
    assert "submit it again" in jobs.unreadable()["j2"]
    assert jobs.job("j2")[1].argv[-1] == "***"
    (tmp_path / "away").rename(tmp_path / "jobs")
    assert jobs.open_jobs()["j2"][0].argv == SECRET
    assert jobs.unreadable() == {}


def test_the_command_of_a_refused_submission_replaces_no_others(jobs):
    jobs.add("j2", a_spec(argv=SECRET), an_event(job_id="j2"))

    with contextlib.suppress(Exception):
        jobs.add("j2", a_spec(argv=(*SECRET, "more")), an_event(job_id="j2"))

    assert jobs.open_jobs()["j2"][0].argv == SECRET


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE jobs SET spec = '{\"quantum\": 1}' WHERE job_id = 'j2'", "upgrade"),
        ("UPDATE jobs SET spec = '{' WHERE job_id = 'j2'", "submit it again"),
        (
            "UPDATE job_events SET state = 'dreaming' WHERE job_key = 2",
            "only a newer greenops knows",
        ),
        ("UPDATE job_events SET facts = '{' WHERE job_key = 2", "cannot be read"),
    ],
    ids=["newer submission", "damaged submission", "newer state", "damaged facts"],
)
def test_a_job_that_cannot_be_read_hides_no_other(jobs, path, sql, why):
    jobs.add("j2", a_spec(), an_event(job_id="j2"))
    change(path, sql)

    with contextlib.closing(LedgerJobs(path, path.parent)) as other:
        assert list(other.open_jobs()) == [JOB_ID]
        assert why in other.unreadable()["j2"]


def test_a_job_that_cannot_be_read_can_be_cancelled(jobs, path):
    jobs.add("j2", a_spec(), an_event(job_id="j2"))
    change(path, "UPDATE jobs SET spec = '{'")

    jobs.append(an_event(1, JobState.CANCELLED, job_id="j2"))

    with contextlib.closing(LedgerJobs(path, path.parent)) as other:
        assert other.open_jobs() == {}
        assert list(other.unreadable()) == [JOB_ID]


def test_a_request_of_a_newer_kind_is_left_to_a_newer_greenops(jobs, path):
    jobs.ask(JOB_ID, RequestKind.HOLD, "ada", T0)
    second = jobs.ask(JOB_ID, RequestKind.CANCEL, "ada", T0)
    change(path, "UPDATE job_requests SET kind = 'dream' WHERE request_key = 1")

    assert [r.request_id for r in jobs.requests()] == [second]


def test_it_says_when_another_process_has_written_and_only_then(jobs, path, tmp_path):
    jobs.changed()
    jobs.append(an_event(1, JobState.HELD))
    assert not jobs.changed()

    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as other:
        other.ask(JOB_ID, RequestKind.RELEASE, "ada", T0)

    assert jobs.changed()
    assert not jobs.changed()


def test_what_another_process_wrote_is_seen(jobs, path, tmp_path):
    jobs.open_jobs()
    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as other:
        other.append(an_event(1, JobState.DONE))
        other.add("j2", a_spec(name="new"), an_event(job_id="j2"))

    assert [spec.name for spec, _ in jobs.open_jobs().values()] == ["new"]


def test_what_decisions_were_made_on_is_kept_once(jobs, path):
    shared = {"forecast": "one"}
    same = [a_decision(inputs=shared), a_decision(inputs=dict(shared))]

    jobs.append(decisions=same)
    jobs.append(decisions=[a_decision(inputs={"forecast": "two"}), *same])

    assert count(path, "decision_inputs") == 2
    assert [d.inputs["forecast"] for d in jobs.decisions(JOB_ID)] == [
        "one", "one", "two", "one", "one",
    ]  # fmt: skip


@pytest.mark.usefixtures("jobs")
def test_a_ledger_held_by_another_process_is_waited_for_and_not_for_ever(path):
    with contextlib.closing(LedgerJobs(path, path.parent, patience_s=0.3)) as other:
        other.open_jobs()
        with contextlib.closing(sqlite3.connect(path)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            began_s = time.monotonic()
            with pytest.raises(LedgerUnavailableError, match="locked"):
                other.append(an_event(1, JobState.HELD))
            assert 0.2 < time.monotonic() - began_s < 5.0
            assert other.open_jobs()[JOB_ID][1] == an_event()
            holder.execute("ROLLBACK")
        other.append(an_event(1, JobState.HELD))


def test_a_ledger_that_was_moved_away_is_begun_anew(jobs, path):
    jobs.open_jobs()
    path.rename(path.with_name("elsewhere"))

    assert jobs.open_jobs() == {}
    with pytest.raises(JobNotFoundError):
        jobs.append(an_event(1, JobState.HELD))


@pytest.mark.usefixtures("jobs")
def test_the_ledger_of_a_newer_greenops_is_refused(path):
    change(path, "PRAGMA user_version = 99")

    with (
        contextlib.closing(LedgerJobs(path, path.parent)) as other,
        pytest.raises(LedgerTooNewError, match="upgrade greenops"),
    ):
        other.add("j2", a_spec(), an_event(job_id="j2"))


def test_an_id_cannot_lead_out_of_the_folder_of_jobs(jobs):
    with pytest.raises(ValueError, match="no id of a job"):
        jobs.add("../../x", a_spec(argv=SECRET), an_event(job_id="../../x"))
    assert list(jobs.open_jobs()) == [JOB_ID]


def test_what_the_disk_does_not_confirm_is_not_taken_for_written(jobs, monkeypatch):
    def fail(_fd):
        raise OSError(5, "input/output error")

    monkeypatch.setattr("greenops.ledger.append.os.fdatasync", fail)

    with pytest.raises(LedgerUnavailableError, match="did not confirm"):
        jobs.append(an_event(1, JobState.HELD))


def test_near_matches_are_named(jobs):
    with pytest.raises(JobNotFoundError, match="Did you mean train"):
        jobs.job("trian")
    with pytest.raises(JobNotFoundError, match=f"newest is {JOB_ID}"):
        jobs.job("zzz")


def test_jobs_are_kept_and_listed_without_sqlalchemy(path, tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from greenops.ledger.jobs import LedgerJobs\n"
        "from greenops.ledger.job_query import JobLedger\n"
        "path = Path(sys.argv[1])\n"
        "LedgerJobs(path, path.parent).open_jobs()\n"
        "JobLedger(path).find_jobs(); JobLedger(path).past('x')\n"
        "heavy = {'sqlalchemy', 'numpy', 'pydantic', 'rich'} & sys.modules.keys()\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )

    subprocess.run([sys.executable, "-c", code, str(path)], check=True, cwd=tmp_path)
