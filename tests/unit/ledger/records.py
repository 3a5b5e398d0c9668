"""Records to write to ledgers in tests."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.model import (
    Bounded,
    Device,
    DeviceKind,
    DeviceTotal,
    Footprint,
    HourEnergy,
    IntensityPoint,
    JobUse,
    Mark,
    Method,
    Quality,
    Run,
    RunEnd,
    RunStatus,
    Sample,
)

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
CPU = Device(
    device_id="cpu:package-0",
    kind=DeviceKind.CPU,
    name="A Processor",
    source="rapl",
    rel_uncertainty=0.05,
    limit_w=400.0,
    counter_period_s=0.001,
)
GPU = Device(
    device_id="gpu:GPU-1",
    kind=DeviceKind.GPU,
    name="A GPU",
    source="nvml_counter",
    rel_uncertainty=0.1,
)


def a_run(run_id="20260101-120000-aaaaaa", **changed):
    fields = {
        "run_id": run_id,
        "name": "train.py",
        "kind": "wrap",
        "command": ("python", "train.py"),
        "cwd": "/home/ada",
        "host": "node1",
        "user": "ada",
        "started_at": T0,
        "pid": 4711,
        "recorder_pid": os.getpid(),
        "recorder_started_s": 12.5,
        "boot_id": "boot-1",
        "interval_s": 1.0,
    }
    return Run(**fields | changed)


def a_sample(second=0, device=CPU, **changed):
    fields = {
        "device_id": device.device_id,
        "start_epoch_s": T0.timestamp() + second,
        "duration_s": 1.0,
        "node_energy_j": 100.0,
        "job_energy_j": 40.0,
        "error_j": 0.5,
        "method": Method.COUNTER,
        "utilization": 0.25,
    }
    return Sample(**fields | changed)


def a_use(second=0):
    return JobUse(
        start_epoch_s=T0.timestamp() + second,
        duration_s=1.0,
        cpu_s=0.9,
        node_cpu_s=1.7,
        rss_bytes=1 << 33,
        processes=3,
    )


def a_mark(name="epoch 1", offset_s=1.5):
    return Mark(name=name, at_epoch_s=T0.timestamp() + offset_s, offset_s=offset_s)


def an_end(run_id="20260101-120000-aaaaaa", **changed):
    fields = {
        "run_id": run_id,
        "status": RunStatus.FINISHED,
        "stopped_at": T0 + timedelta(seconds=3.25),
        "duration_s": 3.25,
        "exit_code": 0,
        "notes": ("all is well",),
    }
    return RunEnd(**fields | changed)


def a_total(device=CPU, job_energy_j=120.0):
    return DeviceTotal(
        device=device,
        node_energy_j=300.0,
        job_energy_j=job_energy_j,
        job_low_j=job_energy_j * 0.9,
        job_high_j=job_energy_j * 1.1,
        peak_w=110.0,
        mean_utilization=0.25,
        method=Method.COUNTER,
        quality=Quality(duplicates=1, gap_s=0.5),
    )


def a_footprint(total_g=2.0):
    def near(central):
        return Bounded(central=central, low=central * 0.5, high=central * 2)

    return Footprint(
        energy_j=near(120.0),
        facility_energy_j=near(180.0),
        operational_g=near(total_g * 0.9),
        embodied_g=near(total_g * 0.1),
        total_g=near(total_g),
        intensity_g_per_kwh=near(400.0),
        zone="DE",
        intensity_source="annual average 2023",
        pue=near(1.5),
        water_l=near(0.1),
        factors={"intensity": "400 g/kWh, 2023"},
    )


def spooled(folder: Path):
    """Return the spool files in `folder`."""
    return sorted(folder.glob("*.jsonl")) if folder.exists() else []


def a_point(*, hour=0.0, hours=1.0, g=300.0, **changed):
    start = T0 + timedelta(hours=hour)
    fields = {
        "start": start,
        "stop": start + timedelta(hours=hours),
        "intensity_g_per_kwh": g,
        "low_g_per_kwh": g * 0.9,
        "high_g_per_kwh": g * 1.1,
        "zone": "DE",
        "source": "a grid operator",
    }
    return IntensityPoint(**fields | changed)


def a_stated_footprint(total_g=2.0, *points, **changed):
    """Return a footprint with what it was computed from."""
    fields = {
        "points": points or (a_point(),),
        "signal": "a signal",
        "hours": (HourEnergy(hour=T0, energy_j=120.0),),
    }
    return replace(a_footprint(total_g), **fields | changed)
