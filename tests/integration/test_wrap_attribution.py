"""Every CPU second of a job is counted once, in whichever process it was spent."""

import json
import os
import resource
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from greenops.ledger.query import Ledger

SPIN = """
import sys, time
stop = time.process_time() + float(sys.argv[1])
while time.process_time() < stop:
    pass
"""
SHORT = """
import subprocess, sys
for _ in range(int(sys.argv[1])):
    subprocess.run([sys.executable, "-S", "-E", "-c", ""])
"""
FORKS = Path(__file__).parents[1] / "workloads" / "forks.py"
DOUBLE_FORK = f"""
import os, sys, time
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        sys.argv = ["x", "0.5"]
        exec({SPIN!r})
        os._exit(0)
    os._exit(0)
os.wait()
time.sleep(1.2)
"""
RUSAGE = """
import os, resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
uses = map(resource.getrusage, (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
open(sys.argv[1], "w").write(str(sum(u.ru_utime + u.ru_stime for u in uses)))
sys.exit(code)
"""


@pytest.fixture(params=["cgroup", "process tree"])
def cli_by(request, cli):
    """A cli that measures CPU time in the one way or the other."""
    if request.param == "process tree":
        cli.env["GREENOPS_ATTRIBUTION_CGROUP"] = "false"
    cli.method = request.param
    return cli


def measured(cli, *command, **kwargs):
    """Run wrapped below a process that asks the kernel; return our CPU s and its."""
    (cli.home / "rusage.py").write_text(RUSAGE)
    out = cli.home / f"{os.urandom(4).hex()}.json"
    kernel = out.with_suffix(".kernel")
    full = [sys.executable, "rusage.py", kernel, *map(str, command)]
    cli.run("wrap", "--json", out, "--", *full, check=0, **kwargs)
    record = json.loads(out.read_text())
    if record["machine"]["cpu_time_from"] != cli.method:
        pytest.skip("this process may not make control groups")
    return record, float(kernel.read_text())


def script(cli, source):
    path = cli.home / f"{os.urandom(4).hex()}.py"
    path.write_text(source)
    return path


def test_a_single_process_counts_as_the_kernel_counts_it(cli_by):
    record, kernel_s = measured(cli_by, sys.executable, script(cli_by, SPIN), "2")

    assert record["cpu_time_s"] == pytest.approx(kernel_s, rel=0.01, abs=0.04)


def test_children_that_live_for_less_than_a_tick_are_counted(cli_by):
    record, kernel_s = measured(cli_by, sys.executable, script(cli_by, SHORT), "200")

    assert kernel_s > 0.5
    assert record["cpu_time_s"] == pytest.approx(kernel_s, rel=0.01, abs=0.04)


def test_a_thousand_children_of_five_milliseconds_count_within_one_percent(cli_by):
    record, kernel_s = measured(cli_by, sys.executable, FORKS, "1000", "5")

    assert kernel_s > 5.0
    assert record["cpu_time_s"] == pytest.approx(kernel_s, rel=0.01)


def test_a_daemonised_grandchild_is_counted(cli_by):
    record, _ = measured(cli_by, sys.executable, script(cli_by, DOUBLE_FORK))

    assert 0.5 <= record["cpu_time_s"] < 0.75


@pytest.fixture
def pair(cli_by):
    """Two jobs of one and three CPU seconds side by side: our records, the kernel's.

    Each stays until both are through, so that they last equally long however slow the
    machine is.
    """
    spin = script(cli_by, SPIN)
    found = {}

    def job(cpu_s):
        done, other = f"done.{cpu_s}", f"done.{4 - cpu_s}"
        shell = (
            f"{sys.executable} {spin} {cpu_s}; touch {done};"
            f" until [ -e {other} ]; do sleep 0.2; done"
        )
        record, kernel_s = measured(cli_by, "sh", "-c", shell, timeout=120)
        found[cpu_s] = record, kernel_s

    jobs = [threading.Thread(target=job, args=(cpu_s,)) for cpu_s in (1, 3)]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join()
    if len(found) < 2:
        pytest.skip("this process may not make control groups")
    return [found[1], found[3]]


