from math import inf, nan

import pytest

from greenops.errors import ConfigError
from greenops.footprint.embodied import (
    DRAM_KG_PER_GIB,
    GPU_UNKNOWN_KG,
    LIFETIME_YEARS,
    embodied_g,
    embodied_parts,
    gpu_kg,
    processor_kg,
    share_of,
)
from greenops.footprint.options import FootprintOptions, Hardware
from greenops.model import DeviceKind
from greenops.units import S_PER_YEAR


def central_g(totals, duration_s=S_PER_YEAR, **options):
    parts = embodied_parts(totals, duration_s, FootprintOptions(**options))
    return {p.kind: p.emissions_g.central for p in parts}


@pytest.mark.parametrize("years", [0.0, -3.0, nan, inf])
def test_a_lifetime_that_is_none_is_refused(years):
    with pytest.raises(ConfigError, match="lifetime"):
        FootprintOptions(lifetime_years=years)


@pytest.mark.parametrize("kg", [-1.0, nan, inf])
def test_an_own_figure_that_is_no_amount_is_refused(kg):
    with pytest.raises(ConfigError, match="embodied"):
        FootprintOptions(embodied_kg={DeviceKind.GPU: kg})


@pytest.mark.parametrize(
    "facts",
    [{"share_of_node": 1.5}, {"dram_gib": -1.0}, {"cpu_sockets": nan}],
    ids=["more-than-a-node", "negative-memory", "no-number"],
)
def test_impossible_hardware_is_refused(facts):
    with pytest.raises(ValueError, match=r"hardware|share"):
        Hardware(**facts)


def test_a_gpu_for_a_fifth_of_its_life_is_charged_a_fifth(device_total):
    charged = central_g(
        [device_total()], lifetime_years=5, embodied_kg={DeviceKind.GPU: 200.0}
    )

    assert charged[DeviceKind.GPU] == pytest.approx(40_000.0)


def test_an_idle_neighbours_energy_does_not_lend_its_card_to_the_job(device_total):
    own = device_total(700.0)
    idle = [device_total(0.0, 70.0, device_id=f"gpu:{i}") for i in range(1, 8)]
    options = {"lifetime_years": 1, "embodied_kg": {DeviceKind.GPU: 100.0}}

    charged = central_g([own, *idle], **options)

    assert charged[DeviceKind.GPU] == pytest.approx(100_000.0)


def test_two_jobs_on_one_card_are_charged_one_card(device_total):
    options = {"lifetime_years": 1, "embodied_kg": {DeviceKind.GPU: 100.0}}
    first = central_g([device_total(30.0, 100.0)], **options)
    second = central_g([device_total(70.0, 100.0)], **options)

    both_g = first[DeviceKind.GPU] + second[DeviceKind.GPU]
    assert both_g == pytest.approx(100_000.0)


def test_a_slice_of_a_host_is_charged_that_slice(device_total):
    cpu = device_total(10.0, kind=DeviceKind.CPU)
    whole = central_g([cpu], hardware=Hardware(cpu_sockets=2, dram_gib=512))
    part = central_g(
        [cpu], hardware=Hardware(cpu_sockets=0.5, dram_gib=128, share_of_node=0.25)
    )

    assert part == pytest.approx({kind: g / 4 for kind, g in whole.items()})


def test_what_is_not_known_of_the_hardware_is_left_out_not_guessed(device_total):
    kinds = central_g([device_total(10.0, kind=DeviceKind.CPU)]).keys()

    assert kinds == {DeviceKind.CPU, DeviceKind.NODE}


def test_dram_without_a_sensor_is_shared_as_the_processor_is(device_total):
    cpu = device_total(25.0, 100.0, kind=DeviceKind.CPU)
    charged = central_g([cpu], lifetime_years=1, hardware=Hardware(dram_gib=100))

    expected_g = 0.25 * 100 * DRAM_KG_PER_GIB.central * 1000
    assert charged[DeviceKind.DRAM] == pytest.approx(expected_g)


def test_nothing_measured_is_nothing_charged():
    assert central_g([]) == {}


@pytest.mark.parametrize(
    ("job_j", "node_j", "share"),
    [(25, 100, 0.25), (0, 100, 0.0), (0, 0, 1.0), (101, 100, 1.0)],
    ids=["part", "none", "nothing-used-at-all", "rounding"],
)
def test_the_share_of_a_device_is_the_jobs_part_of_its_energy(
    device_total, job_j, node_j, share
):
    assert share_of([device_total(job_j, node_j)]) == share


@pytest.mark.parametrize(
    ("name", "memory_gib", "published_kg"),
    [
        pytest.param("NVIDIA H100 80GB HBM3", None, 1312 / 8, id="h100-pcf"),
        pytest.param("NVIDIA B200", 180.0, 2274 / 8, id="b200-pcf"),
        pytest.param("NVIDIA A100-PCIE-40GB", None, 181, id="a100-ademe"),
        pytest.param("NVIDIA A100-SXM4-80GB", None, 150, id="a100-bloom"),
        pytest.param("NVIDIA GeForce RTX 3060", 12.0, 60, id="desktop-ecodiag"),
    ],
)
def test_bounds_of_a_gpu_hold_what_others_published(name, memory_gib, published_kg):
    value = gpu_kg(name, memory_gib)

    assert value.low <= published_kg <= value.high


def test_a_gpu_of_unknown_memory_has_wider_bounds():
    assert gpu_kg("Mystery", None) == GPU_UNKNOWN_KG


@pytest.mark.parametrize(
    ("name", "memory_gib"),
    [("NVIDIA H200", 141.0), ("Tesla T4", 16.0), ("NVIDIA A100-SXM4-80GB", 80.0)],
)
def test_the_memory_of_a_known_gpu_is_told_by_its_name(name, memory_gib):
    assert gpu_kg(name, None) == gpu_kg("Mystery", memory_gib)


def test_more_cores_are_more_silicon():
    assert processor_kg(96).central > processor_kg(8).central
    assert processor_kg(None) == processor_kg(24)


def test_the_lifetime_widens_the_bounds_unless_it_is_given(device_total):
    totals, own = [device_total()], {DeviceKind.GPU: 100.0, DeviceKind.NODE: 0.0}
    guessed = FootprintOptions(embodied_kg=own)
    given = FootprintOptions(embodied_kg=own, lifetime_years=5)

    loose = embodied_g(embodied_parts(totals, S_PER_YEAR, guessed), guessed)
    tight = embodied_g(embodied_parts(totals, S_PER_YEAR, given), given)

    assert tight.low == tight.high == pytest.approx(20_000)
    assert loose.low == pytest.approx(100_000 / LIFETIME_YEARS.high)
    assert loose.high == pytest.approx(100_000 / LIFETIME_YEARS.low)
