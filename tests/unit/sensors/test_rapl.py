import os

import pytest

from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.model import DeviceKind
from greenops.sensors.detect import CpuFacts
from greenops.sensors.rapl import RaplSensor

HASWELL_SERVER = CpuFacts(
    name="Intel Xeon E5-2690 v3", vendor="GenuineIntel", family=6, model=0x3F
)
IVY_BRIDGE = CpuFacts(
    name="Intel Xeon E3-1240 v2", vendor="GenuineIntel", family=6, model=0x3A
)
ZEN = CpuFacts(name="AMD EPYC 7543P", vendor="AuthenticAMD", family=25, model=1)


def zone(root, folder, name, energy_uj, **more):
    (root / folder).mkdir()
    (root / folder / "name").write_text(f"{name}\n")
    (root / folder / "energy_uj").write_text(f"{energy_uj}\n")
    (root / folder / "max_energy_range_uj").write_text("262143328850\n")
    for key, value in more.items():
        (root / folder / key).write_text(f"{value}\n")


@pytest.fixture
def powercap(tmp_path):
    zone(
        tmp_path,
        "intel-rapl:0",
        "package-0",
        5_000_000,
        constraint_0_max_power_uw=135_000_000,
        constraint_1_power_limit_uw=162_000_000,
        constraint_1_max_power_uw=0,
    )
    zone(tmp_path, "intel-rapl:0:0", "core", 1_000_000)
    zone(tmp_path, "intel-rapl:0:1", "uncore", 500_000)
    zone(tmp_path, "intel-rapl:0:2", "dram", 2_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000)
    zone(tmp_path, "intel-rapl:1:0", "dram", 3_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 90_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5_000_000)
    zone(tmp_path, "intel-rapl-mmio:0:0", "dram", 2_000_000)
    (tmp_path / "intel-rapl").mkdir()  # the control type itself
    return tmp_path


def sensor_at(root, cpu=HASWELL_SERVER):
    return RaplSensor(root, cpu=cpu)


def counters(sensor):
    return {r.device_id: r.counter_j for r in sensor.read(1.0)}


def test_a_host_without_rapl_is_told_so(tmp_path):
    with pytest.raises(SensorUnavailableError, match="no RAPL power zone"):
        sensor_at(tmp_path)


def test_only_zones_that_repeat_others_are_no_meter(tmp_path):
    zone(tmp_path, "intel-rapl:0", "psys", 1)

    with pytest.raises(SensorUnavailableError, match="no RAPL power zone"):
        sensor_at(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_counter_closed_to_this_user_comes_with_the_remedy(powercap):
    (powercap / "intel-rapl:0/energy_uj").chmod(0)

    with pytest.raises(SensorUnavailableError) as caught:
        sensor_at(powercap)
    assert "chmod a+r" in caught.value.remedy


def test_a_refused_open_comes_with_the_remedy_and_leaves_nothing_open(
    powercap, monkeypatch
):
    real_open, opened = os.open, []

    def refuse(path, flags):
        if "intel-rapl:1" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        opened.append(real_open(path, flags))
        return opened[-1]

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SensorUnavailableError) as caught:
        sensor_at(powercap)
    assert "sudo chmod a+r /sys/class/powercap/*rapl*/energy_uj" in caught.value.remedy
    assert "/etc/udev/rules.d/" in caught.value.remedy
    for fd in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_a_counter_that_holds_no_number_is_no_meter(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", "")

    with pytest.raises(SensorUnavailableError, match="cannot read RAPL"):
        sensor_at(tmp_path)


def test_every_joule_is_counted_once(powercap):
    assert counters(sensor_at(powercap)) == {
        "cpu:package-0": 5.0,
        "dram:0": 2.0,
        "cpu:package-1": 7.0,
        "dram:1": 3.0,
    }


def test_a_failed_zone_is_a_gap_and_never_zero(powercap):
    sensor = sensor_at(powercap)
    (powercap / "intel-rapl:0/energy_uj").write_text("")

    assert set(counters(sensor)) == {"dram:0", "cpu:package-1", "dram:1"}


def test_a_reading_that_fails_altogether_is_an_error(powercap):
    sensor = sensor_at(powercap)
    for file in powercap.glob("*/energy_uj"):
        file.write_text("")

    with pytest.raises(SensorReadError, match="no RAPL zone"):
        sensor.read(1.0)


def test_counters_are_read_afresh_each_time(powercap):
    sensor = sensor_at(powercap)
    (powercap / "intel-rapl:1/energy_uj").write_text("9000000\n")

    assert counters(sensor)["cpu:package-1"] == 9.0


def test_the_wrap_point_and_the_power_limit_come_along(powercap):
    sensor = sensor_at(powercap)
    devices = {d.device_id: d for d in sensor.devices()}

    for reading in sensor.read(1.0):
        assert reading.wraps_at_j == pytest.approx(262143.32885)
    assert devices["cpu:package-0"].limit_w == pytest.approx(2 * 162)
    assert devices["cpu:package-1"].limit_w is None
    assert devices["dram:1"].kind is DeviceKind.DRAM


def test_packages_behind_the_memory_mapped_interface_alone_are_counted(tmp_path):
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 4_000_000)

    assert counters(sensor_at(tmp_path)) == {"cpu:package-0": 4.0}


def test_dies_with_counters_of_their_own_are_all_counted(tmp_path):
    for i, energy_uj in enumerate((800_000_000, 500_000_000)):
        zone(tmp_path, f"intel-rapl:{i}", f"package-0-die-{i}", energy_uj)
        zone(tmp_path, f"intel-rapl:{i}:0", "dram", energy_uj // 10)

    assert counters(sensor_at(tmp_path)) == {
        "cpu:package-0-die-0": 800.0,
        "cpu:package-0-die-1": 500.0,
        "dram:0-die-0": 80.0,
        "dram:0-die-1": 50.0,
    }


def test_dies_that_show_one_package_counter_are_counted_once(tmp_path):
    for i in range(8):
        zone(tmp_path, f"intel-rapl:{i}", f"package-0-die-{i}", 800_000_000 + 900 * i)
    zone(tmp_path, "intel-rapl:8", "package-1-die-0", 800_000_000)

    assert counters(sensor_at(tmp_path, ZEN)) == {
        "cpu:package-0-die-0": 800.0,
        "cpu:package-1-die-0": 800.0,
    }


def test_zones_are_numbered_in_the_order_of_numbers(tmp_path):
    for i in (0, 2, 10, 1):
        zone(tmp_path, f"intel-rapl:{i}", f"package-{i}", 1_000_000)

    ids = [d.device_id for d in sensor_at(tmp_path).devices()]
    assert ids == [f"cpu:package-{i}" for i in (0, 1, 2, 10)]


def test_measuring_processors_are_believed_more_than_computing_ones(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)

    rel = [
        sensor_at(tmp_path, cpu).devices()[0].rel_uncertainty
        for cpu in (HASWELL_SERVER, ZEN, IVY_BRIDGE)
    ]
    assert rel == sorted(set(rel))


def test_closing_twice_is_harmless(powercap):
    sensor = sensor_at(powercap)

    sensor.close()
    sensor.close()

    assert sensor.devices() == []
