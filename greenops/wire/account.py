"""Describes a run and turns its energies into emissions, as configured."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from greenops import __version__
from greenops.config import Config
from greenops.footprint.assess import assess
from greenops.footprint.grid_side import RunTime
from greenops.footprint.options import FootprintOptions, Hardware
from greenops.model import DeviceKind, DeviceTotal, Footprint, HourEnergy, Run
from greenops.model.masking import masked
from greenops.ports import Sensor
from greenops.sensors.detect import detect_cpu, detect_memory
from greenops.tracking import identity
from greenops.tracking.meter import Parts
from greenops.wire.grid import Grid
from greenops.wire.zone import with_zone

HOST_SOCKETS = 2
HOST_THREADS = 128
"""The host behind a virtual machine is not known. Source: common two-socket servers
of public clouds (2 x 32 cores with two threads each); the embodied bounds hold a
factor of two either way."""


def describe_run(
    config: Config,
    parts: Parts,
    *,
    kind: str,
    name: str,
    command: Sequence[str],
    pid: int,
    started_s: float,
    run_id: str,
    parent_run_id: str | None = None,
) -> Run:
    """Return the record of a run that began at monotonic `started_s`."""
    config, zone_from = with_zone(config, parts.problems)
    if parent_run_id is None and parts.neighbours is not None:
        parent_run_id = parts.neighbours.surrounding_run_id()
    started_epoch_s = parts.clock.epoch_s(started_s)
    return Run(
        run_id=run_id,
        name=name,
        kind=kind,
        command=masked(command),
        cwd=_cwd(),
        host=identity.host_name(),
        user=identity.user_name(),
        started_at=datetime.fromtimestamp(started_epoch_s, UTC),
        pid=pid,
        recorder_pid=os.getpid(),
        recorder_started_s=identity.process_started_s(os.getpid()),
        boot_id=identity.boot_id(),
        interval_s=config.interval_s,
        project=config.project,
        team=config.team,
        zone=config.zone,
        pue=config.pue,
        parent_run_id=parent_run_id,
        tags=dict(config.tags),
        machine=machine_facts(parts.sensors, parts.probe.method)
        | {"zone_from": zone_from or None},
    )


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a word for the record
    except OSError:  # the folder is gone
        return ""


def machine_facts(
    sensors: Sequence[Sensor], cpu_time_from: str
) -> dict[str, str | int | float | None]:
    """Return what the report says about the machine.

    Args:
        sensors: What it is measured by.
        cpu_time_from: How the job's CPU time is known.
    """
    cpu = detect_cpu()
    memory = detect_memory()
    gpus = [d.name for s in sensors for d in s.devices() if d.kind == "gpu"]
    return {
        "greenops": __version__,
        "cpu": cpu.name,
        "cpu_cores": cpu.allowed_cpus,
        "cpu_threads": cpu.threads,
        "virtual": (cpu.hypervisor or "yes") if cpu.is_virtual else None,
        "memory_gib": round(memory.allowed_gib, 2) if memory else None,
        "gpus": ", ".join(gpus) or None,
        "cpu_time_from": cpu_time_from,
        "python": sys.version.split()[0],
        "system": sys.platform,
    }


def assessor(
    config: Config, *, grid: Grid | None = None
) -> Callable[[Run, list[DeviceTotal], list[HourEnergy], float], Footprint]:
    """Return the function that turns a run's energies into its footprint.

    The function raises GreenopsError where the zone is unknown or the data is missing.

    Args:
        config: The settings in force.
        grid: Whom to ask about the grid; the configured signals if None.
    """
    asked = grid or Grid(config)

    def assess_run(
        run: Run, totals: list[DeviceTotal], hours: list[HourEnergy], duration_s: float
    ) -> Footprint:
        time = RunTime.of(run.started_at, duration_s, hours)
        answer = asked.ask(run.zone, *time.span)
        footprint = assess(
            totals=totals,
            time=time,
            points=answer.points,
            marginal=answer.marginal,
            pue=run.pue,
            duration_s=duration_s,
            options=footprint_options(config, hardware(totals)),
        )
        return answer.signed(footprint)

    return assess_run


def hardware(totals: Sequence[DeviceTotal]) -> Hardware:
    """Return the facts of this machine that embodied carbon depends on."""
    cpu = detect_cpu()
    memory = detect_memory()
    gpus = tuple((t.device.name, None) for t in totals if t.device.kind == "gpu")
    # A guest with all GPUs of a host to itself is a whole node in all but name.
    share = cpu.threads / HOST_THREADS if cpu.is_virtual and not gpus else 1.0
    return Hardware(
        gpus=gpus,
        cpu_sockets=min(share * HOST_SOCKETS, float(cpu.sockets))
        if cpu.is_virtual
        else float(cpu.sockets),
        cpu_cores=HOST_THREADS // (2 * HOST_SOCKETS)
        if cpu.is_virtual
        else max(1, cpu.cores // cpu.sockets),
        dram_gib=memory.allowed_gib if memory else None,
        share_of_node=min(share, 1.0),
    )


def footprint_options(config: Config, machine: Hardware) -> FootprintOptions:
    """Return the footprint's options as configured."""
    given = {
        DeviceKind.GPU: config.footprint_embodied_kg_gpu,
        DeviceKind.CPU: config.footprint_embodied_kg_cpu,
        DeviceKind.DRAM: config.footprint_embodied_kg_dram,
        DeviceKind.NODE: config.footprint_embodied_kg_node,
    }
    return FootprintOptions(
        lifetime_years=config.footprint_lifetime_years,
        embodied_kg={kind: kg for kind, kg in given.items() if kg is not None},
        water_l_per_kwh=config.footprint_water_l_per_kwh,
        include_embodied=config.footprint_embodied,
        hardware=machine,
    )
