"""Chooses the best source of CPU and DRAM energy that this machine offers."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from greenops.errors import SensorUnavailableError
from greenops.model import DeviceKind
from greenops.ports import Sensor
from greenops.sensors.base_power import BasePowerSensor
from greenops.sensors.cpu_model import CpuModelSensor
from greenops.sensors.dram_model import DramModelSensor
from greenops.sensors.perf import PerfEnergySensor
from greenops.sensors.rapl import RaplSensor

Factory = Callable[[], Sensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChoice:
    """Where CPU and DRAM energy may come from, best first."""

    meters: Sequence[Factory] = (RaplSensor, PerfEnergySensor)
    cpu_model: Factory = CpuModelSensor
    dram_model: Factory = DramModelSensor


def open_node_sensors(
    *, base_power_w: float | None = None, choice: NodeChoice | None = None
) -> tuple[list[Sensor], list[str]]:
    """Return the sensors of this machine beside its accelerators, and what is amiss.

    A meter (RAPL, else perf events) where one can be read, else the CPU model; the DRAM
    model only where no meter counts DRAM. Never raises: each failure is a sentence with
    its remedy, for `greenops doctor`.

    Args:
        base_power_w: Power of the rest of the machine, if configured.
        choice: The candidates.
    """
    choice = choice or NodeChoice()
    problems: list[str] = []
    found: list[Sensor] = []
    meter = _first(choice.meters, problems) if sys.platform == "linux" else None
    kinds = {d.kind for d in meter.devices()} if meter else set()
    if meter is not None:
        problems.clear()  # how one meter failed is no news when the next one works
        found.append(meter)
    if DeviceKind.CPU not in kinds:
        found += _opened(choice.cpu_model, problems)
    if DeviceKind.DRAM not in kinds:
        found += _opened(choice.dram_model, problems)
    if base_power_w:
        found.append(BasePowerSensor(base_power_w))
    return found, problems


def _first(factories: Sequence[Factory], problems: list[str]) -> Sensor | None:
    for factory in factories:
        for sensor in _opened(factory, problems):
            return sensor
    return None


def _opened(factory: Factory, problems: list[str]) -> list[Sensor]:
    try:
        return [factory()]
    except SensorUnavailableError as e:
        name = getattr(factory, "name", "")
        said = f"{name}: {e}" if name else str(e)
        problems.append(f"{said}; remedy: {e.remedy}" if e.remedy else said)
        return []
