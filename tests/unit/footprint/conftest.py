from datetime import UTC, datetime, timedelta

import pytest

from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    HourEnergy,
    IntensityPoint,
    Method,
    Quality,
)

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def device_total():
    def make(job_j=3.6e6, node_j=None, *, half_j=0.0, kind=DeviceKind.GPU, **device):
        fields = {
            "device_id": f"{kind}:0",
            "kind": kind,
            "name": "NVIDIA H100 80GB HBM3",
            "source": f"{kind}_source",
            "rel_uncertainty": 0.0,
        }
        return DeviceTotal(
            device=Device(**(fields | device)),
            node_energy_j=job_j if node_j is None else node_j,
            job_energy_j=job_j,
            job_low_j=job_j - half_j,
            job_high_j=job_j + half_j,
            peak_w=None,
            mean_utilization=None,
            method=Method.COUNTER,
            quality=Quality(),
        )

    return make


@pytest.fixture
def hour_energy():
    def make(index=0, energy_j=3.6e6):
        return HourEnergy(hour=T0 + index * HOUR, energy_j=energy_j)

    return make


@pytest.fixture
def intensity_point():
    def make(index=0, g_per_kwh=100.0, *, hours=1.0, factor=1.0, **changes):
        fields = {
            "start": T0 + index * HOUR,
            "stop": T0 + (index + hours) * HOUR,
            "intensity_g_per_kwh": g_per_kwh,
            "low_g_per_kwh": g_per_kwh / factor,
            "high_g_per_kwh": g_per_kwh * factor,
            "zone": "FR",
            "source": "recorded",
        }
        return IntensityPoint(**(fields | changes))

    return make
