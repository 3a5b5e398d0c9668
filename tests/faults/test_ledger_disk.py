"""A ledger that cannot be written: read-only, full, locked, or nowhere at all."""

import contextlib
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from greenops.errors import LedgerError
from greenops.ledger import writer
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.store import open_ledger
from greenops.ledger.take_in import take_in_spool
from greenops.model import RunStatus
from tests.bench.ledger_kill import check
from tests.unit.ledger.records import (
    CPU,
    a_footprint,
    a_run,
    a_sample,
    a_total,
    a_use,
    an_end,
    spooled,
)

RUN_ID = a_run().run_id


def write_a_run(recorder, run_id=RUN_ID, *, ticks=3):
    recorder.begin(a_run(run_id))
    recorder.add_devices(run_id, [CPU])
    for second in range(ticks):
        recorder.add(run_id, [a_sample(second)], a_use(second))
    recorder.finish(an_end(run_id), [a_total()], a_footprint())


@contextlib.contextmanager
def tmpfs(folder, options):
    """A file system of its own at `folder`; only root may mount one."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("may not mount a file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def locked(path):
    """Hold the ledger as a program would that hangs in a transaction."""
    with contextlib.closing(open_ledger(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


def assert_set_aside_and_taken_in(recorder, spool_dir, path):
    said = " ".join(recorder.complaints())
    assert "set aside in" in said
    assert "LOST" not in said
    assert recorder.place() == str(spooled(spool_dir)[0])
    recorder.close()

    assert take_in_spool(path, spool_dir=spool_dir) == 1
    record = Ledger(path).get(RUN_ID)
    assert (record.status, record.end) == (RunStatus.FINISHED, an_end())
    assert record.totals == (a_total(),)
    assert record.footprint == a_footprint()
    assert list(Ledger(path).samples(RUN_ID)) == [a_sample(s) for s in range(3)]


def test_below_a_file_there_can_be_no_ledger_so_the_run_is_set_aside(tmp_path):
    (tmp_path / "home").write_text("")
    recorder = LedgerRecorder(
        tmp_path / "home" / "ledger.db", spool_dir=tmp_path / "spool"
    )

    write_a_run(recorder)

    assert recorder.flush(10.0)
    assert_set_aside_and_taken_in(recorder, tmp_path / "spool", tmp_path / "other.db")


def test_on_a_read_only_disk_the_run_is_set_aside_and_the_ledger_still_read(tmp_path):
    with tmpfs(tmp_path / "home", "size=4m"):
        path = tmp_path / "home" / "ledger.db"
        earlier = LedgerRecorder(path, spool_dir=tmp_path / "spool")
        write_a_run(earlier, "earlier")
        earlier.close()
        home = str(tmp_path / "home")
        subprocess.run(["mount", "-o", "remount,ro", home], check=True)

        recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
        write_a_run(recorder)
        assert recorder.flush(10.0)

        ledger = Ledger(path)
        assert [r.run_id for r in ledger.find_runs()] == ["earlier"]
        assert ledger.get("last").totals == (a_total(),)
        ledger.close()
        other = tmp_path / "other.db"
        assert_set_aside_and_taken_in(recorder, tmp_path / "spool", other)


def test_on_a_full_disk_the_run_is_set_aside_and_the_ledger_stays_sound(tmp_path):
    with tmpfs(tmp_path / "home", "size=1m") as home:
        path = home / "ledger.db"
        recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
        recorder.begin(a_run())
        recorder.add_devices(RUN_ID, [CPU])
        assert recorder.flush(10.0)
        (home / "ballast").write_bytes(
            b"x" * (os.statvfs(home).f_bavail * os.statvfs(home).f_frsize - 40_000)
        )

        for second in range(2000):
            recorder.add(RUN_ID, [a_sample(second)], a_use(second))
            if second % 200 == 0:
                recorder.flush(10.0)
        recorder.finish(an_end(), [a_total()], a_footprint())
        assert recorder.flush(10.0)
        assert "set aside in" in " ".join(recorder.complaints())
        recorder.close()

        check(path)
        (home / "ballast").unlink()
        assert take_in_spool(path, spool_dir=tmp_path / "spool") == 1
        assert len(list(Ledger(path).samples(RUN_ID))) == 2000
        assert Ledger(path).get(RUN_ID).end == an_end()


def test_on_a_full_disk_the_ledger_is_still_read(tmp_path):
    with tmpfs(tmp_path / "home", "size=1m") as home:
        path = home / "ledger.db"
        recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
        write_a_run(recorder, ticks=5)
        recorder.close()
        with contextlib.suppress(OSError):
            (home / "ballast").write_bytes(b"x" * (1 << 20))

        for _ in range(2):  # the first try leaves an empty log behind
            assert [row.run_id for row in Ledger(path).find_runs()] == [RUN_ID]
            assert len(list(Ledger(path).samples(RUN_ID))) == 5
        with pytest.raises(LedgerError, match=r"readonly|full|disk"):
            Ledger(path).delete([RUN_ID])
        (home / "ballast").unlink()
        assert Ledger(path).delete([RUN_ID]) == 1


FULL = """
import resource, signal, sys
from pathlib import Path
from greenops.ledger.recorder import LedgerRecorder
from tests.faults.test_ledger_disk import write_a_run
recorder = LedgerRecorder(Path(sys.argv[1]) / "ledger.db", spool_dir=Path(sys.argv[1]) / "s")
recorder.begin
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
write_a_run(recorder, ticks=200)
print(recorder.flush(10.0), recorder.complaints())
recorder.close()
"""


@pytest.mark.parametrize("limit_bytes", [0, 4096, 20_000])
def test_where_nothing_can_be_written_the_loss_is_said_loudly(tmp_path, limit_bytes):
    command = [sys.executable, "-c", FULL, str(tmp_path), str(limit_bytes)]

    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("False")
    assert "LOST: 200 samples" in done.stdout
    assert "nor can the run be set aside" in done.stdout
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_ledger_locked_for_too_long_is_not_waited_for(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool", lock_patience_s=0.3)
    with locked(path):
        began_s = time.monotonic()
        write_a_run(recorder)
        told_s = time.monotonic() - began_s
        assert recorder.flush(10.0)
        assert time.monotonic() - began_s < 5.0

    assert told_s < 0.2
    assert "locked by another process" in " ".join(recorder.complaints())
    assert_set_aside_and_taken_in(recorder, tmp_path / "spool", path)


def test_flush_gives_a_locked_ledger_up_in_time_to_set_the_run_aside(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool", lock_patience_s=60.0)
    with locked(path):
        write_a_run(recorder)
        assert recorder.flush(1.0)

    assert_set_aside_and_taken_in(recorder, tmp_path / "spool", path)


def test_a_ledger_locked_for_a_moment_is_waited_for(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    with locked(path):
        write_a_run(recorder)
        time.sleep(0.5)
    assert recorder.flush(10.0)
    recorder.close()

    assert recorder.complaints() == []
    assert Ledger(path).get(RUN_ID).end == an_end()


def test_a_ledger_that_can_be_written_again_gets_what_was_set_aside(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(writer, "RETURN_AFTER_S", 0.2)
    path, spool_dir = tmp_path / "ledger.db", tmp_path / "spool"
    recorder = LedgerRecorder(path, spool_dir=spool_dir, lock_patience_s=0.1)
    with locked(path):
        recorder.begin(a_run())
        recorder.add_devices(RUN_ID, [CPU])
        recorder.add(RUN_ID, [a_sample(0)], None)
        assert recorder.flush(10.0)
        assert len(spooled(spool_dir)) == 1
    time.sleep(0.3)

    recorder.add(RUN_ID, [a_sample(1)], None)
    recorder.finish(an_end(), [a_total()], None)
    assert recorder.flush(10.0)
    recorder.close()

    assert spooled(spool_dir) == []
    assert list(Ledger(path).samples(RUN_ID)) == [a_sample(0), a_sample(1)]
    assert Ledger(path).get(RUN_ID).end == an_end()


def test_a_ledger_removed_under_a_run_is_begun_anew_with_that_run(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])
    recorder.add(RUN_ID, [a_sample(0)], None)
    assert recorder.flush(10.0)
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()

    recorder.add(RUN_ID, [a_sample(1)], None)
    recorder.finish(an_end(), [a_total()], None)
    assert recorder.flush(10.0)
    recorder.close()

    assert "moved or removed" in " ".join(recorder.complaints())
    assert list(Ledger(path).samples(RUN_ID)) == [a_sample(1)]
    assert Ledger(path).get(RUN_ID).run == a_run()
    check(path)


def test_ledger_and_companions_are_for_their_owner_alone(tmp_path):
    path = tmp_path / "data" / "greenops" / "ledger.db"
    old_mask = os.umask(0)
    try:
        recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
        recorder.begin(a_run())
        assert recorder.flush(10.0)
        modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in path.parent.iterdir()}
        recorder.close()
    finally:
        os.umask(old_mask)

    assert modes == dict.fromkeys(
        ("ledger.db", "ledger.db-wal", "ledger.db-shm"), 0o600
    )
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_where_no_thread_may_start_flush_does_the_work(tmp_path, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    recorder = LedgerRecorder(tmp_path / "ledger.db", spool_dir=tmp_path / "spool")
    write_a_run(recorder)

    assert recorder.flush(10.0)
    recorder.close()

    assert Ledger(tmp_path / "ledger.db").get(RUN_ID).end == an_end()


def test_a_disk_that_never_answers_fills_memory_only_so_far(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(
        path, spool_dir=tmp_path / "spool", max_queued=100, lock_patience_s=60.0
    )
    with locked(path):
        recorder.begin(a_run())
        recorder.add_devices(RUN_ID, [CPU])
        time.sleep(1.0)  # the thread hangs in the lock by now
        for second in range(500):
            recorder.add(RUN_ID, [a_sample(second)], None)
        assert not recorder.flush(1.0)

    assert "LOST: 450 samples" in " ".join(recorder.complaints())
    recorder.close()


def test_sqlite_itself_takes_the_ledger(tmp_path):
    """The ledger is a plain database: other tools read it."""
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    write_a_run(recorder)
    assert recorder.flush(10.0)
    recorder.close()

    with contextlib.closing(sqlite3.connect(path)) as connection:
        total = connection.execute("SELECT sum(job_energy_j) FROM samples").fetchone()
    assert total == (120.0,)
