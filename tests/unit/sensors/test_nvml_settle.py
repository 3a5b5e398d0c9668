import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import SensorReadError
from greenops.sensors.nvml import NvmlSensor
from greenops.sensors.nvml_settle import POLL_S, renewals
from tests.nvml_sim import SimulatedNvml, bound, constant


class Clock:
    """A clock that moves by sleeping, and a little by being looked at."""

    def __init__(self, now_s=1000.0):
        self.now_s = now_s

    def now(self):
        self.now_s += 1e-6
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def counter(clock, period_s, phase_s, power_w=300.0):
    """Return a counter that is renewed every `period_s`."""

    def ask():
        return ((clock.now_s - phase_s) // period_s) * period_s * power_w

    return ask


def settle(clock, counters, timeout_s=0.11):
    return renewals(counters, clock.now, sleep=clock.sleep, timeout_s=timeout_s)


@given(st.floats(0.02, 0.1), st.floats(0, 0.1))
def test_the_moment_of_renewal_is_found_to_a_millisecond(period_s, phase_s):
    clock = Clock()
    found = settle(clock, {"a": counter(clock, period_s, phase_s)})["a"]

    since_renewal_s = (found.at_s - phase_s) % period_s
    off_s = min(since_renewal_s, period_s - since_renewal_s)
    assert off_s <= POLL_S / 2 + 1e-5


def test_each_counter_has_its_own_moment():
    clock = Clock()
    found = settle(
        clock, {"a": counter(clock, 0.1, 0.02), "b": counter(clock, 0.1, 0.07)}
    )

    assert found["b"].at_s - found["a"].at_s == pytest.approx(0.05, abs=0.003)


def test_a_counter_that_stands_still_is_left_out_in_time():
    clock = Clock()
    found = settle(clock, {"still": lambda: 5.0, "a": counter(clock, 0.1, 0.0)})

    assert list(found) == ["a"]
    assert clock.now_s - 1000.0 < 0.115


def test_counters_that_fail_are_left_out_whenever_they_fail():
    clock = Clock()
    good = counter(clock, 0.1, 0.09)

    def fails_at_once():
        raise SensorReadError("no")

    def fails_later():
        if clock.now_s > 1000.02:
            raise SensorReadError("no more")
        return 5.0

    found = settle(clock, {"x": fails_at_once, "y": fails_later, "a": good})

    assert list(found) == ["a"]


def test_nothing_to_wait_for_takes_no_time():
    clock = Clock()

    assert settle(clock, {}) == {}
    assert clock.now_s - 1000.0 < 1e-4


@pytest.fixture
def nvml(tmp_path):
    with bound(SimulatedNvml(tmp_path, gpus=3)) as nvml:
        yield nvml


def test_settled_readings_say_when_each_board_was_renewed(nvml):
    for gpu in nvml.gpus:
        gpu.power(constant(300.0))
    sensor = NvmlSensor(library=str(nvml.library))
    start_s = nvml.now_s()

    readings = sensor.settle(nvml.now_s)

    assert nvml.now_s() - start_s < 0.5
    for gpu, reading in zip(nvml.gpus, readings, strict=True):
        true_j = gpu.counter_j(reading.counter_at_s)
        assert reading.counter_j == pytest.approx(true_j, abs=300.0 * 0.03)
        assert reading.power_w == 300.0


def test_a_board_that_draws_nothing_is_read_without_a_moment(nvml):
    nvml.gpus[1].power(constant(0.0))
    sensor = NvmlSensor(library=str(nvml.library))

    first, still, last = sensor.settle(nvml.now_s, timeout_s=0.25)

    assert still.counter_at_s is None
    assert None not in (first.counter_at_s, last.counter_at_s)
