import time

import pytest

from greenops.errors import SensorReadError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.cpu_clock import CpuClock
from greenops.sensors.load_sweep import LoadSweep, Step, plan
from greenops.sensors.node_cpu import NodeCpu


class SteadyMeter:
    """A package of 20 W whose counter wraps at 5 J, beside memory of 3 W."""

    name = "steady"

    def __init__(self, *, lost_at=None):
        self.reads, self.lost_at = 0, lost_at

    def devices(self):
        return [
            Device(device_id=i, kind=k, name=i, source="rapl", rel_uncertainty=0.05)
            for i, k in (("cpu:0", DeviceKind.CPU), ("dram:0", DeviceKind.DRAM))
        ]

    def read(self, at_s):
        self.reads += 1
        memory = Reading(device_id="dram:0", counter_j=3 * at_s)
        if self.lost_at == self.reads:
            return [memory]
        cpu = Reading(device_id="cpu:0", counter_j=20 * at_s % 5, wraps_at_j=5.0)
        return [cpu, memory]

    def close(self):
        pass


@pytest.fixture
def node():
    node = NodeCpu()
    yield node
    node.close()


@pytest.mark.parametrize("threads", [1, 2, 3, 8, 192])
def test_a_plan_holds_idle_full_and_both_kinds_of_part_load(threads):
    steps = plan(threads)

    assert steps[0].processes == 0
    assert steps[-1] == Step(processes=threads, duty=1.0)
    assert len(steps) == len(set(steps))
    assert len(steps) >= 6
    assert all(0 < s.processes <= threads for s in steps[1:])


def test_power_is_the_packages_alone_also_over_a_wrap(node, tmp_path):
    sweep = LoadSweep(SteadyMeter(), node, CpuClock(tmp_path), step_s=0.2)
    told = []
    points = sweep.run(
        [Step(processes=0, duty=0)] * 3, lambda s, p: told.append((s, p))
    )

    assert [p.power_w for p in points] == pytest.approx([20.0] * 3, rel=0.1)
    assert all(p.mean_ghz is None for p in points)
    assert [p for _, p in told] == points


def test_a_busy_process_shows_in_the_load_and_is_gone_afterwards(node, tmp_path):
    sweep = LoadSweep(SteadyMeter(), node, CpuClock(tmp_path), step_s=0.6)
    (point,) = sweep.run([Step(processes=1, duty=1.0)], lambda *_: None)
    before_s, at_s = node.busy_s(), time.monotonic()

    assert point.load >= 0.6 / node.capacity
    assert at_s > 0
    assert before_s > 0


def test_a_package_that_was_not_read_ends_the_sweep(node, tmp_path):
    sweep = LoadSweep(SteadyMeter(lost_at=2), node, CpuClock(tmp_path), step_s=0.1)

    with pytest.raises(SensorReadError, match="every package"):
        sweep.run([Step(processes=0, duty=0)], lambda *_: None)
