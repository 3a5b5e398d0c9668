import json
import logging
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.model import DeviceKind
from greenops.sensors.nvml import NvmlSensor
from greenops.sensors.nvml_processes import PidView
from tests.nvml_sim import SimulatedNvml, bound, build, constant, ramp, square
from tests.nvml_sim.driver import (
    DRIVER_NOT_LOADED,
    FUNCTION_NOT_FOUND,
    GPU_IS_LOST,
    INVALID_ARGUMENT,
    LIB_RM_VERSION_MISMATCH,
    NO_PERMISSION,
    NOT_SUPPORTED,
    TIMEOUT,
    UNKNOWN,
)

COUNTER = "nvmlDeviceGetTotalEnergyConsumption"


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def machine(tmp_path, library):
    """Return a maker of simulated machines; the binding calls the last one made."""
    with ExitStack() as bindings:

        def make(gpus=1, **options):
            folder = tmp_path / f"nvml-{time.monotonic_ns()}"
            nvml = SimulatedNvml(folder, gpus=gpus, library=library, **options)
            return bindings.enter_context(bound(nvml))

        yield make


def open_sensor(nvml, **options):
    return NvmlSensor(library=str(nvml.library), **options)


def by_id(readings):
    return {r.device_id: r for r in readings}


# What is not there.


def test_a_host_without_the_driver_is_told_so_at_once_and_without_the_binding():
    code = """if True:
        import ctypes, sys, time  # ctypes: process accounting has it loaded by then
        from greenops.errors import SensorUnavailableError
        from greenops.sensors.nvml import NvmlSensor
        start_s = time.process_time()
        try:
            NvmlSensor(library="libnvidia-ml-of-no-such-driver.so.1")
        except SensorUnavailableError as e:
            took_s = time.process_time() - start_s
            print(took_s, "pynvml" in sys.modules, e, e.remedy, sep="|")
    """
    told = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split("|")
        for _ in range(3)
    ]
    _, binding, message, remedy = told[0]

    assert min(float(took_s) for took_s, *_ in told) < 0.002
    assert binding == "False"
    assert "libnvidia-ml-of-no-such-driver.so.1 was not found" in message
    assert "install the NVIDIA driver" in remedy


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (DRIVER_NOT_LOADED, "sudo modprobe nvidia"),
        (LIB_RM_VERSION_MISMATCH, "reboot"),
        (NO_PERMISSION, "/dev/nvidia"),
        (UNKNOWN, "nvidia-smi"),
    ],
    ids=["not loaded", "updated under way", "no permission", "unknown"],
)
def test_a_driver_that_does_not_start_comes_with_a_remedy(machine, code, remedy):
    nvml = machine()
    nvml.fail("nvmlInit", code)

    with pytest.raises(SensorUnavailableError) as error:
        open_sensor(nvml)

    assert remedy in error.value.remedy


def test_a_driver_that_lists_no_gpu_is_unavailable(machine):
    nvml = machine()
    nvml.gpus[0].unplug()

    with pytest.raises(SensorUnavailableError, match="lists no GPU"):
        open_sensor(nvml)


def test_a_job_that_sees_no_gpu_has_none_to_measure(machine):
    with pytest.raises(SensorUnavailableError, match="sees none of the 2 GPUs"):
        open_sensor(machine(2), visible="")


def test_a_gpu_that_states_neither_energy_nor_power_is_not_measured(machine):
    nvml = machine()
    for function in (COUNTER, "nvmlDeviceGetPowerUsage", "nvmlDeviceGetFieldValues"):
        nvml.fail(function, NOT_SUPPORTED)

    with pytest.raises(SensorUnavailableError, match="no GPU can be read"):
        open_sensor(nvml)


# What fails under way.


