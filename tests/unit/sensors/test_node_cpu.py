import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.sensors.node_cpu import NodeCpu, count_cpus, open_node_cpu

TICKS = os.sysconf("SC_CLK_TCK")
STAT = "cpu  {} {} {} 900000 777 {} {} 5000 400 30\ncpu0 1 1 1 1\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_text(STAT.format(1000, 200, 300, 40, 5))
    (tmp_path / "sys/devices/system/cpu").mkdir(parents=True)
    (tmp_path / "sys/devices/system/cpu/online").write_text("0-3,8-11\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    return tmp_path


def test_proc_stat_counts_work_and_neither_idle_steal_nor_guests_twice(root):
    node = NodeCpu(root)

    assert node.busy_s() == pytest.approx(1545 / TICKS)
    assert node.capacity == 8


def test_it_is_read_afresh_and_never_falls(root):
    node = NodeCpu(root)
    (root / "proc/stat").write_text(STAT.format(2000, 200, 300, 40, 5))
    later_s = node.busy_s()
    (root / "proc/stat").write_text(STAT.format(1999, 200, 300, 40, 5))

    assert later_s == pytest.approx(2545 / TICKS)
    assert node.busy_s() == later_s


def test_a_failed_read_is_an_error_and_no_zero(root):
    node = NodeCpu(root)
    (root / "proc/stat").write_text("")

    with pytest.raises(SensorReadError, match="proc/stat"):
        node.busy_s()


def test_a_source_that_cannot_be_understood_is_refused(root):
    (root / "proc/stat").write_text("intr 5\n")

    with pytest.raises(SensorUnavailableError, match="CPU time cannot be read"):
        NodeCpu(root)


def test_the_true_root_cgroup_of_version_1_is_preferred(root):
    folder = root / "sys/fs/cgroup/cpuacct"
    folder.mkdir()
    (folder / "cgroup.sane_behavior").write_text("0\n")
    (folder / "cpuacct.usage").write_text("12345678901\n")

    assert NodeCpu(root).busy_s() == pytest.approx(12.345678901)


def test_the_true_root_cgroup_of_version_2_is_preferred_without_stolen_time(root):
    folder = root / "sys/fs/cgroup"
    (folder / "cgroup.controllers").write_text("cpu\n")
    (folder / "cpu.stat").write_text(
        "usage_usec 9000000\nuser_usec 5000000\nsystem_usec 1500000\n"
    )

    assert NodeCpu(root).busy_s() == pytest.approx(6.5)


@pytest.mark.parametrize("version", [1, 2])
def test_a_containers_own_cgroup_is_not_taken_for_the_machine(root, version):
    folder = root / "sys/fs/cgroup"
    if version == 1:
        (folder / "cpuacct").mkdir()
        (folder / "cpuacct/cpuacct.usage").write_text("1\n")
    else:
        (folder / "cgroup.controllers").write_text("cpu\n")
        (folder / "cgroup.type").write_text("domain\n")
        (folder / "cpu.stat").write_text("user_usec 1\nsystem_usec 1\n")

    assert NodeCpu(root).busy_s() == pytest.approx(1545 / TICKS)


def test_hot_plugged_cpus_change_the_capacity(root):
    node = NodeCpu(root)
    (root / "sys/devices/system/cpu/online").write_text("0-1\n")

    assert node.capacity == 2


def test_a_system_without_proc_is_asked_by_the_portable_library(tmp_path):
    node = NodeCpu(tmp_path)

    assert node.source == "psutil"
    assert node.busy_s() > 0
    assert node.capacity == os.cpu_count()


def test_this_machine_counts_at_least_what_this_process_burns():
    node = open_node_cpu()
    before_s, mine_s = node.busy_s(), time.process_time()
    while time.process_time() - mine_s < 0.2:
        pass

    assert node.busy_s() - before_s >= 0.15
    node.close()
    node.close()
    with pytest.raises(SensorReadError, match="closed"):
        node.busy_s()


def test_a_read_costs_far_less_than_a_sampling_budget():
    node = open_node_cpu()
    start_s = time.process_time()
    for _ in range(200):
        node.busy_s()

    assert (time.process_time() - start_s) / 200 < 0.3e-3
    node.close()


@given(st.sets(st.integers(0, 500), min_size=1))
def test_a_kernel_list_names_as_many_cpus_as_it_was_made_of(numbers):
    assert count_cpus(",".join(map(str, sorted(numbers)))) == len(numbers)


@pytest.mark.parametrize(
    ("ranges", "count"), [("0-3,8-11\n", 8), ("0", 1), ("", 0), ("0-95,192-287", 192)]
)
def test_ranges_are_counted_with_both_ends(ranges, count):
    assert count_cpus(ranges) == count
