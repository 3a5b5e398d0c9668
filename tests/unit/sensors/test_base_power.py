import pytest

from greenops.model import DeviceKind
from greenops.sensors.base_power import BasePowerSensor


@pytest.mark.parametrize("power_w", [0.0, -1.0, float("nan"), float("inf")])
def test_a_power_that_cannot_be_is_refused(power_w):
    with pytest.raises(ValueError, match="above zero"):
        BasePowerSensor(power_w)


def test_the_configured_power_is_counted_over_time():
    sensor = BasePowerSensor(45.0)
    sensor.read(100.0)
    (reading,) = sensor.read(160.0)
    sensor.close()

    assert reading.counter_j == pytest.approx(45.0 * 60)
    (device,) = sensor.devices()
    assert (device.device_id, device.kind) == ("node:base", DeviceKind.NODE)
    assert device.source == "configured"
