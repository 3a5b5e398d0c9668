import os
import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from greenops.energy.totals import from_samples
from greenops.errors import SignalError
from greenops.ledger import process
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.recover import SILENT_FOR_S, Here, close_lost, is_gone
from greenops.model import HourEnergy, Method, Quality, RunStatus
from tests.unit.ledger.records import (
    CPU,
    GPU,
    T0,
    a_footprint,
    a_run,
    a_sample,
    a_total,
    a_use,
    an_end,
)

RUN_ID = a_run().run_id
DEAD_PID = 2**22 + 1  # above the largest pid a kernel gives out
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def me():
    stat = Path("/proc/self/stat").read_bytes()
    return int(stat.rpartition(b")")[2].split()[19]) / TICKS_PER_S


def lose(path, run, *, samples=(), uses=()):
    """Leave a run behind as a recorder that was killed would."""
    recorder = LedgerRecorder(path)
    recorder.begin(run)
    recorder.add_devices(run.run_id, [CPU, GPU])
    recorder.add(run.run_id, samples, None)
    for use in uses:
        recorder.add(run.run_id, [], use)
    assert recorder.flush(10.0)
    recorder.close()


def here_run(run_id=RUN_ID, **changed):
    fields = {
        "host": socket.gethostname(),
        "boot_id": process.boot_id(),
        "recorder_pid": DEAD_PID,
        "recorder_started_s": 1.0,
    }
    return a_run(run_id, **fields | changed)


def test_a_run_whose_recorder_died_is_closed_at_its_last_sample(path):
    samples = [a_sample(0), a_sample(0, GPU), a_sample(1), a_sample(2, GPU)]
    lose(path, here_run(), samples=samples)

    assert close_lost(path) == 1

    record = Ledger(path).get(RUN_ID)
    assert record.status is RunStatus.LOST
    assert record.end is not None
    assert record.end.stopped_at == T0 + timedelta(seconds=3)
    assert record.end.duration_s == 3.0
    assert (record.end.exit_code, record.end.exit_signal) == (None, None)
    assert f"process {DEAD_PID}" in record.end.notes[0]
    assert record.totals == tuple(
        from_samples([s for s in samples if s.device_id == d.device_id]).total(
            d, Quality()
        )
        for d in (CPU, GPU)
    )
    assert Ledger(path).find_runs()[0].energy_j == 160.0
    assert close_lost(path) == 0


def test_what_its_job_used_after_the_last_sample_counts_too(path):
    lose(path, here_run(), samples=[a_sample(0)], uses=[a_use(4)])

    close_lost(path)

    assert Ledger(path).find_runs()[0].duration_s == 5.0


def test_a_lost_run_without_samples_has_no_energy_rather_than_none_used(path):
    lose(path, here_run())

    assert close_lost(path) == 1

    record = Ledger(path).get(RUN_ID)
    assert (record.status, record.totals) == (RunStatus.LOST, ())
    row = Ledger(path).find_runs()[0]
    assert (row.duration_s, row.energy_j) == (0.0, None)


def test_its_footprint_comes_from_its_energy_by_the_hour(path):
    before = 3600 * 13 - 3600 * 12 - 1  # the last second of the first hour
    lose(path, here_run(), samples=[a_sample(before), a_sample(before + 1, GPU)])
    asked = []

    def assess(lost):
        asked.append(lost)
        return a_footprint(7.0)

    assert close_lost(path, assess=assess) == 1

    assert asked[0].hours == (
        HourEnergy(hour=T0, energy_j=40.0),
        HourEnergy(hour=T0 + timedelta(hours=1), energy_j=40.0),
    )
    assert Ledger(path).get(RUN_ID).footprint == a_footprint(7.0)


def test_a_run_is_closed_also_where_its_footprint_cannot_be_known(path):
    lose(path, here_run(), samples=[a_sample(0)])

    def assess(_):
        raise SignalError("no data")

    assert close_lost(path, assess=assess) == 1

    assert Ledger(path).get(RUN_ID).footprint is None


