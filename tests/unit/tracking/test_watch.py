from dataclasses import replace

import pytest

from greenops.errors import SensorReadError
from greenops.model import Device, DeviceKind, Method, Reading
from greenops.testing import ReplaySensor
from greenops.tracking.watch import DeviceWatch

CPU = Device(
    device_id="cpu:0", kind=DeviceKind.CPU, name="CPU", source="rapl", rel_uncertainty=0.0
)  # fmt: skip
MODELLED = replace(CPU, device_id="cpu:model", source="model")


def counting(device, *counters_j):
    steps = [
        SensorReadError("no") if c is None
        else [Reading(device_id=device.device_id, counter_j=c)]
        for c in counters_j
    ]  # fmt: skip
    return ReplaySensor([device], steps)


def read(watch, at_s, **how):
    return [(w.device, i) for w, i in watch.read(lambda: at_s, **how)]


def test_one_sensor_that_fails_costs_the_others_nothing():
    watch = DeviceWatch(
        [counting(CPU, None, None), counting(MODELLED, 0.0, 5.0)],
        start_s=0.0,
        interval_s=1.0,
    )
    read(watch, 0.0)

    ((device, interval),) = read(watch, 1.0)

    assert (device, interval.energy_j) == (MODELLED, pytest.approx(5.0))


def test_what_a_model_counts_is_said_to_be_modelled():
    watch = DeviceWatch(
        [counting(CPU, 0.0, 5.0), counting(MODELLED, 0.0, 5.0)],
        start_s=0.0,
        interval_s=1.0,
    )
    read(watch, 0.0)

    methods = {device: i.method for device, i in read(watch, 1.0)}

    assert methods == {CPU: Method.COUNTER, MODELLED: Method.MODEL}


def test_each_device_is_announced_once_even_one_that_a_read_has_found():
    announced: list[Device] = []
    sensor = counting(CPU, 0.0, 1.0, 2.0)
    watch = DeviceWatch(
        [sensor], start_s=0.0, interval_s=1.0, announce=announced.extend
    )
    read(watch, 0.0)
    sensor._devices = (CPU, MODELLED)
    read(watch, 1.0)
    watch.notice(2.0)

    assert announced == [CPU, MODELLED]


def test_what_came_while_the_machine_slept_is_nobodys():
    watch = DeviceWatch(
        [counting(CPU, 0.0, 5.0, 9e9, 9e9 + 5)], start_s=0.0, interval_s=1.0
    )
    read(watch, 0.0)
    read(watch, 1.0)
    read(watch, 2.0, slept=True)

    ((_, interval),) = read(watch, 3.0)

    assert interval.energy_j == pytest.approx(5.0)


def test_the_account_ends_where_it_is_told_to():
    watch = DeviceWatch([counting(CPU, 0.0, 10.0, 30.0)], start_s=0.0, interval_s=1.0)
    read(watch, 0.0)
    read(watch, 1.0)
    watch.stop_at(1.5)

    ((_, interval),) = read(watch, 2.0)

    assert interval.stop_s == 1.5
    assert watch.finish(1.5) == []
