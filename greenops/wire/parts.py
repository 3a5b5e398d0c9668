"""Opens sensors, ledger and neighbours as configured."""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from greenops.config import Config
from greenops.errors import SensorUnavailableError
from greenops.ports import (
    JobProbe,
    Neighbours,
    NodeCpu,
    Recorder,
    Sensor,
    TrainingWatch,
)
from greenops.tracking.meter import Parts

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class OpenSensors:
    """The sensors that work here, and a sentence for each that does not."""

    sensors: list[Sensor] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def open_parts(
    config: Config,
    probe: JobProbe,
    node_cpu: NodeCpu,
    *,
    run_id: str = "",
    since: tuple[float, float] | None = None,
    training: TrainingWatch | None = None,
) -> Parts:
    """Open everything a measurement needs.

    Args:
        config: The settings in force.
        probe: What the job uses of the processor.
        node_cpu: What everybody uses of it.
        run_id: The run, as other recorders on this machine shall see it.
        since: As for `open_sensors`.
        training: What knows of the job's training, if anything.
    """
    found = open_sensors(config, since=since)
    parts = Parts(
        sensors=found.sensors,
        probe=probe,
        node_cpu=node_cpu,
        recorder=open_recorder(config),
        neighbours=_neighbours(run_id, found.sensors),
        training=training,
    )
    if not found.sensors:
        parts.problems.append("nothing here can be measured; see `greenops doctor`")
    return parts


def open_recorder(config: Config) -> Recorder:
    """Return the appending side of the ledger."""
    from greenops.ledger.recorder import LedgerRecorder

    return LedgerRecorder(config.ledger_path)


def open_sensors(
    config: Config,
    *,
    since: tuple[float, float] | None = None,
    every_gpu: bool = False,
) -> OpenSensors:
    """Open every sensor that works here: GPUs, processors, memory, plugins.

    Args:
        config: The settings in force.
        since: Monotonic time in s and busy CPU seconds of the machine when the job
            began, for sensors that can look back.
        every_gpu: All GPUs of the machine, not only those that a job may use which is
            started from here.
    """
    found = OpenSensors()
    if "nvml" not in config.sensors_disable:
        _open(found, "nvml", _open_every_gpu if every_gpu else _open_nvml)
    _open_node_sensors(config, found, since)
    for name, maker in _plugin_sensors(config, found.problems).items():
        _open(found, name, maker)
    return found


def _open_node_sensors(
    config: Config, found: OpenSensors, since: tuple[float, float] | None
) -> None:
    from greenops.sensors.cpu_model import CpuModelSensor
    from greenops.sensors.dram_model import DramModelSensor
    from greenops.sensors.node import NodeChoice, open_node_sensors
    from greenops.sensors.perf import PerfEnergySensor
    from greenops.sensors.rapl import RaplSensor

    def cpu_model() -> Sensor:
        return CpuModelSensor(
            calibration=config.cpu_calibration, tdp_w=config.cpu_tdp_w, since=since
        )

    off = config.sensors_disable
    meters = [m for m in (RaplSensor, PerfEnergySensor) if m.name not in off]
    sensors, problems = open_node_sensors(
        base_power_w=config.node_base_power_w,
        choice=NodeChoice(
            meters=meters, cpu_model=cpu_model, dram_model=DramModelSensor
        ),
    )
    found.sensors += [s for s in sensors if s.name not in off]
    found.problems += problems


def _open_nvml() -> Sensor:
    from greenops.sensors.nvml import NvmlSensor

    return NvmlSensor(
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
        device_order=os.environ.get("CUDA_DEVICE_ORDER"),
    )


def _open_every_gpu() -> Sensor:
    from greenops.sensors.nvml import NvmlSensor

    return NvmlSensor()


def _open(found: OpenSensors, name: str, maker: Callable[[], Sensor]) -> None:
    try:
        found.sensors.append(maker())
    except SensorUnavailableError as e:
        remedy = f"; remedy: {e.remedy}" if e.remedy else ""
        found.problems.append(f"{name}: {e}{remedy}")
    except Exception as e:  # noqa: BLE001 - a plugin may fail in any way it likes
        found.problems.append(f"{name}: {e!r}")


def _plugin_sensors(
    config: Config, problems: list[str]
) -> "Mapping[str, Callable[[], Sensor]]":
    """Return the sensors that other packages bring, by name."""
    from greenops.plugins import SENSORS, find_plugins

    found = find_plugins(
        SENSORS, skip=config.sensors_disable, skip_distribution="greenops"
    )
    problems += [f"plugin {name}: {why}" for name, why in found.failed.items()]
    return cast("Mapping[str, Callable[[], Sensor]]", found.loaded)


def _neighbours(run_id: str, sensors: Sequence[Sensor]) -> Neighbours | None:
    from greenops.sensors.neighbours import LocalNeighbours

    gpus = [d.device_id for s in sensors for d in s.devices() if d.kind == "gpu"]
    with contextlib.suppress(SensorUnavailableError):
        return LocalNeighbours(run_id, device_ids=gpus)
    return None
