"""What every recorder owes, whatever it writes to."""

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from greenops.errors import RunNotFoundError
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import Method, NodeEnergy, RunStatus
from greenops.testing import MemoryRecorder
from tests.contracts.training_records import a_pass, a_tick, a_training
from tests.unit.ledger.records import (
    CPU,
    GPU,
    a_footprint,
    a_mark,
    a_run,
    a_sample,
    a_total,
    a_use,
    an_end,
)

if TYPE_CHECKING:
    from greenops.ports import Recorder

RUN_ID = a_run().run_id


@pytest.fixture(params=["ledger", "memory"])
def recorder_and_ledger(request, tmp_path):
    """A recorder, and what reads what it has written."""
    if request.param == "memory":
        in_memory = MemoryRecorder()
        yield in_memory, in_memory.ledger
        return
    path = tmp_path / "data" / "ledger.db"
    recorder: Recorder = LedgerRecorder(path, spool_dir=tmp_path / "spool")
    ledger = Ledger(path)
    yield recorder, ledger
    recorder.close()
    ledger.close()


def test_a_finished_run_reads_back_as_it_was_written(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger
    run = a_run(project="vision", team="a", zone="DE", pue=1.2, tags={"seed": "1"})
    samples = [a_sample(0), a_sample(0, GPU, method=Method.BRIDGED, utilization=None)]

    recorder.begin(run)
    recorder.add_devices(RUN_ID, [CPU, GPU])
    recorder.add(RUN_ID, samples, a_use(0))
    recorder.add(RUN_ID, [a_sample(1)], None)
    recorder.mark(RUN_ID, a_mark())
    recorder.finish(an_end(), [a_total(), a_total(GPU)], a_footprint())
    assert recorder.flush(10.0)

    record = ledger.get(RUN_ID)
    assert record.run == run
    assert record.status is RunStatus.FINISHED
    assert record.end == an_end()
    assert record.totals == (a_total(), a_total(GPU))
    assert record.footprint == a_footprint()
    assert record.marks == (a_mark(),)
    assert list(ledger.samples(RUN_ID)) == [*samples, a_sample(1)]
    assert list(ledger.job_use(RUN_ID)) == [a_use(0)]
    assert ledger.devices(RUN_ID) == [CPU, GPU]
    assert list(recorder.complaints()) == []


def test_a_run_that_goes_on_is_running_and_has_no_totals(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger

    recorder.begin(a_run())
    assert recorder.flush(10.0)

    record = ledger.get(RUN_ID)
    assert (record.status, record.end, record.totals) == (RunStatus.RUNNING, None, ())
    assert [row.status for row in ledger.find_runs()] == [RunStatus.RUNNING]


def test_repeats_do_no_harm(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger

    for _ in range(2):
        recorder.begin(a_run())
        recorder.add_devices(RUN_ID, [CPU])
        recorder.add(RUN_ID, [a_sample(0)], a_use(0))
        recorder.finish(an_end(), [a_total()], a_footprint())
    assert recorder.flush(10.0)

    assert list(ledger.samples(RUN_ID)) == [a_sample(0)]
    assert ledger.devices(RUN_ID) == [CPU]
    assert ledger.get(RUN_ID).totals == (a_total(),)


def test_runs_that_overlap_are_kept_apart(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger
    inner = a_run("20260101-120001-bbbbbb", parent_run_id=RUN_ID)

    recorder.begin(a_run())
    recorder.begin(inner)
    recorder.add_devices(RUN_ID, [CPU])
    recorder.add_devices(inner.run_id, [GPU, CPU])
    recorder.add(RUN_ID, [a_sample(0)], None)
    recorder.add(inner.run_id, [a_sample(0, job_energy_j=1.0)], None)
    recorder.finish(an_end(inner.run_id), [a_total(GPU)], None)
    assert recorder.flush(10.0)

    assert list(ledger.samples(RUN_ID)) == [a_sample(0)]
    assert list(ledger.samples(inner.run_id)) == [a_sample(0, job_energy_j=1.0)]
    assert ledger.get(inner.run_id).run.parent_run_id == RUN_ID
    assert ledger.get(RUN_ID).status is RunStatus.RUNNING


def test_a_tick_of_a_run_never_begun_is_complained_of_and_not_raised(
    recorder_and_ledger,
):
    recorder, ledger = recorder_and_ledger

    recorder.add("nobody", [a_sample()], None)
    recorder.begin(a_run())
    recorder.flush(10.0)

    assert any("LOST" in said for said in recorder.complaints())
    assert ledger.get(RUN_ID).run == a_run()
    with pytest.raises(RunNotFoundError):
        ledger.get("nobody")


def test_many_threads_may_write_at_once(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger
    recorder.begin(a_run())
    recorder.add_devices(RUN_ID, [CPU])

    def write(worker):
        for i in range(50):
            recorder.add(RUN_ID, [a_sample(worker * 50 + i)], None)

    threads = [threading.Thread(target=write, args=(w,)) for w in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.flush(10.0)

    assert list(ledger.samples(RUN_ID)) == [a_sample(i) for i in range(200)]


def test_closing_twice_and_calls_after_closing_are_harmless(recorder_and_ledger):
    recorder, _ = recorder_and_ledger
    recorder.begin(a_run())

    recorder.close()
    recorder.close()
    recorder.mark(RUN_ID, a_mark())
    recorder.complaints()

    assert recorder.place()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_writes_nothing_and_returns_at_once(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger
    if isinstance(recorder, MemoryRecorder):
        pytest.skip("its memory is the child's own")
    recorder.begin(a_run())
    assert recorder.flush(10.0)

    child = os.fork()
    if child == 0:
        recorder.mark(RUN_ID, a_mark())
        recorder.flush(5.0)
        recorder.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    recorder.mark(RUN_ID, a_mark("parent", 2.0))
    assert recorder.flush(10.0)

    assert ledger.get(RUN_ID).marks == (a_mark("parent", 2.0),)


HOUR = datetime(2026, 3, 1, 12, tzinfo=UTC)


def node_energy(hours=0, host="node-1", device=CPU, idle_j=40.0):
    return NodeEnergy(
        host=host,
        device=replace(device, limit_w=None, counter_period_s=None),  # not kept
        hour=HOUR + timedelta(hours=hours),
        since=HOUR + timedelta(hours=hours, seconds=1.25),
        covered_s=60.5,
        energy_j=60.0 + idle_j,
        measured_j=10.0,
        found_j=20.0,
        idle_j=idle_j,
        unattributed_j=30.0,
        error_j=1.5,
    )


def kept(ledger, *, stop=24, **chosen):
    return list(ledger.node_energy(HOUR, HOUR + timedelta(hours=stop), **chosen))


def test_what_a_node_used_reads_back_by_the_hour(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger
    first, second = node_energy(), node_energy(1)

    recorder.keep([second])
    recorder.keep([first])
    assert recorder.flush(10.0)

    assert kept(ledger) == [first, second]
    assert kept(ledger, stop=1) == [first]
    assert kept(ledger, host="node-2") == []


def test_a_later_record_of_a_node_replaces_the_one_of_its_name_and_no_other(
    recorder_and_ledger,
):
    recorder, ledger = recorder_and_ledger
    recorder.keep([node_energy(), node_energy(device=GPU), node_energy(host="b")])
    recorder.keep([node_energy(idle_j=50.0)])
    assert recorder.flush(10.0)

    found = {(e.host, e.device.device_id): e.energy_j for e in kept(ledger)}

    assert found == {
        ("node-1", CPU.device_id): 110.0,
        ("node-1", GPU.device_id): 100.0,
        ("b", CPU.device_id): 100.0,
    }


def test_what_a_training_counted_reads_back_with_every_pass(recorder_and_ledger):
    recorder, ledger = recorder_and_ledger
    whole = a_training(tick=a_tick(12.0), passes=(a_pass(0, batches=9), a_pass(1)))

    recorder.begin(a_run())
    assert recorder.flush(10.0)
    assert ledger.training(RUN_ID) is None

    recorder.add_training(RUN_ID, a_training(passes=(a_pass(0),)))
    recorder.add_training(RUN_ID, whole)
    recorder.add_training(RUN_ID, replace(whole, tick=a_tick(31.0, steps=9), passes=()))
    assert recorder.flush(10.0)

    assert ledger.training(RUN_ID) == replace(whole, tick=a_tick(31.0, steps=9))
    ticks = ledger.training_ticks(RUN_ID, width_s=15.0)
    assert ticks == [a_tick(12.0), a_tick(31.0, steps=9)]
    assert list(recorder.complaints()) == []