def test_a_failed_read_is_a_gap_of_that_gpu_alone(machine):
    nvml = machine(2)
    sensor = open_sensor(nvml)
    nvml.fail(COUNTER, UNKNOWN, gpu=0, times=1)

    assert list(by_id(sensor.read(1.0))) == [nvml.gpus[1].device_id]
    assert len(sensor.read(2.0)) == 2


def test_a_failing_gpu_is_logged_when_it_fails_and_when_it_recovers(machine, caplog):
    nvml = machine(2)
    sensor = open_sensor(nvml)
    nvml.fail(COUNTER, TIMEOUT, gpu=0)

    with caplog.at_level(logging.INFO, logger="greenops.sensors"):
        for at_s in range(5):
            sensor.read(float(at_s))
        failing = sensor.problems()
        nvml.heal()
        sensor.read(6.0)

    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]
    assert any("cannot be read at present" in p for p in failing)
    assert sensor.problems() == []


def test_nothing_readable_at_all_is_an_error_and_not_zero(machine):
    nvml = machine()
    sensor = open_sensor(nvml)
    nvml.fail("*", UNKNOWN)

    with pytest.raises(SensorReadError, match="Unknown Error"):
        sensor.read(1.0)


@pytest.mark.parametrize("how", ["error", "unplugged"])
def test_a_lost_gpu_is_gone_for_good(machine, how):
    nvml = machine(2)
    sensor = open_sensor(nvml)
    if how == "error":
        nvml.fail("*", GPU_IS_LOST, gpu=1)
    else:
        nvml.gpus[1].unplug()

    first = sensor.read(1.0)
    sensor.read(20.0)
    nvml.heal()
    nvml.gpus[1].plug()
    later = sensor.read(40.0)

    assert list(by_id(first)) == list(by_id(later)) == [nvml.gpus[0].device_id]
    assert [d.device_id for d in sensor.devices()] == [nvml.gpus[0].device_id]
    assert any("was lost" in p for p in sensor.problems())


def test_the_last_gpu_lost_leaves_nothing_to_read(machine):
    nvml = machine()
    sensor = open_sensor(nvml)
    nvml.gpus[0].unplug()

    for at_s in (1.0, 50.0):
        with pytest.raises(SensorReadError, match="was lost"):
            sensor.read(at_s)
    assert sensor.devices() == []


def test_after_a_reload_of_the_driver_reading_goes_on_with_a_restarted_counter(machine):
    nvml = machine(2)
    sensor = open_sensor(nvml)
    before = sensor.read(1.0)
    nvml.reload_driver()

    with pytest.raises(SensorReadError, match="Uninitialized"):
        sensor.read(2.0)
    after = sensor.read(3.0)

    assert by_id(before).keys() == by_id(after).keys()
    assert max(r.counter_j for r in after) < 1000 < min(r.counter_j for r in before)
    assert any("reloaded" in p for p in sensor.problems())


def test_a_driver_that_stays_away_is_asked_ever_more_seldom(machine):
    nvml = machine()
    sensor = open_sensor(nvml)
    nvml.reload_driver(down_for_s=1e9)
    asked_before = nvml.calls("nvmlInit")
    for at_s in range(300):
        with pytest.raises(SensorReadError, match="driver is away"):
            sensor.read(float(at_s))

    # At 1, 2, 4, ... 64 s, and every 60 s from then on: 124, 184, 244 s.
    assert nvml.calls("nvmlInit") - asked_before == 10
    nvml.heal()
    assert len(sensor.read(1000.0)) == 1


def test_a_gpu_that_is_added_under_way_is_found(machine):
    nvml = machine(2)
    nvml.gpus[1].unplug()
    sensor = open_sensor(nvml)
    alone = sensor.read(1.0)
    nvml.gpus[1].plug()

    assert len(alone) == 1
    assert len(sensor.read(12.0)) == len(sensor.devices()) == 2


