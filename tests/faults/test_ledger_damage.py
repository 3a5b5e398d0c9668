"""A ledger file that is no sound database: moved aside, never deleted."""

import contextlib
import os
import socket
import sqlite3
import threading

import pytest

from greenops.errors import (
    LedgerDamagedError,
    LedgerTooNewError,
    LedgerUnavailableError,
)
from greenops.ledger.damage import move_aside
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.store import open_ledger
from greenops.ledger.take_in import take_in_spool
from tests.bench.ledger_kill import check
from tests.unit.ledger.records import CPU, a_run, a_sample, a_total, an_end, spooled

RUN_ID = a_run().run_id


@pytest.fixture
def path(tmp_path):
    """A sound ledger with some runs in it."""
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    for n in range(300):
        recorder.begin(a_run(f"old-{n}", name="x" * 200))
        recorder.add_devices(f"old-{n}", [CPU])
        recorder.add(f"old-{n}", [a_sample(s) for s in range(5)], None)
    assert recorder.flush(20.0)
    recorder.close()
    return path


def garbage(path):
    path.write_bytes(b"not a database, but long enough to be one\n" * 1000)


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_in_a_page(path):
    path.write_bytes(path.read_bytes()[:5000])


def wrong_header(path):
    path.write_bytes(b"SQLite format 9\0" + path.read_bytes()[16:])


def zeroed_pages(path):
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


def one_byte(path):
    path.write_bytes(b"\0")


DAMAGES = [garbage, truncated, cut_in_a_page, wrong_header, zeroed_pages, one_byte]


def write_a_run(recorder):
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])
    recorder.add(RUN_ID, [a_sample(0)], None)
    recorder.finish(an_end(), [a_total()], None)


def moved(path):
    return sorted(path.parent.glob("ledger.damaged-*.db"))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_a_recorder_moves_a_damaged_ledger_aside_and_begins_a_new_one(
    path, tmp_path, damage
):
    damage(path)
    content = path.read_bytes()
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")

    write_a_run(recorder)
    assert recorder.flush(10.0)
    said = " ".join(recorder.complaints())
    recorder.close()

    (aside,) = moved(path)
    assert aside.read_bytes() == content
    assert f"moved to {aside}" in said
    assert Ledger(path).get(RUN_ID).end == an_end()
    assert spooled(tmp_path / "spool") == []
    check(path)


@pytest.mark.parametrize("damage", [garbage, wrong_header, zeroed_pages])
def test_a_reader_says_where_it_moved_a_damaged_ledger(path, damage):
    damage(path)
    content = path.read_bytes()

    with pytest.raises(LedgerDamagedError, match=r"moved to .*ledger\.damaged-"):
        Ledger(path).find_runs()

    assert moved(path)[0].read_bytes() == content
    assert Ledger(path).find_runs() == []


def test_a_reader_by_sqlalchemy_says_so_too(path):
    zeroed_pages(path)

    with pytest.raises(LedgerDamagedError, match=r"moved to .*ledger\.damaged-"):
        Ledger(path).get("last")


def test_an_empty_file_is_laid_out_and_closed_to_others(tmp_path):
    path = tmp_path / "ledger.db"
    path.touch(mode=0o644)
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")

    write_a_run(recorder)
    assert recorder.flush(10.0)
    recorder.close()

    assert recorder.complaints() == []
    assert path.stat().st_mode & 0o777 == 0o600
    assert Ledger(path).get(RUN_ID).end == an_end()


def test_an_emptied_file_beside_its_log_is_damage_and_the_log_is_kept(tmp_path):
    path = tmp_path / "ledger.db"
    path.touch()
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(b"what was not yet in the ledger" * 10)
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")

    write_a_run(recorder)
    assert recorder.flush(10.0)
    recorder.close()

    (aside,) = moved(path)
    kept = aside.with_name(aside.name + "-wal").read_bytes()
    assert kept == b"what was not yet in the ledger" * 10
    assert Ledger(path).get(RUN_ID).end == an_end()


def test_a_log_without_its_ledger_is_not_played_into_a_new_one(path, tmp_path):
    with contextlib.closing(open_ledger(path)) as holder:
        holder.execute("DELETE FROM samples")
        log = tmp_path / "ledger.db-wal"
        content = log.read_bytes()
        path.unlink()

        recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
        write_a_run(recorder)
        assert recorder.flush(10.0)
        recorder.close()

        (kept,) = tmp_path.glob("ledger.damaged-*-wal")
        assert kept.read_bytes() == content
    check(path)
    assert Ledger(path).count_runs() == 1


def test_of_many_that_find_the_damage_at_once_one_moves_it_and_none_loses_a_run(
    path, tmp_path
):
    garbage(path)
    recorders = [LedgerRecorder(path, spool_dir=tmp_path / "spool") for _ in range(8)]

    def write(n):
        recorders[n].begin(a_run(f"new-{n}"))
        recorders[n].finish(an_end(f"new-{n}"), [a_total()], None)
        assert recorders[n].flush(20.0)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for recorder in recorders:
        recorder.close()

    assert len(moved(path)) == 1
    # One from under which the file was moved once more may have set its run aside.
    take_in_spool(path, spool_dir=tmp_path / "spool")
    assert Ledger(path).count_runs() == 8
    check(path)


def test_damage_in_the_midst_of_a_run_costs_what_was_in_the_damaged_file(
    path, tmp_path
):
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])
    assert recorder.flush(10.0)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    zeroed_pages(path)
    with contextlib.suppress(LedgerDamagedError):
        Ledger(path).find_runs()  # finds the damage, and moves it from under the run

    recorder.add(RUN_ID, [a_sample(1)], None)
    recorder.finish(an_end(), [a_total()], None)
    assert recorder.flush(10.0)
    recorder.close()

    assert Ledger(path).get(RUN_ID).end == an_end()
    assert list(Ledger(path).samples(RUN_ID)) == [a_sample(1)]


def test_a_sound_ledger_is_not_moved(path):
    assert move_aside(path) is None
    assert moved(path) == []


def test_a_busy_ledger_is_not_taken_for_damaged(path):
    with contextlib.closing(open_ledger(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert move_aside(path) is None


def test_the_ledger_of_a_newer_greenops_is_left_alone_and_the_run_set_aside(
    path, tmp_path
):
    with contextlib.closing(open_ledger(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")

    write_a_run(recorder)
    assert recorder.flush(10.0)
    recorder.close()

    assert "upgrade greenops" in " ".join(recorder.complaints())
    assert len(spooled(tmp_path / "spool")) == 1
    with pytest.raises(LedgerTooNewError, match="upgrade greenops"):
        Ledger(path).get("last")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "socket"])
def test_what_is_no_file_is_refused_at_once_and_the_run_set_aside(tmp_path, kind):
    path = tmp_path / "ledger.db"
    listener = socket.socket(socket.AF_UNIX)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        listener.bind(str(path))
    recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    recorder.begin(a_run())
    recorder.finish(an_end(), [], None)

    assert recorder.flush(5.0)
    assert "set aside" in " ".join(recorder.complaints())
    recorder.close()
    with pytest.raises(LedgerUnavailableError, match="no regular file"):
        Ledger(path).find_runs()
    with pytest.raises(LedgerUnavailableError, match="no regular file"):
        Ledger(path).get("last")
    listener.close()
