import time
from datetime import timedelta
from math import ceil

import pytest

from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.report.timeline import timeline
from tests.bench.make_ledger import TICK_S, make_ledger
from tests.unit.ledger.records import (
    CPU,
    GPU,
    T0,
    a_mark,
    a_run,
    a_sample,
    a_use,
    an_end,
)

THREE_DAYS = timedelta(days=3)


def kept(tmp_path, samples, *, uses=(), marks=()):
    """Return a ledger with one run of these samples."""
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path)
    recorder.begin(a_run("a"))
    recorder.add_devices("a", [CPU, GPU])
    for sample in samples:
        recorder.add("a", [sample], None)
    for use in uses:
        recorder.add("a", [], use)
    for mark in marks:
        recorder.mark("a", mark)
    recorder.finish(an_end("a"), [], None)
    assert recorder.flush(10.0)
    recorder.close()
    return Ledger(path)


def test_samples_that_begin_within_one_stretch_are_summed_up_by_device(tmp_path):
    samples = [a_sample(s, of) for s in range(6) for of in (CPU, GPU)]
    ledger = kept(tmp_path, samples)

    stretches = ledger.course("a", width_s=3.0).stretches

    assert sum(s.job_energy_j for s in stretches) == pytest.approx(
        sum(s.job_energy_j for s in samples)
    )
    assert {s.device_id for s in stretches} == {CPU.device_id, GPU.device_id}
    assert len(stretches) < len(samples)
    assert all(s.covered_s == pytest.approx(s.duration_s) for s in stretches)


def test_a_gap_is_not_covered(tmp_path):
    ledger = kept(tmp_path, [a_sample(0), a_sample(7)])

    (stretch,) = ledger.course("a", width_s=1e6).stretches

    lasts_s = a_sample().duration_s
    assert stretch.duration_s == pytest.approx(7 + lasts_s)
    assert stretch.covered_s == pytest.approx(2 * lasts_s)


def test_no_stretch_reaches_over_a_cut(tmp_path):
    ledger = kept(tmp_path, [a_sample(s) for s in range(10)])
    cut_s = T0.timestamp() + 5

    stretches = ledger.course("a", width_s=1e6, cuts=[cut_s]).stretches

    assert [round(s.start_epoch_s - T0.timestamp()) for s in stretches] == [0, 5]


def test_fine_stretches_are_the_samples_themselves(tmp_path):
    samples = [a_sample(s, of) for s in range(4) for of in (CPU, GPU)]
    ledger = kept(tmp_path, samples)

    stretches = ledger.course("a", width_s=0.01).stretches

    assert [(s.device_id, s.start_epoch_s, s.job_energy_j) for s in stretches] == [
        (s.device_id, s.start_epoch_s, s.job_energy_j) for s in samples
    ]


def test_the_peak_is_of_one_tick_over_all_devices(tmp_path):
    def sample(second, device, power_w):
        drawn_j = power_w * a_sample().duration_s
        return a_sample(second, device, node_energy_j=drawn_j, job_energy_j=drawn_j)

    ledger = kept(
        tmp_path,
        [
            sample(0, GPU, 100),
            sample(0, CPU, 50),
            sample(1, GPU, 140),
            sample(1, CPU, 5),
        ],
    )

    assert ledger.course("a", width_s=1.0).peak_power_w == pytest.approx(150)


def test_of_a_run_without_samples_nothing_is_known(tmp_path):
    course = kept(tmp_path, []).course("a", width_s=1.0)

    assert course.stretches == ()
    assert (course.peak_power_w, course.cpu_s, course.peak_rss_bytes) == (None,) * 3


def test_processor_time_is_summed_and_memory_is_the_largest(tmp_path):
    uses = [a_use(s) for s in range(3)]
    course = kept(tmp_path, [], uses=uses).course("a", width_s=1.0)

    assert course.cpu_s == pytest.approx(sum(u.cpu_s for u in uses))
    assert course.peak_rss_bytes == max(u.rss_bytes for u in uses)


def test_a_ledger_by_url_gives_the_same_course(tmp_path):
    local = kept(tmp_path, [a_sample(s) for s in range(5)], marks=[a_mark()])
    url = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")

    assert url.course("a", width_s=2.0) == local.course("a", width_s=2.0)
    url.close()


@pytest.mark.slow
def test_three_days_of_samples_are_laid_over_time_within_a_second_or_two(tmp_path):
    path = tmp_path / "ledger.db"
    ticks = ceil(THREE_DAYS.total_seconds() / TICK_S)
    make_ledger(path, runs=1, samples=ticks)
    ledger = Ledger(path)
    run = ledger.get("last").run
    begin_s = run.started_at.timestamp()
    middle = a_mark("second half", THREE_DAYS.total_seconds() / 2)
    cut_s = begin_s + middle.offset_s

    began_s = time.process_time()
    course = ledger.course("last", width_s=60.0, cuts=[cut_s])
    laid = timeline(
        course.stretches, start_epoch_s=begin_s, duration_s=ticks * TICK_S, bins=1200
    )
    took_s = time.process_time() - began_s

    assert took_s < 2.5  # read one by one: 4 s and more
    sampled_j = sum(s.job_energy_j for s in ledger.samples("last"))
    assert sum(s.job_energy_j for s in course.stretches) == pytest.approx(sampled_j)
    bin_s = ticks * TICK_S / 1200
    drawn_j = sum((w or 0.0) * bin_s for row in laid.power_w.values() for w in row)
    assert drawn_j == pytest.approx(sampled_j, rel=1e-3)