def test_a_counter_that_is_withdrawn_under_way_makes_room_for_power(machine):
    nvml = machine()
    sensor = open_sensor(nvml)
    nvml.fail(COUNTER, NO_PERMISSION)

    with pytest.raises(SensorReadError, match="Insufficient Permissions"):
        sensor.read(1.0)
    reading = sensor.read(2.0)[0]

    assert (reading.counter_j, reading.power_w) == (None, 100.0)
    assert sensor.devices()[0].source == "nvml_power"
    assert "Insufficient Permissions" in sensor.problems()[0]


def test_one_failed_call_at_the_start_does_not_cost_the_counter(machine):
    nvml = machine()
    nvml.fail(COUNTER, UNKNOWN, times=1)

    assert open_sensor(nvml).devices()[0].source == "nvml_counter"


def test_side_facts_that_are_not_offered_are_asked_for_once(machine):
    nvml = machine()
    for function in ("nvmlDeviceGetTemperature", "nvmlDeviceGetMemoryInfo"):
        nvml.fail(function, NOT_SUPPORTED)
    sensor = open_sensor(nvml)

    for at_s in range(5):
        reading = sensor.read(float(at_s))[0]

    assert (reading.temperature_c, reading.memory_used_bytes) == (None, None)
    assert nvml.calls("nvmlDeviceGetTemperature") == 1


# What it reads.


def test_a_reading_says_what_the_board_says(machine):
    nvml = machine()
    gpu = nvml.gpus[0]
    gpu.power(constant(321.0))
    gpu.state.utilization_percent, gpu.state.temperature_c = 87, 61
    time.sleep(0.11)
    sensor = open_sensor(nvml)

    device, reading = sensor.devices()[0], sensor.read(1.0)[0]

    assert device.device_id == reading.device_id == f"gpu:{gpu.uuid}"
    assert (device.kind, device.name) == (DeviceKind.GPU, "NVIDIA H200")
    assert (device.source, device.limit_w) == ("nvml_counter", 700.0)
    assert (device.rel_uncertainty, device.counter_period_s) == (0.05, 0.1)
    assert (reading.power_w, reading.averaged_over_s) == (321.0, None)
    assert (reading.utilization, reading.temperature_c) == (0.87, 61.0)
    assert reading.memory_used_bytes == 2 << 30


def test_the_counter_differs_by_the_energy_used(machine):
    nvml = machine(update_s=0.02)
    start_s = nvml.gpus[0].power(square(400.0, 60.0, 0.2))
    sensor = open_sensor(nvml)
    time.sleep(0.05)
    t0, first = nvml.now_s(), sensor.read(1.0)[0]
    time.sleep(0.5)
    t1, second = nvml.now_s(), sensor.read(2.0)[0]

    true_j = nvml.gpus[0].energy_j(t0, t1)
    assert t0 > start_s
    assert second.counter_j - first.counter_j == pytest.approx(
        true_j, abs=2 * 400 * 0.02
    )


BOARDS = {
    # name: (architecture, capability, fields, source of energy) -> (W, averaged over s)
    "Hopper": ((9, (9, 0), True, "counter"), (500.0, None)),
    "Hopper without fields": ((9, (9, 0), False, "counter"), (1000.0, 1.0)),
    "Ampere without fields": ((7, (8, 6), False, "counter"), (1000.0, 1.0)),
    "GA100 without fields": ((7, (8, 0), False, "counter"), (500.0, None)),
    "Volta without fields": ((5, (7, 0), False, "counter"), (500.0, None)),
    "Hopper without counter": ((9, (9, 0), True, "power"), (1000.0, 1.0)),
    "Pascal": ((4, (6, 0), False, "power"), (500.0, None)),
}


