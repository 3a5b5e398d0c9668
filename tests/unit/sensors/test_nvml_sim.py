"""The simulated NVML is itself measured against exact answers."""

import ctypes
import subprocess
import sys
import time
from itertools import pairwise

import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.nvml_sim import (
    Profile,
    SimulatedNvml,
    bound,
    build,
    constant,
    noise,
    ramp,
    square,
    steps,
)
from tests.nvml_sim.driver import UNKNOWN

LEVELS = st.lists(
    st.tuples(st.floats(0.01, 2), st.floats(0, 700), st.floats(0, 700)),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def nvml(tmp_path, library):
    with bound(SimulatedNvml(tmp_path, gpus=2, library=library)) as nvml:
        pynvml.nvmlInit()
        yield nvml


def handle(index=0):
    return pynvml.nvmlDeviceGetHandleByIndex(index)


def counter_j(index=0):
    return pynvml.nvmlDeviceGetTotalEnergyConsumption(handle(index)) / 1000


def field(field_id, scope=0):
    return pynvml.nvmlDeviceGetFieldValues(handle(), [(field_id, scope)])[0]


@given(LEVELS, st.booleans(), st.floats(-3, 30), st.floats(0, 700), st.floats(0, 700))
def test_the_energy_of_a_profile_is_the_integral_of_its_power(
    levels, repeat, until_s, before_w, after_w
):
    profile = Profile(
        segments=tuple(levels), repeat=repeat, before_w=before_w, after_w=after_w
    )
    n = 4000
    step_s = until_s / n
    naive_j = sum(profile.power_w((k + 0.5) * step_s) * step_s for k in range(n))

    # A jump of at most 700 W falls into each of few steps.
    jumps = 2 * len(levels) * (1 + abs(until_s) / profile.cycle_s)
    slack_j = 700 * abs(step_s) * jumps + 1e-6
    assert profile.energy_j(until_s) == pytest.approx(naive_j, abs=slack_j)


@pytest.fixture(scope="module")
def board(tmp_path_factory, library):
    """A board whose counter is renewed all the time, called without the binding."""
    folder = tmp_path_factory.mktemp("board")
    nvml = SimulatedNvml(folder, library=library, update_s=0.0)
    loaded = ctypes.CDLL(str(nvml.library))
    device, mj = ctypes.c_void_p(), ctypes.c_uint64()
    assert loaded.nvmlInit_v2() == 0
    assert loaded.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(device)) == 0

    def ask():
        code = loaded.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(mj))
        assert code == 0
        return mj.value / 1000

    return nvml, ask


@given(
    levels=LEVELS,
    repeat=st.booleans(),
    since_s=st.floats(-3, 30),
)
def test_the_library_and_its_driver_agree_on_the_energy(board, levels, repeat, since_s):
    nvml, ask = board
    gpu = nvml.gpus[0]
    profile = Profile(segments=tuple(levels), repeat=repeat, before_w=50.0, after_w=9.0)
    gpu.power(profile, epoch_s=nvml.now_s() - since_s)
    gpu.state.counter_at_epoch_j = 1e5

    before_j = gpu.counter_j(nvml.now_s())
    said_j = ask()
    after_j = gpu.counter_j(nvml.now_s())

    assert before_j - 0.0011 <= said_j <= after_j + 0.0011


def test_both_sides_of_the_state_file_have_the_same_layout(nvml):
    nvml.check_layout()


def test_the_counter_moves_only_when_it_is_renewed(nvml):
    nvml.gpus[0].power(constant(300.0))
    values, until_s = set(), nvml.now_s() + 0.35
    while nvml.now_s() < until_s:
        values.add(counter_j())
        time.sleep(0.005)

    ordered = sorted(values)
    steps_j = [b - a for a, b in pairwise(ordered)][1:]
    assert 2 <= len(values) <= 5
    assert all((j + 1) % 30.0 == pytest.approx(1.0, abs=0.01) for j in steps_j)


def test_power_is_averaged_or_instant_as_on_a_hopper_board(nvml):
    nvml.gpus[0].power(steps([(10, 600.0)], before_w=100.0), epoch_s=nvml.now_s() - 0.5)

    plain_w = pynvml.nvmlDeviceGetPowerUsage(handle()) / 1000
    assert plain_w == pytest.approx(350.0, abs=51.0)
    assert field(185).value.uiVal / 1000 == pytest.approx(350.0, abs=51.0)
    assert field(186).value.uiVal / 1000 == 600.0
    assert field(186, 2).nvmlReturn == pynvml.NVML_ERROR_NOT_SUPPORTED


