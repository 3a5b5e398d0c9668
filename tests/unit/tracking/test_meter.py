from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from greenops.errors import SensorReadError
from greenops.model import Device, DeviceKind, Method, Reading, Run
from greenops.testing import FixedClock, MemoryRecorder, ReplaySensor
from greenops.tracking.clock import RunClock
from greenops.tracking.meter import Parts, RunMeter

START = datetime(2026, 3, 1, 11, 59, 50, tzinfo=UTC)


@dataclass
class Job:
    """A job and its machine, as the test says they are."""

    job_s: float = 0.0
    node_s: float = 0.0
    pids: set[int] = field(default_factory=set)
    since_s: float = 0.0
    jobs: int = 1
    method: str = "test"
    fraction: float = 1.0

    def cpu_s(self):
        return self.job_s

    def busy_s(self):
        return self.node_s

    def contains(self, pid):
        return pid in self.pids

    def gpu_fraction(self):
        return self.fraction

    def others(self, device_ids):
        return dict.fromkeys(device_ids, [0.0] * (self.jobs - 1))

    def surrounding_run_id(self):
        return None

    def close(self):
        pass


CPU = Device(
    device_id="cpu:package-0", kind=DeviceKind.CPU, name="CPU", source="rapl",
    rel_uncertainty=0.0, limit_w=500.0,
)  # fmt: skip
GPU = Device(
    device_id="gpu:0", kind=DeviceKind.GPU, name="GPU", source="nvml_counter",
    rel_uncertainty=0.0, limit_w=700.0,
)  # fmt: skip


class Bench:
    """A meter over replayed sensors and a clock that the test moves."""

    def __init__(self, *sensors, job=None, interval_s=1.0):
        self.clock = FixedClock(START, monotonic_s=100.0)
        self.asleep_s = 0.0
        self.job = job or Job()
        self.recorder = MemoryRecorder()
        run_clock = RunClock(
            monotonic=self.clock.monotonic,
            wall=self.clock.time,
            boottime=lambda: self.clock.monotonic() + self.asleep_s,
        )
        self.parts = Parts(
            sensors=list(sensors), probe=self.job, node_cpu=self.job,
            recorder=self.recorder, neighbours=self.job, clock=run_clock,
        )  # fmt: skip
        run = Run(
            run_id="r", name="n", kind="wrap", command=("x",), cwd="/", host="h",
            user="u", started_at=START, pid=1, recorder_pid=2, recorder_started_s=0.0,
            boot_id="b", interval_s=interval_s,
        )  # fmt: skip
        self.meter = RunMeter(run, self.parts, start_s=100.0, node_cpu_s=0.0)

    def tick(self, seconds=1.0, job_s=0.0, node_s=0.0):
        self.clock.sleep(seconds)
        self.job.job_s += job_s
        self.job.node_s += node_s
        self.meter.tick()

    def finish(self):
        self.meter.finish(self.clock.monotonic())
        return {t.device.device_id: t for t in self.meter.totals()}


def counting(device, *counters_j, **more):
    steps = [
        SensorReadError("no") if c is None
        else [Reading(device_id=device.device_id, counter_j=c, **more)]
        for c in counters_j
    ]  # fmt: skip
    return ReplaySensor([device], steps, name=device.source)


def test_processor_energy_goes_by_the_share_of_busy_time():
    bench = Bench(counting(CPU, 0, 100, 200, 200))
    bench.meter.tick()
    bench.tick(job_s=0.5, node_s=2.0)
    bench.tick(job_s=2.0, node_s=2.0)

    total = bench.finish()[CPU.device_id]

    assert total.node_energy_j == pytest.approx(200)
    assert total.job_energy_j == pytest.approx(0.25 * 100 + 1.0 * 100)


def test_a_failed_read_is_a_gap_that_the_counter_spans_and_never_a_zero():
    bench = Bench(counting(CPU, 1000, None, None, 1150, 1150))
    bench.meter.tick()
    for _ in range(3):
        bench.tick(job_s=1.0, node_s=1.0)

    total = bench.finish()[CPU.device_id]

    assert total.job_energy_j == pytest.approx(150)
    assert total.quality.failed_reads == 2


def test_the_share_of_a_spanned_gap_is_that_of_the_whole_gap():
    bench = Bench(counting(CPU, 0, None, 300, 300))
    bench.meter.tick()
    bench.tick(job_s=0.0, node_s=1.0)
    bench.tick(job_s=1.0, node_s=1.0)

    assert bench.finish()[CPU.device_id].job_energy_j == pytest.approx(150)