@pytest.mark.parametrize(("board", "expected"), BOARDS.values(), ids=BOARDS.keys())
def test_instant_and_averaged_power_are_told_apart(machine, board, expected):
    architecture, capability, fields, source = board
    nvml = machine()
    gpu = nvml.gpus[0]
    # It fell to 500 W a moment ago, so that the mean of the last second is far above.
    gpu.power(ramp(1000.0, 500.0, 0.001), epoch_s=nvml.now_s() - 0.15)
    gpu.state.architecture = architecture
    gpu.state.capability_major, gpu.state.capability_minor = capability
    average = architecture >= 7 and capability != (8, 0)
    gpu.state.plain_window_s = 1.0 if average else 0.0
    gpu.state.average_window_s = 1.0
    if not fields:
        nvml.fail("nvmlDeviceGetFieldValues", INVALID_ARGUMENT)
    if source == "power":
        nvml.fail(COUNTER, NOT_SUPPORTED)

    sensor = open_sensor(nvml)
    reading = sensor.read(1.0)[0]

    assert sensor.devices()[0].source == f"nvml_{source}"
    assert (reading.power_w, reading.averaged_over_s) == (
        pytest.approx(expected[0], rel=0.2),
        expected[1],
    )


def test_two_processes_share_by_their_use_of_the_sms(machine):
    nvml = machine()
    nvml.gpus[0].run({4001: 60, 4002: 20, 4003: 0})
    sensor = open_sensor(nvml, pids=PidView())

    first = sensor.read(1.0)[0].processes
    nvml.gpus[0].run({4001: 30, 4002: 30})
    time.sleep(0.2)
    second = sensor.read(2.0)[0].processes
    nvml.gpus[0].run({})
    third = sensor.read(3.0)[0].processes

    assert first == pytest.approx({4001: 0.75, 4002: 0.25, 4003: 0.0})
    assert second == {4001: 0.5, 4002: 0.5}
    assert third == {}


def test_processes_that_do_nothing_have_used_none_of_the_time(machine):
    nvml = machine()
    nvml.gpus[0].run({4001: 0, 4002: 0})

    assert open_sensor(nvml).read(1.0)[0].processes == {4001: 0.0, 4002: 0.0}


def test_a_process_that_ended_between_two_looks_is_counted_but_none_from_before(
    machine,
):
    nvml = machine()
    gpu = nvml.gpus[0]
    gpu.run({4001: 70}, ended=True)
    sensor = open_sensor(nvml)

    earlier = sensor.read(1.0)[0].processes
    time.sleep(0.2)
    gpu.run({4002: 70}, ended=True)
    between = sensor.read(2.0)[0].processes

    assert earlier == {}
    assert between == {4002: 1.0}


def test_graphics_processes_use_the_gpu_too(machine):
    nvml = machine()
    nvml.gpus[0].run({4001: 50}, graphics=True)

    assert open_sensor(nvml).read(1.0)[0].processes == {4001: 1.0}


def test_without_process_utilisation_the_shares_are_unknown_but_not_the_names(machine):
    nvml = machine()
    nvml.gpus[0].run({4001: 60, 4002: 20})
    nvml.fail("nvmlDeviceGetProcessUtilization", NO_PERMISSION)
    sensor = open_sensor(nvml)

    assert sensor.read(1.0)[0].processes == {4001: None, 4002: None}
    assert any("how much each process uses" in p for p in sensor.problems())


def test_a_board_that_lists_no_processes_cannot_tell(machine):
    nvml = machine()
    nvml.fail("nvmlDeviceGetComputeRunningProcesses", NOT_SUPPORTED)
    nvml.fail("nvmlDeviceGetProcessUtilization", NOT_SUPPORTED)
    sensor = open_sensor(nvml)

    assert sensor.read(1.0)[0].processes is None
    assert any("does not list its processes" in p for p in sensor.problems())


def test_process_ids_of_the_host_are_not_believed_in_a_container(machine, tmp_path):
    (tmp_path / "proc/self/ns").mkdir(parents=True)
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026532500]")
    nvml = machine()
    nvml.gpus[0].run({48213: 60})
    sensor = open_sensor(nvml, pids=PidView(tmp_path / "proc"))

    assert sensor.read(1.0)[0].processes is None
    assert any("pid namespace" in p for p in sensor.problems())


