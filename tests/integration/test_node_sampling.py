"""The node beside its jobs: real processes, wrapped ones and others."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenops.ledger.query import Ledger
from tests.nvml_sim import SimulatedNvml, build, constant

if sys.platform != "linux":
    pytest.skip("jobs are found through /proc", allow_module_level=True)

SAMPLE = Path(__file__).parents[1] / "workloads" / "sample_node.py"
REPO = Path(__file__).parents[2]
STEADY = """
import sys, time
cpus, began_s = float(sys.argv[1]), time.monotonic()
print(flush=True)
while True:
    if time.process_time() < cpus * (time.monotonic() - began_s):
        continue
    time.sleep(0.01)
"""
"""Uses so much of a processor, whatever else the machine does meanwhile."""
MARK = "--this-one-is-wrapped"


class Sampled:
    """This node, sampled by a process of its own; its ledger is the cli's."""

    def __init__(self, cli, **env):
        self.cli = cli
        cli.env |= {
            "GREENOPS_NODE_SCAN_S": "1",
            "GREENOPS_NODE_FOUND_AFTER_S": "3",
            "GREENOPS_NODE_FOUND_MIN_CPUS": "0.02",
            "GREENOPS_INTERVAL_S": "0.5",
            "PYTHONPATH": str(REPO),
            **env,
        }
        self.began = datetime.now(UTC)
        self.process = subprocess.Popen(
            [sys.executable, str(SAMPLE)], env=cli.env, cwd=cli.home, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self):
        """End it as a daemon ends; return what it has to say."""
        said, _ = self.process.communicate("", timeout=60)
        assert self.process.returncode == 0
        return said

    def ledger(self):
        return Ledger(self.cli.home / "data/greenops/ledger.db")

    def lines(self, kind):
        """Return energy, measured, found, idle and the rest of a kind of device."""
        start = self.began - timedelta(hours=2)
        kept = [
            e
            for e in self.ledger().node_energy(start, datetime.now(UTC))
            if e.device.kind == kind
        ]
        names = ("energy_j", "measured_j", "found_j", "idle_j", "unattributed_j")
        return tuple(sum(getattr(e, name) for e in kept) for name in names)

    def runs(self, kind="found"):
        """Return the runs of a kind by their process."""
        ledger = self.ledger()
        rows = [r for r in ledger.find_runs() if r.kind == kind]
        return {r.run.pid: r for r in (ledger.get(row.run_id) for row in rows)}


@pytest.fixture
def sampled(cli):
    """Sample the node; whatever a test leaves behind is ended."""
    begun = []

    def begin(**env):
        begun.append(Sampled(cli, **env))
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def steady(cli):
    """Start a job that uses so much of a processor, in a process group of its own."""
    started = []

    def start(cpus, *more):
        process = subprocess.Popen(
            [sys.executable, "-c", STEADY, str(cpus), *more], env=cli.env, cwd=cli.home,
            stdout=subprocess.PIPE, process_group=0,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield start
    for process in started:
        end(process)


def end(process):
    """End a job, if it has not ended; return the CPU seconds it used in its life."""
    process.kill()
    process.stdout.close()
    if process.returncode is not None:
        return None
    _, status, use = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return use.ru_utime + use.ru_stime


def test_two_jobs_that_nobody_wrapped_become_two_runs_in_their_ratio(
    cli, sampled, steady
):
    light = steady(0.05, "--token", "hunter2")
    heavy = steady(0.15)
    node = sampled()
    time.sleep(10)
    used_s = [end(job) for job in (light, heavy)]
    time.sleep(2.5)
    node.stop()

    runs = node.runs()
    energies_j = [
        sum(t.job_energy_j for t in runs[job.pid].totals) for job in (light, heavy)
    ]

    ratio = energies_j[1] / energies_j[0]
    assert ratio == pytest.approx(used_s[1] / used_s[0], rel=0.15)
    assert ratio == pytest.approx(3, rel=0.25)
    assert 9 < runs[light.pid].end.duration_s < 20
    assert runs[light.pid].run.command[-2:] == ("--token", "***")
    assert runs[light.pid].footprint.total_g.central > 0
    shown = json.loads(
        cli.run("show", runs[light.pid].run.run_id, "--json", check=0).stdout
    )
    assert shown["kind"] == "found"
    listed = cli.run("runs", "--json", check=0).stdout
    assert {job.pid for job in (light, heavy)} <= set(runs)
    assert runs[heavy.pid].run.run_id in listed
    assert "hunter2" not in listed + cli.home.joinpath(
        "data/greenops/ledger.db"
    ).read_bytes().decode("latin-1")


def test_a_wrapped_job_is_not_counted_twice_and_the_lines_add_up(cli, sampled, steady):
    beside = steady(0.2)
    node = sampled()
    out = cli.home / "wrap.json"
    wrapped = cli.start(
        "wrap", "--quiet", "--json", out, "--", "timeout", "12", sys.executable, "-c", STEADY, "0.4", MARK,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wrapped.wait(60)
    time.sleep(2.5)
    node.stop()

    record = json.loads(out.read_text())
    own_j = sum(d["energy_j"] for d in record["devices"] if d["kind"] == "cpu")
    energy_j, measured_j, found_j, idle_j, rest_j = node.lines("cpu")
    found = node.runs()
    assert beside.pid in found
    assert not any(MARK in r.run.command for r in found.values())
    assert measured_j == pytest.approx(own_j, rel=0.3)
    assert measured_j + found_j + idle_j + rest_j == pytest.approx(energy_j)
    sum_of_runs_j = sum(
        t.job_energy_j
        for r in found.values()
        for t in r.totals
        if t.device.kind == "cpu"
    )
    assert sum_of_runs_j == pytest.approx(found_j, rel=1e-6)


def test_the_job_on_a_gpu_is_found_and_the_other_gpu_is_idle(sampled, steady, tmp_path):
    nvml = SimulatedNvml(tmp_path / "nvml", gpus=2, library=build(tmp_path))
    for gpu, watts in zip(nvml.gpus, (300.0, 60.0), strict=True):
        gpu.power(constant(watts))
    job = steady(0.01)
    nvml.gpus[0].run({job.pid: 80})
    node = sampled(CUDA_VISIBLE_DEVICES="", **nvml.environment({}))
    time.sleep(8)
    node.stop()

    busy_j, idle_j = (node.lines("gpu")[i] for i in (2, 3))
    (total,) = [t for t in node.runs()[job.pid].totals if t.device.kind == "gpu"]
    assert busy_j / idle_j == pytest.approx(5, rel=0.1)
    assert total.device.device_id == nvml.gpus[0].device_id
    assert total.job_energy_j == pytest.approx(busy_j, rel=1e-6)


def test_a_sampler_that_is_killed_leaves_its_runs_to_be_closed(cli, sampled, steady):
    job = steady(0.2)
    node = sampled()
    time.sleep(7)
    node.process.kill()
    node.process.wait()

    cli.run("wrap", "--quiet", "--", "true", check=0)

    (run,) = [r for r in node.runs().values() if r.run.pid == job.pid]
    assert run.status == "lost"
    assert sum(t.job_energy_j for t in run.totals) > 0
