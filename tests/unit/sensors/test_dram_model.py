import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import SensorUnavailableError
from greenops.model import DeviceKind
from greenops.sensors.detect import MemoryFacts
from greenops.sensors.dram_model import DramModelSensor, dram_power

GIB = 1 << 30


def memory(total_gib, allowed_gib=None, dimms=None):
    return MemoryFacts(
        total_bytes=total_gib * GIB,
        allowed_bytes=(allowed_gib or total_gib) * GIB,
        dimms=dimms,
    )


@pytest.fixture
def root(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\nmodel name\t: x\n\n")
    (tmp_path / "proc/meminfo").write_text(f"MemTotal: {64 * GIB // 1024} kB\n")
    return tmp_path


def test_memory_of_unknown_size_is_not_estimated(tmp_path):
    with pytest.raises(SensorUnavailableError, match="amount of memory"):
        DramModelSensor(tmp_path)


@pytest.mark.parametrize(
    ("facts", "low_w", "high_w"),
    [
        pytest.param(memory(16), 3, 9, id="a desktop"),
        pytest.param(memory(512), 30, 60, id="a server"),
        pytest.param(memory(2048), 60, 120, id="a large server"),
        pytest.param(memory(64, dimms=8), 20, 30, id="eight small modules"),
    ],
)
def test_a_whole_machine_draws_by_its_modules(facts, low_w, high_w):
    assert low_w <= dram_power(facts, is_virtual=False).power_w <= high_w


def test_a_rented_slice_is_not_charged_for_the_host():
    slice_w = dram_power(memory(1024, 8), is_virtual=False).power_w
    guest_w = dram_power(memory(8), is_virtual=True).power_w

    assert slice_w == guest_w == pytest.approx(0.8)


@given(st.integers(1, 4096), st.booleans())
def test_bounds_hold_the_power(gib, is_virtual):
    got = dram_power(memory(gib), is_virtual=is_virtual)

    assert 0 < got.low_w < got.power_w < got.high_w
    assert got.power_w * (1 + got.rel_uncertainty) >= got.high_w - 1e-9


def test_energy_is_exact_over_any_gap(root):
    sensor = DramModelSensor(root)
    (first,) = sensor.read(10.0)
    (last,) = sensor.read(100_010.0)
    sensor.close()

    assert first.counter_j == 0.0
    assert last.counter_j == pytest.approx(1e5 * (last.power_w or 0))
    (device,) = sensor.devices()
    assert (device.kind, device.source) == (DeviceKind.DRAM, "model")
