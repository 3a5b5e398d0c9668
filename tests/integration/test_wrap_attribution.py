"""Every CPU second of a job is counted once, in whichever process it was spent."""

import json
import os
import resource
import sys
import threading

import pytest

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


def test_a_daemonised_grandchild_is_counted(cli_by):
    record, _ = measured(cli_by, sys.executable, script(cli_by, DOUBLE_FORK))

    assert 0.5 <= record["cpu_time_s"] < 0.75


def test_two_jobs_side_by_side_share_one_to_three_and_add_up_to_the_node(cli):
    spin = script(cli, SPIN)
    records = {}

    def job(name, seconds):
        out = cli.home / f"{name}.json"
        shell = f"{sys.executable} {spin} {seconds}; sleep {4.5 - float(seconds) - 0.2}"
        cli.run("wrap", "--json", out, "--", "sh", "-c", shell, check=0)
        records[name] = json.loads(out.read_text())

    jobs = [threading.Thread(target=job, args=a) for a in (("a", "1"), ("b", "3"))]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join()

    assert records["b"]["cpu_time_s"] / records["a"]["cpu_time_s"] == pytest.approx(
        3, rel=0.05
    )
    for device in ("cpu:model", "dram:model"):
        of = {
            n: next((d for d in r["devices"] if d["device_id"] == device), None)
            for n, r in records.items()
        }
        found = [d for d in of.values() if d is not None]
        if not found:
            pytest.skip("this machine has meters of its own")
        together_j = sum(d["energy_j"] for d in found)
        assert together_j <= max(d["node_energy_j"] for d in found) * 1.02


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
