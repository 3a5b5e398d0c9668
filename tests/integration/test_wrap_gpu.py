"""`greenops wrap` on machines with simulated GPUs, through the real NVML binding."""

import json
import subprocess
import sys
import threading
import time
from datetime import datetime
from itertools import count

import pytest

from tests.nvml_sim import SimulatedNvml, build, constant, square


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def machine(cli, library):
    numbers = count()

    def make(gpus=1, **options):
        folder = cli.home / f"nvml-{next(numbers)}"
        nvml = SimulatedNvml(folder, gpus=gpus, library=library, **options)
        cli.env = nvml.environment(cli.env)
        return nvml

    return make


def wrap(cli, *command, **env):
    out = cli.home / f"{time.monotonic_ns()}.json"
    kwargs = {"env": {**cli.env, **env}}
    cli.run("wrap", "--json", out, "--", *command, check=0, **kwargs)
    record = json.loads(out.read_text())
    return record, [d for d in record["devices"] if d["kind"] == "gpu"]


def test_a_three_second_job_is_right_within_one_percent(cli, machine):
    machine().gpus[0].power(constant(300.0))

    record, (gpu,) = wrap(cli, "sleep", "3")

    assert gpu["source"] == "nvml_counter"
    assert gpu["energy_j"] == pytest.approx(300 * record["duration_s"], rel=0.01)
    assert gpu["energy_low_j"] < 300 * record["duration_s"] < gpu["energy_high_j"]


def test_eight_gpus_are_eight_devices_and_only_the_visible_ones_count(cli, machine):
    for i, gpu in enumerate(machine(gpus=8).gpus):
        gpu.power(constant(100.0 + i))

    _, everything = wrap(cli, "sleep", "0.3")
    _, two = wrap(
        cli, "sleep", "0.3", CUDA_VISIBLE_DEVICES="6,1", CUDA_DEVICE_ORDER="PCI_BUS_ID"
    )
    _, none = wrap(cli, "sleep", "0.3", CUDA_VISIBLE_DEVICES="")

    assert (len(everything), len(two), len(none)) == (8, 2, 0)
    assert sorted(d["mean_power_w"] for d in two) == pytest.approx([101, 106], rel=0.02)


def test_a_gpu_without_a_counter_is_integrated_and_says_so(cli, machine):
    nvml = machine()
    nvml.gpus[0].power(constant(250.0))
    nvml.fail("nvmlDeviceGetTotalEnergyConsumption", 3)

    record, (gpu,) = wrap(cli, "sleep", "2.5")

    assert (gpu["source"], gpu["method"]) == ("nvml_power", "integral")
    assert gpu["energy_j"] == pytest.approx(250 * record["duration_s"], rel=0.02)


def test_a_load_faster_than_the_samples_is_seen_where_only_moments_are_shown(
    cli, machine
):
    nvml = machine()
    nvml.gpus[0].power(square(300.0, 100.0, 0.37))
    nvml.show_moments_only()

    record, (gpu,) = wrap(cli, "sleep", "6")

    assert gpu["method"] == "integral"
    assert nvml.calls("nvmlDeviceGetPowerUsage") > 40  # of some 120, where nobody waits
    true_j = 200 * record["duration_s"]
    assert gpu["energy_j"] == pytest.approx(true_j, rel=0.15)
    assert gpu["energy_low_j"] < true_j < gpu["energy_high_j"]
    # 10 % of the width is the source's own; six samples a run would make it 90 %.
    assert gpu["energy_high_j"] - gpu["energy_low_j"] < 0.5 * gpu["energy_j"]


def test_a_driver_that_is_reloaded_during_the_job_costs_a_gap_and_not_the_run(
    cli, machine
):
    nvml = machine()
    nvml.gpus[0].power(constant(200.0))
    threading.Timer(2.0, nvml.reload_driver).start()

    record, (gpu,) = wrap(cli, "sleep", "5")

    assert gpu["energy_j"] == pytest.approx(200 * record["duration_s"], rel=0.25)


def test_a_gpu_that_is_lost_leaves_the_energy_so_far(cli, machine):
    nvml = machine(gpus=2)
    for gpu in nvml.gpus:
        gpu.power(constant(100.0))
    threading.Timer(2.0, nvml.gpus[1].unplug).start()

    record, gpus = wrap(cli, "sleep", "4")

    whole, lost = sorted((g["energy_j"] for g in gpus), reverse=True)
    assert whole == pytest.approx(100 * record["duration_s"], rel=0.02)
    assert 100 < lost < whole


def test_a_driver_that_does_not_answer_holds_up_neither_job_nor_prompt(cli, machine):
    machine().slow("nvmlDeviceGetTotalEnergyConsumption", 30.0)
    begun = time.monotonic()

    done = cli.run("wrap", "--", "sh", "-c", "sleep 0.2; exit 4")

    assert done.returncode == 4
    assert time.monotonic() - begun < 15


def test_two_jobs_with_processes_on_one_gpu_share_by_their_utilisation(cli, machine):
    nvml = machine()
    nvml.gpus[0].power(constant(400.0))
    outs = [cli.home / f"{n}.json" for n in "ab"]
    pid_files = [cli.home / f"{n}.pid" for n in "ab"]
    jobs = [
        cli.start(
            "wrap", "--json", out, "--", sys.executable, "-c",
            f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(5)",
            stderr=subprocess.DEVNULL,
        )
        for out, pid in zip(outs, pid_files, strict=True)
    ]  # fmt: skip
    while not all(p.exists() and p.read_text() for p in pid_files):
        time.sleep(0.01)
    a, b = (int(p.read_text()) for p in pid_files)
    nvml.gpus[0].run({a: 20, b: 60})
    for job in jobs:
        assert job.wait(30) == 0

    shares = []
    for out in outs:
        (gpu,) = (
            d for d in json.loads(out.read_text())["devices"] if d["kind"] == "gpu"
        )
        shares.append(gpu["energy_j"] / gpu["node_energy_j"])
    assert sum(shares) <= 1.02
    assert shares[1] / shares[0] == pytest.approx(3, rel=0.35)


def test_two_jobs_that_do_not_use_the_gpu_share_its_idle_power(cli, machine):
    machine().gpus[0].power(constant(60.0))
    outs = [cli.home / f"{n}.json" for n in "ab"]
    jobs = [
        cli.start("wrap", "--quiet", "--json", out, "--", "sleep", "7") for out in outs
    ]
    for job in jobs:
        assert job.wait(30) == 0

    shares = []
    for out in outs:
        (gpu,) = (
            d for d in json.loads(out.read_text())["devices"] if d["kind"] == "gpu"
        )
        shares.append(gpu["energy_j"] / gpu["node_energy_j"])
    # The elder pays alone until both surely know of each other; busy machines take
    # longer until the other one pays as well.
    assert 0.4 < sum(shares) <= 1.01


@pytest.mark.slow
def test_a_square_wave_is_right_within_half_a_percent(cli, machine):
    nvml = machine()
    nvml.gpus[0].power(square(350.0, 70.0, period_s=10.0))

    record, (gpu,) = wrap(cli, "sleep", "17")

    began_s = datetime.fromisoformat(record["started_at"]).timestamp()
    began_s -= time.time() - nvml.now_s()
    truth_j = nvml.gpus[0].energy_j(began_s, began_s + record["duration_s"])
    assert gpu["energy_j"] == pytest.approx(truth_j, rel=0.005)