def test_a_new_profile_goes_on_where_the_counter_stands(nvml):
    gpu = nvml.gpus[0]
    gpu.state.counter_update_s = 0.0
    start_s = gpu.power(square(500.0, 100.0, 0.1))
    before_j = counter_j()
    time.sleep(0.13)
    gpu.power(ramp(100.0, 300.0, 0.5))
    time.sleep(0.1)
    gpu.power(noise(400.0, 100.0, 0.01, seed=3))
    time.sleep(0.1)

    true_j = gpu.energy_j(start_s, nvml.now_s())
    assert counter_j() - before_j == pytest.approx(true_j, abs=1.0)


def test_failures_hold_for_a_time_a_board_and_a_number_of_calls(nvml):
    nvml.fail("nvmlDeviceGetTotalEnergyConsumption", UNKNOWN, gpu=1, times=2)
    for _ in range(2):
        with pytest.raises(pynvml.NVMLError_Unknown):
            counter_j(1)
        counter_j(0)
    counter_j(1)

    nvml.fail("nvmlDeviceGetTotalEnergyConsumption", UNKNOWN, after_s=0.05, for_s=0.05)
    counter_j()
    time.sleep(0.06)
    with pytest.raises(pynvml.NVMLError_Unknown):
        counter_j()
    time.sleep(0.06)
    counter_j()


def test_a_slow_call_takes_its_time(nvml):
    nvml.slow("nvmlDeviceGetPowerUsage", 0.05)
    start_s = time.monotonic()
    pynvml.nvmlDeviceGetPowerUsage(handle())

    assert time.monotonic() - start_s >= 0.05


def test_processes_are_sampled_and_reported_once_seen(nvml):
    with pytest.raises(pynvml.NVMLError_NotFound):
        pynvml.nvmlDeviceGetProcessUtilization(handle(), 0)
    nvml.gpus[0].run({11: 40, 12: 0})

    samples = pynvml.nvmlDeviceGetProcessUtilization(handle(), 0)
    listed = pynvml.nvmlDeviceGetComputeRunningProcesses(handle())

    assert [(s.pid, s.smUtil) for s in samples] == [(11, 40)]
    assert [p.pid for p in listed] == [11, 12]
    with pytest.raises(pynvml.NVMLError_NotFound):
        pynvml.nvmlDeviceGetProcessUtilization(handle(), samples[0].timeStamp)


def test_a_mig_instance_has_a_name_but_no_power(nvml):
    uuids = nvml.gpus[0].partition([3, 4])
    part = pynvml.nvmlDeviceGetHandleByUUID(uuids[1].encode())

    assert pynvml.nvmlDeviceIsMigDeviceHandle(part).value == 1
    assert pynvml.nvmlDeviceGetUUID(part) == uuids[1]
    assert pynvml.nvmlDeviceGetAttributes(part).computeInstanceSliceCount == 4
    with pytest.raises(pynvml.NVMLError_NotSupported):
        pynvml.nvmlDeviceGetPowerUsage(part)


def test_after_a_reload_old_handles_are_stale_and_counters_start_at_zero(nvml):
    nvml.reload_driver()
    with pytest.raises(pynvml.NVMLError_Uninitialized):
        counter_j()
    pynvml.nvmlInit()

    assert counter_j() < 30


def test_what_one_process_changes_another_sees(nvml):
    nvml.gpus[1].unplug()
    code = "import pynvml as n; n.nvmlInit(); print(n.nvmlDeviceGetCount())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=nvml.environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "1\n"
    assert nvml.calls("nvmlDeviceGetCount") == 1


def test_a_clock_that_counts_suspend_can_be_simulated(tmp_path, library):
    with bound(
        SimulatedNvml(tmp_path, library=library, clock_id=time.CLOCK_BOOTTIME)
    ) as nvml:
        pynvml.nvmlInit()
        start_s = nvml.gpus[0].power(constant(200.0))
        time.sleep(0.25)

        true_j = nvml.gpus[0].energy_j(start_s, nvml.now_s())
        assert true_j == pytest.approx(50.0, abs=10.0)
        assert counter_j() == pytest.approx(
            nvml.gpus[0].counter_j(nvml.now_s()), abs=21.0
        )


@pytest.mark.parametrize("gpus", [0, 17])
def test_a_machine_of_no_possible_size_is_refused(tmp_path, library, gpus):
    with pytest.raises(ValueError, match="between 1 and 16"):
        SimulatedNvml(tmp_path, gpus=gpus, library=library)
