import threading

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from greenops.errors import SensorReadError  # noqa: E402
from greenops.model import Device, DeviceKind, Reading  # noqa: E402
from greenops.testing import ReplaySensor  # noqa: E402
from greenops.torch.meters import (  # noqa: E402
    CounterMeter,
    CpuTimeMeter,
    PowerMeter,
    find_meter,
)


def board(number=0):
    return Device(
        device_id=f"gpu:{number}",
        kind=DeviceKind.GPU,
        name="simulated",
        source="nvml_counter",
        rel_uncertainty=0.05,
        limit_w=700.0,
        counter_period_s=0.1,
    )


def readings(*counters):
    return [Reading(device_id=f"gpu:{i}", counter_j=c) for i, c in enumerate(counters)]


def clock():
    ticks = iter(range(1000))
    return lambda: float(next(ticks))


def test_cpu_time_counts_at_a_stated_power_and_says_it_is_a_model():
    meter = CpuTimeMeter(5.0, clock=lambda: 3.0)
    assert meter.energy_j() == 15.0
    assert "model" in meter.basis
    assert CpuTimeMeter(clock=lambda: 1.0).energy_j() > 0


def test_counters_of_all_boards_add_up():
    sensor = ReplaySensor(
        [board(0), board(1)],
        [readings(5.0, 100.0), readings(7.0, 103.0), readings(7.0, 104.0)],
    )
    meter = CounterMeter(sensor, now=clock())
    assert [meter.energy_j() for _ in range(3)] == [0.0, 5.0, 6.0]
    assert meter.resolves_s == 0.1


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (readings(3.0), "reset"),
        (readings(9e9), "reset"),
        ([], "not every GPU"),
        ([Reading(device_id="gpu:0", power_w=3.0)], "no energy counter"),
    ],
    ids=["fell", "jumped", "gone", "power only"],
)
def test_a_counter_that_cannot_be_believed_is_an_error_never_a_zero(second, why):
    meter = CounterMeter(ReplaySensor([board()], [readings(5.0), second]), now=clock())
    meter.energy_j()
    with pytest.raises(SensorReadError, match=why):
        meter.energy_j()


class Steady:
    """A sensor of constant power that can be told to fail."""

    name = "steady"

    def __init__(self):
        self.fails = False
        self.asked = threading.Event()

    def devices(self):
        return [board()]

    def read(self, at_s):
        self.asked.set()
        if self.fails:
            raise SensorReadError(f"no answer at {at_s}")
        return [Reading(device_id="gpu:0", power_w=100.0)]

    def close(self):
        pass


def ask_again(sensor):
    for _ in range(2):  # the second request comes after the first was worked off
        sensor.asked.clear()
        assert sensor.asked.wait(30)


def test_power_is_integrated_over_time_and_a_failure_is_told_once():
    sensor = Steady()
    meter = PowerMeter(sensor)
    try:
        before_j = meter.energy_j()
        ask_again(sensor)
        assert meter.energy_j() > before_j
        sensor.fails = True
        ask_again(sensor)
        with pytest.raises(SensorReadError, match="no answer"):
            meter.energy_j()
    finally:
        meter.close()
        meter.close()


def test_a_sensor_without_power_is_refused_at_once():
    with pytest.raises(SensorReadError, match="no power"):
        PowerMeter(ReplaySensor([board()], [readings(1.0)]))


def test_a_training_on_the_cpu_is_metered_by_cpu_time():
    assert isinstance(find_meter(torch.device("cpu")), CpuTimeMeter)
