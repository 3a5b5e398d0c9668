import os
import struct

import pytest

from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.sensors.detect import CpuFacts
from greenops.sensors.perf import PerfEnergySensor, open_event

CPU = CpuFacts(name="Intel Xeon Gold", vendor="GenuineIntel", family=6, model=0x55)
SCALE = 2.0**-32


@pytest.fixture
def sysfs(tmp_path):
    pmu = tmp_path / "bus/event_source/devices/power"
    (pmu / "events").mkdir(parents=True)
    (pmu / "type").write_text("23\n")
    (pmu / "cpumask").write_text("0,16\n")
    for name, number in (("pkg", 2), ("ram", 3), ("cores", 1), ("psys", 5)):
        event = pmu / "events" / f"energy-{name}"
        event.write_text(f"event=0x0{number}\n")
        (pmu / "events" / f"energy-{name}.scale").write_text("2.3283064365386962e-10\n")
        (pmu / "events" / f"energy-{name}.unit").write_text("Joules\n")
    for cpu, package in ((0, 0), (8, 0), (16, 1)):
        topology = tmp_path / f"devices/system/cpu/cpu{cpu}/topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text(f"{package}\n")
    return tmp_path


class Kernel:
    """Hands out a pipe per event; a test writes the next counts into them."""

    def __init__(self):
        self.opened = {}
        self.writers = {}

    def __call__(self, kind, config, cpu):
        assert kind == 23
        reader, self.writers[config, cpu] = os.pipe()
        os.set_blocking(reader, False)
        self.opened[config, cpu] = reader
        self.count(config, cpu, joules=0)  # for the reading at construction
        return reader

    def count(self, config, cpu, *, joules):
        os.write(self.writers[config, cpu], struct.pack("<Q", round(joules / SCALE)))

    def close(self):
        for fd in self.writers.values():
            os.close(fd)


@pytest.fixture
def kernel():
    kernel = Kernel()
    yield kernel
    kernel.close()


def test_a_kernel_without_energy_events_is_told_so(tmp_path, kernel):
    with pytest.raises(SensorUnavailableError, match="no perf energy events"):
        PerfEnergySensor(tmp_path, opener=kernel, cpu=CPU)


def test_a_refusal_comes_with_the_remedy(sysfs):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with pytest.raises(SensorUnavailableError) as caught:
        PerfEnergySensor(sysfs, opener=refuse, cpu=CPU)
    assert caught.value.remedy == "sudo sysctl kernel.perf_event_paranoid=0"


def test_events_in_another_unit_are_not_taken_for_joules(sysfs, kernel):
    unit = sysfs / "bus/event_source/devices/power/events/energy-ram.unit"
    unit.write_text("Calories\n")

    with pytest.raises(SensorUnavailableError, match="energy-ram"):
        PerfEnergySensor(sysfs, opener=kernel, cpu=CPU)
    for fd in kernel.opened.values():
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_each_package_and_its_memory_are_counted_once_in_joules(sysfs, kernel):
    sensor = PerfEnergySensor(sysfs, opener=kernel, cpu=CPU)
    for (config, cpu), joules in {
        (2, 0): 10,
        (2, 16): 20,
        (3, 0): 1,
        (3, 16): 2,
    }.items():
        kernel.count(config, cpu, joules=joules)

    got = {r.device_id: r.counter_j for r in sensor.read(1.0)}

    assert got == pytest.approx(
        {"cpu:package-0": 10, "cpu:package-1": 20, "dram:0": 1, "dram:1": 2}
    )
    assert {d.source for d in sensor.devices()} == {"perf"}
    sensor.close()
    sensor.close()


def test_a_mask_with_a_cpu_per_die_still_counts_a_package_once(sysfs, kernel):
    (sysfs / "bus/event_source/devices/power/cpumask").write_text("0,8,16\n")

    sensor = PerfEnergySensor(sysfs, opener=kernel, cpu=CPU)

    assert {cpu for _, cpu in kernel.opened} == {0, 16}
    sensor.close()


def test_a_failed_event_is_a_gap_and_all_failed_an_error(sysfs, kernel):
    sensor = PerfEnergySensor(sysfs, opener=kernel, cpu=CPU)
    kernel.count(2, 0, joules=5)

    assert [r.device_id for r in sensor.read(1.0)] == ["cpu:package-0"]
    with pytest.raises(SensorReadError, match="no energy event"):
        sensor.read(2.0)
    sensor.close()


def test_the_system_call_refuses_an_event_that_does_not_exist():
    with pytest.raises(OSError, match=r".") as caught:
        open_event(0x7FFFFFFF, 0, 0)
    assert caught.value.errno != 0
