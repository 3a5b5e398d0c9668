import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from greenops.errors import LedgerError
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from tests.unit.ledger.records import (
    CPU,
    a_run,
    a_sample,
    a_total,
    a_use,
    an_end,
)

RUN_ID = a_run().run_id


@pytest.fixture
def recorder(tmp_path):
    recorder = LedgerRecorder(tmp_path / "ledger.db", spool_dir=tmp_path / "spool")
    yield recorder
    recorder.close()


def samples_in(path):
    try:
        return len(list(Ledger(path).samples(RUN_ID)))
    except LedgerError:
        return 0


def the_thread():
    return next(t for t in threading.enumerate() if t.name == "greenops-ledger")


def test_a_recorder_that_is_told_nothing_does_nothing(tmp_path):
    recorder = LedgerRecorder(tmp_path / "data" / "ledger.db")

    assert recorder.flush(1.0)
    assert recorder.place() == str(tmp_path / "data" / "ledger.db")
    recorder.close()

    assert list(tmp_path.iterdir()) == []


def test_a_tick_lies_in_the_ledger_within_a_second_without_being_asked(
    recorder, tmp_path
):
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])
    assert recorder.flush(10.0)

    for second in range(3):
        recorder.add(RUN_ID, [a_sample(second)], a_use(second))
        told_s = time.monotonic()
        while samples_in(tmp_path / "ledger.db") <= second:
            assert time.monotonic() - told_s < 1.0
            time.sleep(0.05)


def test_a_short_run_is_one_transaction(recorder, monkeypatch):
    begun: list[str] = []
    connect = sqlite3.connect

    def traced(*given, **named):
        connection = connect(*given, **named)
        connection.set_trace_callback(begun.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])
    recorder.add(RUN_ID, [a_sample()], a_use())
    recorder.finish(an_end(), [a_total()], None)
    assert recorder.flush(10.0)

    made = max(i for i, said in enumerate(begun) if "user_version =" in said)
    begun = begun[begun.index("COMMIT", made) + 1 :]  # once its tables are there
    inserts = [i for i, said in enumerate(begun) if said.startswith("INSERT")]
    between = begun[inserts[0] : inserts[-1]]
    assert "COMMIT" not in between


def test_the_end_of_a_run_is_written_at_once(recorder, tmp_path):
    recorder.begin(a_run())
    told_s = time.monotonic()
    recorder.finish(an_end(), [a_total()], None)

    while not Ledger(tmp_path / "ledger.db").count_runs(status="finished"):
        assert time.monotonic() - told_s < 0.7
        time.sleep(0.02)


def test_what_was_committed_is_brought_to_the_disk_itself(
    recorder, tmp_path, monkeypatch
):
    synced = []
    monkeypatch.setattr(
        os,
        "fdatasync",
        lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink()),
    )
    recorder.begin(a_run())
    assert recorder.flush(10.0)
    recorder.close()

    assert synced == [tmp_path / "ledger.db-wal"]


def test_signals_are_left_to_the_main_thread(recorder):
    recorder.begin(a_run())
    assert recorder.flush(10.0)

    status = Path(f"/proc/self/task/{the_thread().native_id}/status").read_text()
    blocked = int(status.split("SigBlk:")[1].split()[0], 16)

    for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
        assert blocked & (1 << (signo - 1)), signo
    assert the_thread().daemon


def test_no_call_waits_for_the_disk(recorder, tmp_path):
    (tmp_path / "ledger.db").touch()
    holder = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    began_s = time.monotonic()
    recorder.begin(a_run())
    for second in range(100):
        recorder.add(RUN_ID, [a_sample(second)], a_use(second))
    recorder.complaints()
    recorder.place()
    took_s = time.monotonic() - began_s
    holder.close()

    assert took_s < 0.1


def test_a_record_that_is_none_costs_itself_only(recorder, tmp_path):
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])
    recorder.add(RUN_ID, ["no sample"], None)
    recorder.add(RUN_ID, [a_sample(0, duration_s="long")], None)
    recorder.add(RUN_ID, [a_sample(1)], a_use(2**70))
    recorder.finish(an_end(exit_code=2**70), [], None)
    recorder.finish(an_end(), [a_total()], None)

    assert not recorder.flush(10.0)

    assert samples_in(tmp_path / "ledger.db") == 1
    assert Ledger(tmp_path / "ledger.db").get(RUN_ID).end == an_end()
    assert sum("LOST" in said for said in recorder.complaints()) >= 1


def test_very_many_complaints_stay_few(recorder):
    recorder.begin(a_run())
    for n in range(100):
        recorder.mark(f"unknown-{n}", "no mark")
    recorder.flush(10.0)

    assert len(recorder.complaints()) < 30
