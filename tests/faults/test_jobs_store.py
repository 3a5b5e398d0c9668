"""Jobs in a ledger whose writers are killed, that is full, read-only, or in demand."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from greenops.errors import LedgerError, LedgerUnavailableError
from greenops.ledger.job_query import JobLedger
from greenops.ledger.jobs import LedgerJobs
from greenops.model import JobState, RequestKind
from tests.bench.ledger_kill import check
from tests.faults.test_ledger_disk import tmpfs
from tests.unit.ledger.job_records import JOB_ID, T0, a_decision, a_spec, an_event

KILLS = 12
AT_ONCE = 50
WRITER = """
import sys
from pathlib import Path
from greenops.ledger.jobs import LedgerJobs
from greenops.model import Answer, JobState, RequestKind
from tests.unit.ledger.job_records import T0, a_decision, a_spec, an_event
path, mark, many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
jobs = LedgerJobs(path, path.parent / "jobs")
ids = [f"{mark}-{n}" for n in range(many)]
for job_id in ids:
    jobs.add(job_id, a_spec(argv=("x", "--token", "s3cret")), an_event(job_id=job_id))
    print("added", job_id, flush=True)
for seq in range(1, 10**6):
    number = jobs.ask(ids[0], RequestKind.HOLD, "ada", T0)
    jobs.append(
        *(an_event(seq, JobState.RUNNING, job_id=job_id) for job_id in ids),
        decisions=[a_decision(job_id) for job_id in ids],
        answers=[Answer(request_id=number, at=T0, answer=str(seq))],
    )
    print("appended", seq, number, flush=True)
"""


def start(path, mark, many=AT_ONCE):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), mark, str(many)],
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_at_random(writer, dice):
    """Return the lines of a writer that was killed at a random moment."""
    first = writer.stdout.readline()
    time.sleep(dice.uniform(0.0, 0.6))
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate()
    return [line.split() for line in (first + rest).splitlines()]


def test_what_was_said_to_be_written_is_there_after_a_kill_at_any_moment(tmp_path):
    path, dice = tmp_path / "ledger.db", random.Random()
    for number in range(KILLS):
        mark = f"kill{number}"
        lines = kill_at_random(start(path, mark), dice)

        check(path)
        with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
            added = [words[1] for words in lines if words[0] == "added"]
            appended = [int(words[1]) for words in lines if words[0] == "appended"]
            last = {
                job_id: event.seq
                for job_id, (_, event) in jobs.open_jobs().items()
                if job_id.startswith(f"{mark}-")
            }
            assert jobs.unreadable() == {}
            assert set(added) <= last.keys()
            if appended:
                assert_whole(jobs, last, appended[-1], mark)


def assert_whole(jobs, last, seq, mark):
    """All of a writing is there, or nothing of it, and no less than was said."""
    (reached,) = set(last.values())
    assert reached in {seq, seq + 1}
    for job_id in last:
        _, _, events = jobs.job(job_id)
        assert [e.seq for e in events] == list(range(reached + 1))
        assert len(jobs.decisions(job_id)) == reached
    open_ids = [r.request_id for r in jobs.requests() if r.job_id == f"{mark}-0"]
    assert len(open_ids) <= 1


def test_many_writers_at_once_and_some_killed_lose_nothing(tmp_path):
    path, dice = tmp_path / "ledger.db", random.Random()
    writers = {f"w{n}": start(path, f"w{n}", 5) for n in range(4)}

    said = {mark: kill_at_random(writer, dice) for mark, writer in writers.items()}

    check(path)
    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
        stands = jobs.open_jobs()
        for mark, lines in said.items():
            appended = [int(words[1]) for words in lines if words[0] == "appended"]
            if appended:
                assert stands[f"{mark}-0"][1].seq >= appended[-1]


def fill(jobs, written):
    """Write events with decisions until the disk is full."""
    for seq in range(1, 10_000):
        event = an_event(seq, JobState.RUNNING)
        jobs.append(event, decisions=[a_decision(reason="x" * 500)])
        written.append(seq)


def test_on_a_full_disk_nothing_is_half_written_and_all_is_still_read(tmp_path):
    with tmpfs(tmp_path / "home", "size=1m") as home:
        path = home / "ledger.db"
        jobs = LedgerJobs(path, home / "jobs")
        jobs.add(JOB_ID, a_spec(), an_event())
        free_bytes = os.statvfs(home).f_bavail * os.statvfs(home).f_frsize
        (home / "ballast").write_bytes(b"x" * max(0, free_bytes - 40_000))

        written: list[int] = []
        with pytest.raises(LedgerUnavailableError, match=r"full|disk"):
            fill(jobs, written)
        last = len(written)
        assert jobs.open_jobs()[JOB_ID][1].seq == last
        assert len(jobs.decisions(JOB_ID)) == last
        with pytest.raises(LedgerError):
            jobs.ask(JOB_ID, RequestKind.CANCEL, "ada", T0)
        assert JobLedger(path).job(JOB_ID)[2][-1].seq == last

        (home / "ballast").unlink()
        jobs.append(an_event(last + 1, JobState.DONE))
        assert jobs.open_jobs() == {}
        jobs.close()
        check(path)


def test_a_secret_that_cannot_be_kept_beside_the_ledger_leaves_no_job(tmp_path):
    with tmpfs(tmp_path / "full", "size=64k") as full:
        (full / "jobs").mkdir(mode=0o700)
        with contextlib.suppress(OSError):
            (full / "ballast").write_bytes(b"x" * 100_000)
        with contextlib.closing(LedgerJobs(tmp_path / "l.db", full / "jobs")) as jobs:
            spec = a_spec(argv=("x", "--token", "s3cret" * 2000))

            with pytest.raises(LedgerUnavailableError, match="secret"):
                jobs.add(JOB_ID, spec, an_event())

            assert jobs.open_jobs() == {}


def test_on_a_read_only_disk_jobs_are_listed_and_none_is_submitted(tmp_path):
    with tmpfs(tmp_path / "home", "size=4m") as home:
        path = home / "ledger.db"
        with contextlib.closing(LedgerJobs(path, home / "jobs")) as jobs:
            jobs.add(JOB_ID, a_spec(), an_event())
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)

        ledger = JobLedger(path)
        assert [line.job_id for line in ledger.find_jobs()] == [JOB_ID]
        assert ledger.job("last")[1] == a_spec()
        with (
            contextlib.closing(LedgerJobs(path, home / "jobs")) as jobs,
            pytest.raises(LedgerUnavailableError),
        ):
            jobs.ask(JOB_ID, RequestKind.CANCEL, "ada", T0)


def test_ten_thousand_waiting_jobs_are_replanned_in_a_second(tmp_path):
    with contextlib.closing(LedgerJobs(tmp_path / "l.db", tmp_path / "jobs")) as jobs:
        ids = [f"j{n}" for n in range(10_000)]
        jobs.add_all((job_id, a_spec(), an_event(job_id=job_id)) for job_id in ids)
        inputs = {"forecast": "x" * 2000}
        events = [an_event(1, job_id=job_id) for job_id in ids]
        decisions = [a_decision(job_id, inputs=inputs) for job_id in ids]

        began_s = time.process_time()
        jobs.append(*events, decisions=decisions)
        took_s = time.process_time() - began_s
        assert took_s < 1.0

        assert len(jobs.open_jobs()) == 10_000
        began_s = time.process_time()
        jobs.open_jobs()
        assert time.process_time() - began_s < 0.5
