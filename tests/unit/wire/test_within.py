import threading

from greenops.model import Reading
from greenops.testing import ReplaySensor
from greenops.wire.within import SharedSensor
from tests.unit.tracking.test_meter import GPU

MOMENT = Reading(device_id=GPU.device_id, power_w=100.0)


class Able(ReplaySensor):
    """A sensor that can do more than the port asks for."""

    def glance(self, at_s):
        return [Reading(device_id=GPU.device_id, power_w=at_s)]

    def mig_shares(self):
        return {GPU.device_id: 0.25}

    def problems(self):
        return ["an entry names nothing"]


def shared(sensor):
    return SharedSensor(sensor, threading.Lock())


def test_what_a_sensor_can_do_besides_reading_it_can_do_for_several_blocks():
    sensor = shared(Able([GPU], [[MOMENT]]))

    assert [r.power_w for r in sensor.glance(7.0)] == [7.0]
    assert sensor.mig_shares() == {GPU.device_id: 0.25}
    assert sensor.problems() == ["an entry names nothing"]
    assert sensor.read(1.0) == [MOMENT]


def test_what_it_cannot_do_it_is_not_asked_for():
    sensor = shared(ReplaySensor([GPU], [[MOMENT]]))

    assert list(sensor.glance(7.0)) == []
    assert sensor.mig_shares() == {}
    assert list(sensor.problems()) == []


def test_closing_leaves_it_open_for_the_others():
    inner = ReplaySensor([GPU], [[MOMENT]])

    shared(inner).close()

    assert not inner.closed