def test_a_run_that_is_still_recorded_is_left_alone(path):
    lose(path, here_run(recorder_pid=os.getpid(), recorder_started_s=me()))

    assert close_lost(path) == 0
    assert Ledger(path).get(RUN_ID).status is RunStatus.RUNNING


def test_another_process_of_the_same_pid_does_not_keep_a_run_open(path):
    lose(path, here_run(recorder_pid=os.getpid(), recorder_started_s=me() - 50))

    assert close_lost(path) == 1


def test_of_two_that_find_a_run_lost_one_closes_it(path):
    for n in range(5):
        lose(path, here_run(f"run-{n}"), samples=[a_sample(0)])
    closed = []
    threads = [
        threading.Thread(target=lambda: closed.append(close_lost(path)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(closed) == 5


def test_a_recorder_that_was_alive_after_all_has_the_last_word(path):
    recorder = LedgerRecorder(path)
    recorder.begin(here_run())
    recorder.add_devices(RUN_ID, [CPU, GPU])
    recorder.add(RUN_ID, [a_sample(0), a_sample(0, GPU)], None)
    assert recorder.flush(10.0)
    assert close_lost(path) == 1

    recorder.add(RUN_ID, [a_sample(1)], None)
    recorder.finish(an_end(), [a_total()], None)
    assert recorder.flush(10.0)
    recorder.close()

    record = Ledger(path).get(RUN_ID)
    assert (record.end, record.totals) == (an_end(), (a_total(),))
    assert len(list(Ledger(path).samples(RUN_ID))) == 3


def test_a_missing_ledger_has_nothing_lost_and_is_not_made(path):
    assert close_lost(path) == 0
    assert not path.exists()


HERE = Here(host="node1", boot_id="boot-2", namespace="pid:[1]", now_epoch_s=1e9)


def a_row(**changed):
    fields = {
        "host": "node1",
        "boot_id": "boot-2",
        "recorder_namespace": "pid:[1]",
        "recorder_pid": DEAD_PID,
        "recorder_started_s": 0.0,
        "interval_s": 1.0,
    }
    return fields | changed


@pytest.mark.parametrize(
    ("row", "silent_s", "gone"),
    [
        pytest.param(a_row(), 0, True, id="dead-here"),
        pytest.param(a_row(recorder_pid=1), 1e6, False, id="alive-here-though-silent"),
        pytest.param(a_row(boot_id="boot-1"), 60, True, id="before-a-reboot"),
        pytest.param(a_row(boot_id="boot-1"), 2, False, id="namesake-that-writes"),
        pytest.param(
            a_row(boot_id="boot-1", interval_s=60.0), 100, False, id="slow-namesake"
        ),
        pytest.param(a_row(host="node2"), 3600, False, id="elsewhere"),
        pytest.param(
            a_row(host="node2"), SILENT_FOR_S + 1, True, id="elsewhere-long-silent"
        ),
        pytest.param(
            a_row(recorder_namespace="pid:[2]"), 3600, False, id="in-a-container"
        ),
        pytest.param(
            a_row(recorder_namespace="pid:[2]"),
            SILENT_FOR_S + 1,
            True,
            id="in-a-container-long-silent",
        ),
        pytest.param(a_row(recorder_namespace=""), 0, True, id="namespace-unknown"),
    ],
)
def test_a_recorder_is_gone_when(row, silent_s, gone):
    assert is_gone(row, HERE.now_epoch_s - silent_s, HERE) is gone


def test_the_totals_rebuilt_state_a_systematic_error_once(path):
    samples = [a_sample(s, method=Method.MODEL, error_j=0.0) for s in range(50)]
    lose(path, here_run(), samples=samples)

    close_lost(path)

    (total,) = Ledger(path).get(RUN_ID).totals
    half_j = CPU.rel_uncertainty * total.job_energy_j
    assert total.job_high_j - total.job_energy_j == pytest.approx(half_j)
