"""Runs made up for the tests of the report and of the commands."""

from datetime import UTC, datetime, timedelta

from greenops.model import (
    Bounded,
    Device,
    DeviceKind,
    DeviceTotal,
    Footprint,
    Mark,
    Method,
    Quality,
    Run,
    RunEnd,
    RunRecord,
    RunStatus,
    Sample,
    Stretch,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GPU = Device(
    device_id="gpu:GPU-1",
    kind=DeviceKind.GPU,
    name="NVIDIA H200",
    source="nvml_counter",
    rel_uncertainty=0.01,
)
CPU = Device(
    device_id="cpu:model",
    kind=DeviceKind.CPU,
    name="AMD EPYC 9654 96-Core Processor",
    source="model",
    rel_uncertainty=0.4,
)


def bounded(central, low=None, high=None):
    low = central if low is None else low
    return Bounded(central=central, low=low, high=central if high is None else high)


def device(kind=DeviceKind.GPU, name="NVIDIA H200", **fields):
    known = {
        "device_id": f"{kind}:{name}",
        "kind": kind,
        "name": name,
        "source": "nvml_counter",
        "rel_uncertainty": 0.01,
    }
    return Device(**{**known, **fields})


def total(of=GPU, energy_j=3600.0, *, quality=None, **fields):
    known = {
        "device": of,
        "node_energy_j": energy_j * 1.5,
        "job_energy_j": energy_j,
        "job_low_j": energy_j * (1 - of.rel_uncertainty),
        "job_high_j": energy_j * (1 + of.rel_uncertainty),
        "peak_w": 400.0,
        "mean_utilization": 0.5,
        "method": Method.COUNTER,
        "quality": quality or Quality(),
    }
    return DeviceTotal(**{**known, **fields})


def footprint(energy_j=3600.0, total_g=1.0, **fields):
    known = {
        "energy_j": bounded(energy_j, energy_j * 0.9, energy_j * 1.2),
        "facility_energy_j": bounded(energy_j * 1.2),
        "operational_g": bounded(total_g * 0.9),
        "embodied_g": bounded(total_g * 0.1),
        "total_g": bounded(total_g, total_g * 0.8, total_g * 1.5),
        "intensity_g_per_kwh": bounded(380.0, 340.0, 420.0),
        "zone": "DE",
        "intensity_source": "codecarbon 2023",
        "pue": bounded(1.2, 1.1, 1.3),
        "factors": {"lifetime": "5 years"},
    }
    return Footprint(**{**known, **fields})


def run(run_id="20260301-120000-aaaaaa", name="train.py", **fields):
    known = {
        "run_id": run_id,
        "name": name,
        "kind": "wrap",
        "command": ("python", "train.py"),
        "cwd": "/home/ada",
        "host": "node1",
        "user": "ada",
        "started_at": NOON,
        "pid": 1,
        "recorder_pid": 2,
        "recorder_started_s": 0.0,
        "boot_id": "boot",
        "interval_s": 1.0,
        "machine": {"cpu_cores": 16},
    }
    return Run(**{**known, **fields})


def end(run_id="20260301-120000-aaaaaa", duration_s=60.0, **fields):
    known = {
        "run_id": run_id,
        "status": RunStatus.FINISHED,
        "stopped_at": NOON + timedelta(seconds=duration_s),
        "duration_s": duration_s,
        "exit_code": 0,
    }
    return RunEnd(**{**known, **fields})


def record(*totals, duration_s=60.0, of=None, **fields):
    known = {
        "run": of or run(),
        "status": RunStatus.FINISHED,
        "end": end(duration_s=duration_s),
        "totals": totals,
        "footprint": None,
        "marks": (),
    }
    return RunRecord(**{**known, **fields})


def sample(of=GPU, at_s=0.0, power_w=100.0, duration_s=1.0):
    energy_j = power_w * duration_s
    return Sample(
        device_id=of.device_id,
        start_epoch_s=NOON.timestamp() + at_s,
        duration_s=duration_s,
        node_energy_j=energy_j * 2,
        job_energy_j=energy_j,
        error_j=0.0,
        method=Method.COUNTER,
    )


def stretch(of=GPU, at_s=0.0, power_w=100.0, duration_s=1.0, covered_s=None):
    return Stretch(
        device_id=of.device_id,
        start_epoch_s=NOON.timestamp() + at_s,
        duration_s=duration_s,
        covered_s=duration_s if covered_s is None else covered_s,
        job_energy_j=power_w * duration_s,
    )


def mark(name, at_s):
    return Mark(name=name, at_epoch_s=NOON.timestamp() + at_s, offset_s=at_s)
