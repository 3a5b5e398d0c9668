import os
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.cpu_power import cpu_power
from greenops.errors import SensorReadError
from greenops.sensors.calibration import Calibration, save_calibration
from greenops.sensors.cpu_model import CpuModelSensor

TICKS = os.sysconf("SC_CLK_TCK")
NAME = "AMD EPYC 7763 64-Core Processor"
ROWS = [("AMD EPYC 7763", 280.0)]


class Machine:
    """A file tree of a machine with eight logical CPUs."""

    def __init__(self, root, *, flags=""):
        self.root = root
        for folder in ("proc", "sys/devices/system/cpu"):
            (root / folder).mkdir(parents=True)
        (root / "sys/devices/system/cpu/online").write_text("0-7\n")
        (root / "proc/cpuinfo").write_text(
            f"processor\t: 0\nmodel name\t: {NAME}\nsiblings\t: 8\ncpu cores\t: 4\n"
            f"flags\t: fpu {flags}\n\n"
        )
        self.burn(0)

    def burn(self, busy_s):
        ticks = round(busy_s * TICKS)
        (self.root / "proc/stat").write_text(f"cpu  {ticks} 0 0 7 0 0 0 0 0 0\n")

    def sensor(self, calibration=None):
        return CpuModelSensor(
            self.root,
            tdp_rows=lambda: ROWS,
            calibration=calibration or self.root / "none.json",
        )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_first_reading_starts_the_counter(machine):
    (reading,) = machine.sensor().read(100.0)

    assert (reading.counter_j, reading.power_w) == (0.0, None)


def test_energy_is_the_models_power_at_the_mean_load_over_the_time(machine):
    sensor = machine.sensor()
    sensor.read(100.0)
    machine.burn(20)
    (reading,) = sensor.read(110.0)

    assert reading.utilization == pytest.approx(0.25)
    assert reading.power_w == pytest.approx(cpu_power(sensor.curve, 0.25).power_w)
    assert reading.counter_j == pytest.approx(10 * reading.power_w)


def test_at_steady_load_a_long_gap_costs_nothing(tmp_path):
    often, once = (Machine(tmp_path / n) for n in ("often", "once"))
    sensors = often.sensor(), once.sensor()
    for sensor in sensors:
        sensor.read(0.0)
    for t in range(1, 101):
        often.burn(2.0 * t)
        (fine,) = sensors[0].read(float(t))
    once.burn(200.0)
    (coarse,) = sensors[1].read(100.0)

    assert coarse.counter_j == pytest.approx(fine.counter_j)


@pytest.mark.parametrize("at_s", [100.0, 99.0])
def test_a_second_reading_at_the_same_time_adds_nothing(machine, at_s):
    sensor = machine.sensor()
    sensor.read(90.0)
    (before,) = sensor.read(100.0)

    assert sensor.read(at_s) == (before,)


def test_a_failed_read_is_covered_by_the_next_good_one(machine):
    sensor = machine.sensor()
    sensor.read(0.0)
    (machine.root / "proc/stat").write_text("")
    with pytest.raises(SensorReadError):
        sensor.read(5.0)
    machine.burn(40)
    (reading,) = sensor.read(10.0)

    assert reading.utilization == pytest.approx(0.5)
    assert reading.averaged_over_s == 10.0


def test_more_cpu_time_than_there_is_counts_as_full_load(machine):
    sensor = machine.sensor()
    sensor.read(0.0)
    machine.burn(1000)

    assert sensor.read(1.0)[0].utilization == 1.0


@given(st.lists(st.floats(0, 8), min_size=1, max_size=8))
def test_the_counter_climbs_within_the_bounds_of_the_device(tmp_path_factory, burns):
    machine = Machine(tmp_path_factory.mktemp("machine"))
    sensor = machine.sensor()
    sensor.read(0.0)
    (device,) = sensor.devices()
    total_s, last_j = 0.0, 0.0
    for t, burn in enumerate(burns, start=1):
        total_s += burn
        machine.burn(total_s)
        (reading,) = sensor.read(float(t))
        assert reading.counter_j > last_j
        assert reading.counter_j - last_j <= device.limit_w
        last_j = reading.counter_j
    sensor.close()


def test_a_guest_is_charged_its_share_of_the_hosts_processor(tmp_path):
    whole = Machine(tmp_path / "bare").sensor()
    guest = Machine(tmp_path / "guest", flags="hypervisor").sensor()

    assert guest.curve.cap_w == pytest.approx(whole.curve.cap_w * 8 / 128)
    assert guest.curve.rel_uncertainty > whole.curve.rel_uncertainty


def calibration_for(sensor, **more):
    parts = {
        "cpu": NAME,
        "curve": sensor.curve,
        "meter": "measured by rapl",
        "cross_mape_pct": 5.0,
        "points": 9,
        "made_at": "2026-01-01T00:00:00+00:00",
    }
    return Calibration(**(parts | more))


def test_a_calibration_of_this_processor_is_used(machine):
    plain = machine.sensor()
    fitted = replace(plain.curve, floor_w=33.0, rel_uncertainty=0.12)
    path = save_calibration(
        calibration_for(plain, curve=fitted), machine.root / "calibration.json"
    )
    sensor = machine.sensor(path)
    (device,) = sensor.devices()

    assert sensor.curve == fitted
    assert "calibrated" in sensor.basis
    assert (device.source, device.rel_uncertainty) == ("model", 0.12)


def test_a_calibration_of_another_processor_is_not_used(machine):
    plain = machine.sensor()
    path = save_calibration(
        calibration_for(plain, cpu="AMD EPYC 7543"), machine.root / "calibration.json"
    )

    assert machine.sensor(path).basis == plain.basis


def test_a_configured_tdp_stands_for_every_other(tmp_path):
    guest = Machine(tmp_path, flags="hypervisor")
    path = save_calibration(calibration_for(guest.sensor()), tmp_path / "c.json")
    sensor = CpuModelSensor(tmp_path, calibration=path, tdp_w=44.0)

    assert sensor.curve.cap_w == 44.0
    assert "configured" in sensor.basis


def test_this_machine_can_be_estimated_cheaply():
    sensor = CpuModelSensor()
    sensor.read(time.monotonic())
    start_s = time.process_time()
    for i in range(100):
        sensor.read(time.monotonic() + i)

    assert (time.process_time() - start_s) / 100 < 0.3e-3
    sensor.close()
    sensor.close()