@pytest.mark.parametrize(
    ("processes", "pids", "tenants", "share"),
    [
        ({}, {7}, 1, 1.0),
        (None, {7}, 2, 0.5),
        ({7: None}, {7}, 1, 1.0),
        ({8: 0.9}, {7}, 1, 0.0),
        ({7: 0.2, 8: 0.6}, {7}, 1, 0.25),
    ],
    ids=["nobody", "two-wait", "alone", "only-others", "shared"],
)
def test_gpu_energy_goes_to_who_uses_it(processes, pids, tenants, share):
    job = Job(pids=pids, jobs=tenants)
    bench = Bench(counting(GPU, 0, 400, 400, processes=processes), job=job)
    bench.meter.tick()
    bench.tick()

    assert bench.finish()[GPU.device_id].job_energy_j == pytest.approx(400 * share)


def test_several_blocks_in_one_process_share_its_gpu():
    bench = Bench(counting(GPU, 0, 400, 400), job=Job(fraction=0.25))
    bench.meter.tick()
    bench.tick()

    assert bench.finish()[GPU.device_id].job_energy_j == pytest.approx(100)


def test_sleep_costs_nothing():
    bench = Bench(counting(CPU, 0, 100, 5, 105, 105))
    bench.meter.tick()
    bench.tick(job_s=1, node_s=1)
    bench.asleep_s += 3600  # the counter restarted meanwhile
    bench.tick(job_s=1, node_s=1)
    bench.tick(job_s=1, node_s=1)

    total = bench.finish()[CPU.device_id]
    assert 200 <= total.job_energy_j <= 310
    assert bench.parts.clock.asleep_s == 3600


def test_what_is_used_after_the_end_is_cut_off():
    bench = Bench(counting(GPU, 0, 100, 200, power_w=100.0))
    bench.meter.tick()
    bench.tick()
    bench.clock.sleep(1.0)
    bench.meter.finish(bench.clock.monotonic() - 0.5)

    (total,) = bench.meter.totals()
    assert total.job_energy_j == pytest.approx(150)


def test_a_device_that_appears_later_is_measured_from_then_on():
    late = counting(GPU, 50, 50, 150, 150)
    hidden = {"yet": True}
    devices = late.devices
    late.devices = lambda: () if hidden["yet"] else devices()
    bench = Bench(counting(CPU, 0, 1, 2, 3, 4), late)
    bench.tick(0.1)
    hidden["yet"] = False
    bench.tick()
    bench.tick()

    assert bench.finish()[GPU.device_id].job_energy_j == pytest.approx(100, rel=0.01)


def test_samples_hours_and_totals_tell_one_story():
    bench = Bench(counting(CPU, *range(0, 2100, 100)))
    bench.meter.tick()
    for _ in range(19):
        bench.tick(job_s=1, node_s=2)
    total = bench.finish()[CPU.device_id]

    samples = list(bench.recorder.ledger.samples("r"))
    hours = bench.meter.hours()

    assert sum(s.job_energy_j for s in samples) == pytest.approx(total.job_energy_j)
    assert sum(h.energy_j for h in hours) == pytest.approx(total.job_energy_j)
    assert [h.hour.hour for h in hours] == [11, 12]
    assert {s.method for s in samples} <= {Method.COUNTER, Method.BRIDGED}


def test_a_run_of_a_millisecond_has_an_energy_or_none_but_no_error():
    bench = Bench(counting(CPU, 0, 0.1))
    bench.clock.sleep(0.001)
    bench.meter.tick()

    totals = bench.finish()

    assert all(t.job_energy_j >= 0 for t in totals.values())


def test_what_a_model_counts_is_said_to_be_modelled():
    model = replace(CPU, device_id="cpu:model", source="model")
    bench = Bench(counting(model, 0, 100, 200, 200))
    bench.meter.tick()
    bench.tick(job_s=1, node_s=1)
    bench.tick(job_s=1, node_s=1)

    total = bench.finish()["cpu:model"]

    assert (total.method, total.job_energy_j) == (Method.MODEL, pytest.approx(200))


def test_three_days_are_added_up_exactly_hour_by_hour():
    """At 10 s a tick, by a counter that wraps every 1,000 J: some 4,700 times."""
    ticks, watts, wrap_j = 3 * 24 * 360, 17.3, 1000.0
    readings = [
        [
            Reading(
                device_id=CPU.device_id,
                counter_j=watts * 10 * i % wrap_j,
                wraps_at_j=wrap_j,
            )
        ]
        for i in range(ticks + 2)
    ]
    bench = Bench(ReplaySensor([CPU], readings, name="rapl"), interval_s=10.0)
    bench.meter.tick()
    for _ in range(ticks):
        bench.tick(10.0, job_s=5.0, node_s=10.0)

    total = bench.finish()[CPU.device_id]

    assert total.node_energy_j == pytest.approx(ticks * 10 * watts)
    assert total.job_energy_j == pytest.approx(ticks * 10 * watts / 2)
    hours = bench.meter.hours()
    assert len(hours) == 73  # it began ten seconds before noon
    assert sum(h.energy_j for h in hours) == pytest.approx(total.job_energy_j)
    assert hours[1].energy_j == pytest.approx(3600 * watts / 2)
    assert total.quality.outliers == total.quality.gaps == 0
