import subprocess
import sys
import time
from math import nan
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenops.errors import ConfigError, SignalError
from greenops.footprint.assess import assess
from greenops.footprint.grid_side import RunTime
from greenops.footprint.options import FootprintOptions, Hardware
from greenops.model import Bounded, DeviceKind
from tests.unit.footprint.conftest import HOUR, T0

NO_MAKING = FootprintOptions(include_embodied=False)


def run_time(hours):
    return RunTime(start=T0, stop=T0 + max(1, len(hours)) * HOUR, hours=tuple(hours))


@pytest.fixture
def run(device_total, hour_energy, intensity_point):
    def make(**changes):
        fields: dict[str, Any] = {
            "totals": [device_total()],
            "time": run_time([hour_energy()]),
            "points": [intensity_point()],
            "pue": 1.0,
            "duration_s": 3600.0,
            "options": FootprintOptions(),
        }
        return assess(**(fields | changes))

    return make


@pytest.mark.parametrize("pue", [0.5, nan, -1.0])
def test_a_pue_below_1_is_refused(run, pue):
    with pytest.raises(ConfigError):
        run(pue=pue)


@pytest.mark.parametrize("duration_s", [-1.0, nan])
def test_a_duration_that_is_none_is_refused(run, duration_s):
    with pytest.raises(ValueError, match="duration"):
        run(duration_s=duration_s)


def test_a_run_outside_the_points_is_refused(run, intensity_point):
    with pytest.raises(SignalError):
        run(points=[intensity_point(5)])


@pytest.mark.parametrize("litres", [-0.1, nan])
def test_a_negative_water_use_is_refused(run, litres):
    with pytest.raises(ConfigError, match="water"):
        run(options=FootprintOptions(water_l_per_kwh=litres))


def test_a_run_of_a_twentieth_of_a_second_without_energy_is_fine(
    run, device_total, hour_energy
):
    result = run(
        totals=[device_total(0.0)],
        time=run_time([hour_energy(energy_j=0.0)]),
        duration_s=0.05,
        pue=None,
    )

    assert result.operational_g == Bounded(central=0.0, low=0.0, high=0.0)
    assert 0 < result.total_g.central < 1
    assert result.intensity_g_per_kwh.central == 100.0


def test_a_run_without_any_device_is_fine(run, hour_energy):
    result = run(totals=[], time=run_time([hour_energy(energy_j=0.0)]))

    assert result.total_g.central == 0.0


def test_a_kilowatt_hour_adds_up(run):
    result = run(pue=1.2, options=NO_MAKING)

    assert result.energy_j.central == 3.6e6
    assert result.facility_energy_j.central == pytest.approx(1.2 * 3.6e6)
    assert result.operational_g.central == pytest.approx(120.0)
    assert result.total_g == result.operational_g


def test_the_total_is_operational_and_embodied(run):
    result = run()

    assert result.embodied_g.central > 0
    assert result.total_g.central == pytest.approx(
        result.operational_g.central + result.embodied_g.central
    )


def test_an_unknown_pue_is_said_and_widens_the_high_side_only(run):
    unknown, given_1 = run(pue=None, options=NO_MAKING), run(options=NO_MAKING)

    assert "not given" in unknown.factors["pue"]
    assert unknown.operational_g.low == given_1.operational_g.low
    assert unknown.operational_g.high == pytest.approx(
        1.56 * given_1.operational_g.high
    )


def test_water_is_of_the_computers_energy_and_only_where_it_is_given(run):
    options = FootprintOptions(water_l_per_kwh=1.8)

    assert run().water_l is None
    assert run(pue=1.5, options=options).water_l.central == pytest.approx(1.8)


def test_every_number_that_went_in_is_named(run, device_total):
    options = FootprintOptions(
        hardware=Hardware(cpu_cores=32, dram_gib=256), water_l_per_kwh=0.5
    )
    totals = [device_total(), device_total(kind=DeviceKind.CPU)]

    factors = run(totals=totals, options=options).factors

    assert set(factors) >= {
        "intensity",
        "intensity_source",
        "pue",
        "lifetime",
        "embodied.gpu",
        "embodied.cpu",
        "embodied.dram",
        "embodied.node",
        "energy.gpu:0",
        "energy.cpu:0",
        "water",
    }
    assert all(factors.values())


def test_leaving_the_making_out_is_said(run):
    assert "left out" in run(options=NO_MAKING).factors["embodied"]


def test_energy_that_lies_in_no_hour_is_counted_and_said(run, hour_energy):
    result = run(time=run_time([hour_energy(energy_j=1.8e6)]), options=NO_MAKING)

    assert result.operational_g.central == pytest.approx(100.0)
    assert "energy.hours" in result.factors
    assert "energy.hours" not in run().factors


def test_zones_and_sources_are_named_once_each(run, intensity_point, hour_energy):
    result = run(
        time=run_time([hour_energy(0), hour_energy(1)]),
        points=[intensity_point(0), intensity_point(1)],
    )

    assert (result.zone, result.intensity_source) == ("FR", "recorded")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    job_j=st.floats(0, 1e12),
    rel=st.floats(0, 1),
    g_per_kwh=st.floats(0, 2000),
    factor=st.floats(1, 3),
    pue=st.none() | st.floats(1, 3),
    duration_s=st.floats(0, 1e8),
)
def test_bounds_always_hold_the_estimate(
    device_total,
    hour_energy,
    intensity_point,
    job_j,
    rel,
    g_per_kwh,
    factor,
    pue,
    duration_s,
):
    result = assess(
        totals=[device_total(job_j, half_j=rel * job_j, rel_uncertainty=rel)],
        time=run_time([hour_energy(energy_j=job_j)]),
        points=[intensity_point(g_per_kwh=g_per_kwh, factor=factor)],
        pue=pue,
        duration_s=duration_s,
        options=FootprintOptions(),
    )

    for value in (result.operational_g, result.embodied_g, result.total_g):
        assert 0 <= value.low <= value.central <= value.high
    assert result.total_g.high >= result.operational_g.high * (1 - 1e-9)


def test_three_days_on_a_node_of_eight_gpus_are_assessed_in_10_ms(
    run, device_total, hour_energy, intensity_point
):
    fields = {
        "totals": [device_total(device_id=f"gpu:{i}") for i in range(8)],
        "time": run_time([hour_energy(i) for i in range(72)]),
        "points": [intensity_point(0, hours=72)],
    }
    run(**fields)
    took_s = []
    for _ in range(5):
        begun_s = time.perf_counter()
        run(**fields)
        took_s.append(time.perf_counter() - begun_s)

    assert min(took_s) < 0.010


def test_importing_it_brings_nothing_heavy():
    code = (
        "import sys, greenops.footprint.assess, greenops.footprint.equivalents, "
        "greenops.signals.annual, greenops.signals.series; "
        "print({'pandas', 'numpy', 'pydantic', 'sqlalchemy', 'rich', 'codecarbon', "
        "'importlib.metadata', 'psutil'} & set(sys.modules))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "set()"