# What it selects.


def test_only_the_gpus_the_job_sees_are_measured(machine):
    nvml = machine(4)
    short = nvml.gpus[3].uuid[:12]
    sensor = open_sensor(nvml, visible=f"1,{short}")

    expected = {nvml.gpus[1].device_id, nvml.gpus[3].device_id}
    assert {d.device_id for d in sensor.devices()} == expected
    assert by_id(sensor.read(1.0)).keys() == expected


def test_a_board_split_by_mig_is_measured_once_and_says_what_the_job_sees(machine):
    nvml = machine(2)
    instances = nvml.gpus[0].partition([3, 2, 2])
    nvml.gpus[0].run({4001: 60}, gi=2)
    sensor = open_sensor(nvml, visible=instances[1])
    board = nvml.gpus[0].device_id

    reading = sensor.read(1.0)[0]

    assert [d.device_id for d in sensor.devices()] == [board]
    assert sensor.mig_shares() == {board: pytest.approx(2 / 7)}
    assert reading.processes == {4001: None}
    assert (reading.utilization, reading.power_w) == (None, 100.0)
    assert any("split by MIG" in p for p in sensor.problems())


def test_the_shares_of_jobs_on_all_instances_add_up_to_the_board(machine):
    nvml = machine()
    instances = nvml.gpus[0].partition([4, 2, 1])
    board = nvml.gpus[0].device_id

    parts = [open_sensor(nvml, visible=i).mig_shares()[board] for i in instances]

    assert sum(parts) == pytest.approx(1.0)
    assert open_sensor(nvml).mig_shares() == {board: 1.0}


# How it is called.


def test_at_ten_hertz_only_counter_and_power_are_read_every_time(machine):
    nvml = machine()
    nvml.gpus[0].run({4001: 60})
    sensor = open_sensor(nvml)
    quick = (COUNTER, "nvmlDeviceGetFieldValues")
    slow = ("nvmlDeviceGetTemperature", "nvmlDeviceGetUtilizationRates")
    before = {f: nvml.calls(f) for f in (*quick, *slow)}

    for tick in range(50):
        sensor.read(tick / 10)

    assert [nvml.calls(f) - before[f] for f in quick] == [50, 50]
    assert all(nvml.calls(f) - before[f] == 6 for f in slow)


@pytest.mark.parametrize("rate_hz", [1, 10])
def test_eight_gpus_cost_less_than_a_millisecond_of_cpu_per_read(machine, rate_hz):
    nvml = machine(8)
    for gpu in nvml.gpus:
        gpu.run({4001: 60, 4002: 20})
    sensor = open_sensor(nvml)
    sensor.read(0.0)
    reads = 100

    start_s = time.process_time()
    for tick in range(1, reads + 1):
        sensor.read(tick / rate_hz)
    cpu_s = (time.process_time() - start_s) / reads

    assert cpu_s < 0.001


def test_closing_twice_does_no_harm(machine):
    nvml = machine()
    sensor = open_sensor(nvml)

    sensor.close()
    sensor.close()

    assert nvml.calls("nvmlShutdown") == 1


def test_a_driver_gone_before_closing_does_no_harm(machine):
    nvml = machine()
    sensor = open_sensor(nvml)
    nvml.reload_driver()

    sensor.close()


READ_ONCE = """
import json, sys
from greenops.sensors.nvml import NvmlSensor
sensor = NvmlSensor()
reading = sensor.read(1.0)[0]
print(json.dumps({
    "source": sensor.devices()[0].source,
    "power_w": reading.power_w,
    "averaged_over_s": reading.averaged_over_s,
    "processes": reading.processes,
}))
"""
OLD_DRIVERS = {
    "today's": ((), "nvml_counter", None),
    "without fields": (("nvmlDeviceGetFieldValues",), "nvml_counter", 1.0),
    "without the counter": ((COUNTER,), "nvml_power", 1.0),
    "before process lists of version 3": (
        (
            "nvmlDeviceGetComputeRunningProcesses_v3",
            "nvmlDeviceGetGraphicsRunningProcesses_v3",
            "nvmlDeviceGetMigMode",
        ),
        "nvml_counter",
        None,
    ),
}


