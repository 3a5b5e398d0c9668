import sys

import pytest

from greenops.errors import SensorUnavailableError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.node import NodeChoice, open_node_sensors


class Meter:
    """A sensor with devices of the given kinds."""

    def __init__(self, name, *kinds):
        self.name, self.kinds = name, kinds

    def devices(self):
        return [
            Device(
                device_id=f"{kind}:{self.name}",
                kind=kind,
                name=self.name,
                source=self.name,
                rel_uncertainty=0.1,
            )
            for kind in self.kinds
        ]

    def read(self, at_s):
        return [Reading(device_id=d.device_id, counter_j=at_s) for d in self.devices()]

    def close(self):
        pass


def works(name, *kinds):
    return lambda: Meter(name, *kinds)


def fails(name):
    def construct():
        raise SensorUnavailableError(f"no {name}", remedy=f"open {name}")

    return construct


CPU, DRAM = DeviceKind.CPU, DeviceKind.DRAM
MODELS = {"cpu_model": works("model", CPU), "dram_model": works("dimm", DRAM)}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="meters are Linux's")


@pytest.mark.parametrize(
    ("meters", "names", "complaints"),
    [
        pytest.param([works("rapl", CPU, DRAM), fails("perf")], ["rapl"], 0, id="rapl"),
        pytest.param(
            [works("rapl", CPU), fails("perf")], ["rapl", "dimm"], 0, id="no dram zone"
        ),
        pytest.param(
            [fails("rapl"), works("perf", CPU, DRAM)], ["perf"], 0, id="perf only"
        ),
        pytest.param(
            [fails("rapl"), fails("perf")], ["model", "dimm"], 2, id="no meter"
        ),
    ],
)
def test_the_best_source_is_taken_and_no_part_counted_twice(meters, names, complaints):
    sensors, problems = open_node_sensors(choice=NodeChoice(meters=meters, **MODELS))

    assert [s.name for s in sensors] == names
    assert len(problems) == complaints


def test_what_failed_is_said_with_its_remedy():
    choice = NodeChoice(
        meters=[fails("rapl")], cpu_model=fails("load"), dram_model=fails("memory")
    )
    sensors, problems = open_node_sensors(choice=choice)

    assert sensors == []
    assert problems == [
        "no rapl; remedy: open rapl",
        "no load; remedy: open load",
        "no memory; remedy: open memory",
    ]


def test_configured_base_power_is_one_more_device():
    choice = NodeChoice(meters=[works("rapl", CPU, DRAM)])
    sensors, _ = open_node_sensors(base_power_w=30.0, choice=choice)

    assert [s.name for s in sensors] == ["rapl", "base_power"]


def test_this_machine_always_has_its_cpu_counted_exactly_once():
    sensors, _ = open_node_sensors()
    devices = [d for s in sensors for d in s.devices()]

    assert {d.kind for d in devices} == {CPU, DRAM}
    assert len({d.source for d in devices if d.kind is CPU}) == 1
    for sensor in sensors:
        assert sensor.read(1.0)
        sensor.close()


def test_a_meter_that_cannot_be_opened_is_called_by_its_name():
    class Rapl(Meter):
        name = "rapl"

        def __init__(self):
            raise SensorUnavailableError("no power zone", remedy="chmod")

    choice = NodeChoice(meters=(Rapl,), **MODELS)

    _, problems = open_node_sensors(choice=choice)

    assert problems == ["rapl: no power zone; remedy: chmod"]