def test_two_jobs_side_by_side_count_as_the_kernel_counts_and_share_the_node(
    pair, cli_by
):
    """Others may run as well: then the two are less than the node, by their part."""
    (small, small_kernel_s), (large, large_kernel_s) = pair

    assert small["cpu_time_s"] == pytest.approx(small_kernel_s, rel=0.01, abs=0.005)
    assert large["cpu_time_s"] == pytest.approx(large_kernel_s, rel=0.01)
    assert large["cpu_time_s"] / small["cpu_time_s"] == pytest.approx(
        large_kernel_s / small_kernel_s, rel=0.015
    )

    ledger = Ledger(cli_by.home / "data" / "greenops" / "ledger.db")
    of_small, of_large = (ticks(ledger, record["run_id"]) for record, _ in pair)
    ledger.close()
    for found in (of_small, of_large):
        # The kernel counts the node in steps of 10 ms: a job alone may seem to be more.
        shares = [min(t.cpu_s / t.node_cpu_s, 1.0) for t in found]
        expected_j = sum(t.node_j * s for t, s in zip(found, shares, strict=True))
        assert sum(t.job_j for t in found) == pytest.approx(expected_j, rel=0.02)
    # What the node used while either ran: the longer one saw most of it.
    begin_s, end_s = of_large[0].start_s, of_large[-1].start_s
    outside = [t for t in of_small if not begin_s <= t.start_s <= end_s]
    node = [*of_large, *outside]
    both = [*of_small, *of_large]
    node_cpu_s = sum(t.node_cpu_s for t in node)
    assert sum(t.cpu_s for t in both) <= 1.01 * node_cpu_s + 0.02 * len(node)
    assert sum(t.job_j for t in both) <= 1.01 * sum(t.node_j for t in node)


class Tick(NamedTuple):
    """One sample of the processors beside what the job used of them meanwhile."""

    start_s: float
    node_j: float
    job_j: float
    cpu_s: float
    node_cpu_s: float


def ticks(ledger, run_id):
    uses = {round(use.start_epoch_s, 3): use for use in ledger.job_use(run_id)}
    found = [
        Tick(s.start_epoch_s, s.node_energy_j, s.job_energy_j, u.cpu_s, u.node_cpu_s)
        for s in ledger.samples(run_id)
        if s.device_id.startswith("cpu:")
        and (u := uses.get(round(s.start_epoch_s, 3)))
        and u.node_cpu_s
    ]
    assert found
    return found


def test_a_job_that_only_waits_is_charged_next_to_nothing(cli):
    cli.run("wrap", "--json", "out.json", "--", "sleep", "1.5", check=0)

    assert json.loads((cli.home / "out.json").read_text())["cpu_time_s"] < 0.1


@pytest.mark.slow
def test_ten_thousand_forks_are_survived_and_counted(cli_by):
    source = "import os\nfor _ in range(10_000):\n    if os.fork() == 0: os._exit(0)\n    os.wait()\n"

    record, kernel_s = measured(cli_by, sys.executable, script(cli_by, source))

    assert record["cpu_time_s"] == pytest.approx(kernel_s, rel=0.02, abs=0.1)


def test_a_setuid_or_other_user_child_is_measured(cli_by):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    source = "import os\nos.setgid(65534); os.setuid(65534)\n" + SPIN

    record, kernel_s = measured(cli_by, sys.executable, script(cli_by, source), "0.5")

    assert record["cpu_time_s"] == pytest.approx(kernel_s, rel=0.02, abs=0.04)


def test_limits_of_the_job_are_not_ours(cli):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = cli.run("wrap", "--", "sh", "-c", "ulimit -n", preexec_fn=few_files, check=0)

    assert done.stdout == "64\n"


def test_nested_wraps_are_measured_once_in_the_outer(cli):
    inner = [
        sys.executable,
        "-m",
        "greenops",
        "wrap",
        "--quiet",
        "--json",
        "inner.json",
    ]

    cli.run(
        "wrap", "--json", "outer.json", "--", *inner,
        "--", sys.executable, script(cli, SPIN), "1", check=0,
    )  # fmt: skip
    outer, inner = (
        json.loads((cli.home / f"{n}.json").read_text()) for n in ("outer", "inner")
    )

    assert outer["cpu_time_s"] > inner["cpu_time_s"] > 0.99
    assert inner["parent_run_id"] == outer["run_id"]