@pytest.mark.parametrize(
    ("without", "source", "averaged_over_s"), OLD_DRIVERS.values(), ids=OLD_DRIVERS
)
def test_a_process_with_the_library_on_its_path_measures(
    tmp_path, without, source, averaged_over_s
):
    build(tmp_path, without=without)
    nvml = SimulatedNvml(tmp_path, library=tmp_path / "libnvidia-ml.so.1")
    nvml.gpus[0].run({1: 50})

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ_ONCE],
        capture_output=True,
        text=True,
        check=True,
        env=nvml.environment(),
    )

    assert json.loads(done.stdout) == {
        "source": source,
        "power_w": 100.0,
        "averaged_over_s": averaged_over_s,
        "processes": {"1": 1.0},
    }


@pytest.mark.parametrize("code", [FUNCTION_NOT_FOUND, NOT_SUPPORTED])
def test_only_handles_and_the_counter_are_needed(machine, code):
    nvml = machine()
    for function in (
        "nvmlDeviceGetUUID",
        "nvmlDeviceGetName",
        "nvmlDeviceGetPowerUsage",
        "nvmlDeviceGetFieldValues",
        "nvmlDeviceGetPowerManagementLimitConstraints",
        "nvmlDeviceGetEnforcedPowerLimit",
        "nvmlDeviceGetUtilizationRates",
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetTemperature",
        "nvmlDeviceGetComputeRunningProcesses",
        "nvmlDeviceGetProcessUtilization",
        "nvmlDeviceGetMigMode",
    ):
        nvml.fail(function, code)
    sensor = open_sensor(nvml)

    device, reading = sensor.devices()[0], sensor.read(1.0)[0]

    assert (device.device_id, device.name) == ("gpu:0", "NVIDIA GPU")
    assert (device.limit_w, reading.power_w, reading.processes) == (None, None, None)
    assert reading.counter_j > 123_400


# Between the ticks.


def test_only_a_board_that_shows_mere_moments_is_glanced_at_and_by_one_call(machine):
    nvml = machine(gpus=2)
    for gpu in nvml.gpus:
        gpu.power(constant(250.0))
    nvml.show_moments_only(1)
    sensor = open_sensor(nvml)
    sensor.read(0.0)
    calls = nvml.calls("nvmlDeviceGetPowerUsage"), nvml.calls(COUNTER)

    (glance,) = sensor.glance(0.1)

    assert glance.device_id == sensor.devices()[1].device_id
    assert glance.power_w == pytest.approx(250.0, abs=1)
    assert (glance.counter_j, glance.averaged_over_s) == (None, None)
    now = nvml.calls("nvmlDeviceGetPowerUsage"), nvml.calls(COUNTER)
    assert now == (calls[0] + 1, calls[1])


@pytest.mark.parametrize("code", [TIMEOUT, GPU_IS_LOST])
def test_a_glance_that_fails_is_left_to_the_next_read(machine, code):
    nvml = machine()
    nvml.show_moments_only()
    sensor = open_sensor(nvml)
    nvml.fail("nvmlDeviceGetPowerUsage", code)

    assert sensor.glance(0.1) == []
    with pytest.raises(SensorReadError):
        sensor.read(1.0)


def test_no_glance_while_the_driver_is_away(machine):
    nvml = machine()
    nvml.show_moments_only()
    sensor = open_sensor(nvml)
    nvml.reload_driver(down_for_s=60.0)
    with pytest.raises(SensorReadError):
        sensor.read(1.0)

    with pytest.raises(SensorReadError, match="driver is away"):
        sensor.glance(1.1)
