import pytest

from greenops.sensors.nvml_free import GpuUse
from tests.nvml_sim import SimulatedNvml, bound
from tests.nvml_sim.driver import GPU_IS_LOST, NO_PERMISSION


@pytest.fixture
def nvml(tmp_path):
    with bound(SimulatedNvml(tmp_path / "nvml", gpus=3)) as nvml:
        yield nvml


@pytest.fixture
def use(nvml):
    return GpuUse(str(nvml.library))


def test_each_gpu_is_there_and_free_until_something_runs_on_it(nvml, use):
    assert use() == {"0": False, "1": False, "2": False}

    nvml.gpus[1].run({4711: 0})
    assert use() == {"0": False, "1": True, "2": False}
    nvml.gpus[1].run({})
    assert use() == {"0": False, "1": False, "2": False}


def test_a_gpu_that_is_lost_is_not_free(nvml, use):
    nvml.fail("nvmlDeviceGetComputeRunningProcesses", GPU_IS_LOST, gpu=2)

    assert use() == {"0": False, "1": False, "2": True}


def test_one_that_does_not_say_is_taken_to_be_free(nvml, use):
    nvml.fail("nvmlDeviceGetComputeRunningProcesses", NO_PERMISSION, gpu=0)

    assert use()["0"] is False


def test_a_driver_that_was_reloaded_is_asked_again(nvml, use):
    use()
    nvml.reload_driver()

    assert list(use()) == ["0", "1", "2"]


def test_while_the_driver_is_gone_there_are_no_gpus(nvml, use):
    use()
    nvml.reload_driver(down_for_s=60.0)

    assert use() == {}
    nvml.heal()
    assert len(use()) == 3


def test_without_a_driver_there_are_none():
    assert GpuUse("no-such-library.so")() == {}
