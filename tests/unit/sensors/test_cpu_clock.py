import pytest

from greenops.sensors.cpu_clock import CpuClock


def policy(root, number, ghz):
    folder = root / f"sys/devices/system/cpu/cpufreq/policy{number}"
    folder.mkdir(parents=True)
    (folder / "scaling_cur_freq").write_text(f"{round(ghz * 1e6)}\n")
    (folder / "cpuinfo_min_freq").write_text("800000\n")
    (folder / "cpuinfo_max_freq").write_text("3600000\n")
    return folder


def test_a_machine_without_clocks_says_none(tmp_path):
    clock = CpuClock(tmp_path)

    assert (clock.ghz(), clock.min_ghz, clock.max_ghz) == (None, None, None)


def test_limits_without_a_readable_clock_are_no_use(tmp_path):
    (policy(tmp_path, 0, 2.0) / "scaling_cur_freq").write_text("<unknown>\n")
    clock = CpuClock(tmp_path)

    assert (clock.ghz(), clock.min_ghz, clock.max_ghz) == (None, None, None)


def test_the_clock_is_the_mean_of_all_where_they_are_few(tmp_path):
    for i, ghz in enumerate((1.0, 2.0, 3.0)):
        policy(tmp_path, i, ghz)
    clock = CpuClock(tmp_path)

    assert clock.ghz() == pytest.approx(2.0)
    assert (clock.min_ghz, clock.max_ghz) == pytest.approx((0.8, 3.6))


def test_many_clocks_are_read_in_turns(tmp_path):
    for i in range(12):
        policy(tmp_path, i, 1.0 if i < 6 else 3.0)
    clock = CpuClock(tmp_path, sample=6)

    assert sorted(clock.ghz() or 0 for _ in range(2)) == pytest.approx([1.0, 3.0])


def test_a_cpu_that_went_offline_is_left_out(tmp_path):
    policy(tmp_path, 0, 1.0)
    gone = policy(tmp_path, 1, 3.0) / "scaling_cur_freq"
    clock = CpuClock(tmp_path)
    gone.unlink()

    assert clock.ghz() == pytest.approx(1.0)
