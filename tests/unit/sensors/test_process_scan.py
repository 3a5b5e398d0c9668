import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenops.errors import SensorUnavailableError
from greenops.model import IdentityKind
from greenops.sensors import neighbours, process_jobs
from greenops.sensors.neighbours import Announced
from greenops.sensors.process_jobs import ProcessJobs
from greenops.sensors.process_scan import HIDDEN, ProcessScan
from tests.unit.sensors.proc_tree import ProcTree

FORKS = Path(__file__).parents[2] / "workloads" / "forks.py"
HEX = "ab12cd34" * 8


@pytest.fixture
def tree(tmp_path):
    return ProcTree(tmp_path / "proc")


class Scans:
    """A scan every five seconds, of processes and recorders as the test says."""

    def __init__(self, tree):
        self.recorders: list[Announced] = []
        self.at_s = 0.0
        self.scanner = ProcessScan(
            tree.root, recorders=lambda: self.recorders, clock=lambda: self.at_s, cpus=4
        )

    def __call__(self):
        self.at_s += 5.0
        return {g.identity.id: g for g in self.scanner.scan()}

    def record(self, pid, run_id="20260301-120000-abcdef", marks=()):
        self.recorders.append(Announced(pid, run_id, 0.0, frozenset(marks)))


@pytest.fixture
def scan(tree):
    return Scans(tree)


def job(group):
    return (group.identity.kind, pytest.approx(group.cpu_s), group.processes)


def test_the_processes_of_a_container_are_one_job(tree, scan):
    cgroup = f"0::/docker/{HEX}\n"
    tree.run(10, cgroup=cgroup)
    tree.run(11, parent=10, cgroup=cgroup)
    scan()
    tree.use(10, 1.0)
    tree.use(11, 2.0)

    assert job(scan()[HEX]) == (IdentityKind.CONTAINER, 3.0, 2)


def test_a_job_is_told_of_once_more_when_it_is_gone_with_what_it_used_last(tree, scan):
    tree.run(9)
    tree.run(10, parent=9, cgroup=f"0::/docker/{HEX}\n")
    scan()
    tree.use(10, 1.5)
    tree.end(10, waited_by=9)

    last, then = scan(), scan()

    assert job(last[HEX]) == (IdentityKind.CONTAINER, 1.5, 0)
    assert HEX not in then


def test_a_pipeline_and_its_children_are_one_job_and_the_next_one_of_the_shell_another(
    tree, scan
):
    tree.run(10, tty=34816, name="bash", started=100)
    for pid, group in ((20, 20), (21, 20), (30, 30)):
        tree.run(pid, parent=10, group=group, session=10, tty=34816, started=pid * 10)
    tree.run(22, parent=20, group=20, session=10, tty=34816, started=990)

    found = scan()

    assert {i: g.processes for i, g in found.items() if not i.startswith("1@")} == {
        "10@1.00": 1, "20@2.00": 3, "30@3.00": 1,
    }  # fmt: skip


def test_ranks_that_lead_sessions_of_their_own_belong_to_who_started_them(tree, scan):
    tree.run(10, tty=34816, name="bash", started=100)
    tree.run(20, parent=10, session=10, tty=34816, name="torchrun", started=200)
    for pid in (21, 22):
        tree.run(pid, parent=20, started=210)

    assert scan()["20@2.00"].processes == 3


def test_a_session_that_a_shell_was_told_to_open_is_a_job_of_its_own(tree, scan):
    tree.run(10, tty=34816, name="bash", started=100)
    tree.run(20, parent=10, name="setsid", started=200)

    assert scan()["20@2.00"].processes == 1


def test_a_session_for_another_user_is_a_job_of_its_own(tree, scan, monkeypatch):
    tree.run(10, name="sshd", started=100)
    tree.run(20, parent=10, started=200)
    monkeypatch.setattr(ProcessJobs, "uid", lambda _, process: process.pid)

    assert scan()["20@2.00"].processes == 1


def test_groups_whose_leader_lives_out_of_sight_are_not_thrown_together(tree, scan):
    for pid in (10, 11):  # of another pid namespace they are all in "group 0"
        tree.run(pid, started=pid * 10)
        tree.change(pid, group=0, session=0)

    found = scan()

    assert (found["10@1.00"].processes, found["11@1.10"].processes) == (1, 1)


def test_an_orphan_stays_with_its_job(tree, scan):
    tree.run(10, started=100)
    tree.run(11, parent=10, group=10, session=10, started=110)
    scan()
    tree.end(10)
    tree.change(11, parent=1)

    found = scan(), scan()

    assert [f["10@1.00"].processes for f in found] == [1, 1]


def test_what_an_orphan_starts_belongs_to_its_job_as_well(tree, scan):
    tree.run(10, started=100)
    tree.run(11, parent=10, group=10, session=10, started=110)
    scan()
    tree.end(10)
    tree.change(11, parent=1)
    tree.run(12, parent=11, group=10, session=10, started=500)

    assert scan()["10@1.00"].processes == 2


def test_sessions_within_each_other_in_a_circle_do_no_harm(tree, scan):
    tree.run(10, parent=11)
    tree.run(11, parent=10)

    assert sum(g.processes for g in scan().values()) == 3


def test_one_seen_between_its_fork_and_its_exec_is_looked_at_again(tree, scan):
    tree.run(10, cgroup="0::/system.slice/slurmstepd.scope/system\n")
    scan()
    (tree.root / "10/cgroup").write_text(
        "0::/system.slice/slurmstepd.scope/job_7/step_0\n"
    )
    again = scan()
    (tree.root / "10/cgroup").write_text("0::/\n")

    assert again["7"].processes == 1
    assert scan()["7"].processes == 1  # and never after that


def test_one_that_ends_before_its_job_can_be_told_is_of_its_parents_job(tree, scan):
    tree.run(10, cgroup=f"0::/docker/{HEX}\n")
    scan()
    tree.run(11, parent=10, cgroup="0::/\n")
    tree.use(11, 1.0)
    tree.change(11, state="Z")

    assert scan()[HEX].cpu_s == pytest.approx(1.0)


def test_what_a_recorder_measures_is_a_run_and_no_job_that_is_found(tree, scan):
    tree.run(10, name="greenops", started=100)
    tree.run(11, parent=10, started=110)
    tree.run(12, parent=11, cgroup=f"0::/docker/{HEX}\n", started=120)
    scan.record(10)
    scan()
    tree.use(11, 1.0)
    tree.use(12, 2.0)

    found = scan()

    assert job(found["20260301-120000-abcdef"]) == (IdentityKind.RUN, 3.0, 3)
    assert set(found) == {"1@0.01", "20260301-120000-abcdef"}
    assert scan.scanner.owner(12).kind is IdentityKind.RUN


def test_what_forks_away_is_measured_by_its_control_group(tree, scan):
    tree.run(10, name="greenops")
    tree.run(11, cgroup="0::/user.slice/greenops-10-0af3d2/x\n")
    scan.record(10)

    assert scan()["20260301-120000-abcdef"].processes == 2


def test_a_job_whose_recorder_was_killed_is_found(tree, scan):
    tree.run(10, name="greenops")
    tree.run(11, parent=10, started=500)
    scan.record(10)
    scan()
    tree.end(10)
    tree.change(11, parent=1)
    scan.recorders.clear()

    found = scan()

    assert found["20260301-120000-abcdef"].processes == 0
    assert sum(g.processes for i, g in found.items() if i != "1@0.01") == 1


def test_several_runs_within_one_process_are_measured_all_the_same(tree, scan):
    tree.run(10, name="jupyter")
    scan.record(10, run_id="")

    assert scan()["process 10"].identity.kind is IdentityKind.RUN


def test_a_recorder_that_may_use_a_gpu_reserves_it(tree, scan):
    tree.run(10)
    assert scan.scanner.reserved(["gpu:a", "gpu:b"]) == set()
    scan.record(10, marks=[neighbours._mark("gpu:b")])
    scan()

    assert scan.scanner.reserved(["gpu:a", "gpu:b"]) == {"gpu:b"}


def test_a_process_of_a_gpu_that_was_not_seen_yet_is_looked_up_at_once(tree, scan):
    scan()
    tree.run(10, cgroup=f"0::/docker/{HEX}\n")

    assert scan.scanner.owner(10).id == HEX
    assert scan.scanner.owner(11) is None


def test_a_pid_that_is_used_again_is_looked_up_again(tree, scan):
    tree.run(10, cgroup=f"0::/docker/{HEX}\n", started=100)
    scan.record(10)
    scan()
    scan.recorders.clear()
    tree.end(10)
    tree.run(10, cgroup="0::/system.slice/ollama.service\n", started=900)

    found = scan()

    assert found["20260301-120000-abcdef"].processes == 0
    assert found["ollama.service"].processes == 1


def test_our_own_process_is_no_job(tree, scan):
    tree.run(os.getpid())

    assert set(scan()) == {"1@0.01"}
    assert scan.scanner.owner(os.getpid()) is None


def test_what_we_start_is_a_job_of_its_own(tree, scan):
    tree.run(os.getpid(), started=900)
    tree.run(10, parent=os.getpid(), started=1000)

    assert scan()["10@10.00"].processes == 1


def test_the_command_is_that_of_the_eldest_process_as_it_is_now(tree, scan):
    cgroup = f"0::/docker/{HEX}\n"
    tree.run(11, cgroup=cgroup, argv=("worker",), started=300)
    tree.run(10, cgroup=cgroup, argv=("python", "train.py", "--lr", "0.1"), started=200)
    found = scan()

    facts = scan.scanner.facts(found[HEX].identity)

    assert (facts.command, facts.pid, facts.cwd) == (
        ("python", "train.py", "--lr", "0.1"),
        10,
        "",
    )


def test_the_job_of_an_engine_is_its_users_and_called_as_the_user_calls_it(
    tree, scan, monkeypatch
):
    cgroup = "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n"
    tree.run(20, cgroup=cgroup, argv=("slurmstepd: [7.0]",), started=100)
    tree.run(
        1000, cgroup=cgroup, argv=("python",), started=200,
        environ={"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "resnet"},
    )  # fmt: skip
    owners = {20: 0, 1000: 12345}
    monkeypatch.setattr(
        ProcessJobs, "uid", lambda _, process: owners.get(process.pid, 0)
    )
    identity = scan()["7"].identity

    facts = scan.scanner.facts(identity)

    assert (facts.name, facts.user, facts.command) == (
        "resnet",
        "uid 12345",
        ("python",),
    )


def test_of_a_process_that_hides_its_command_the_name_is_known(tree, scan):
    tree.run(10, name="train", cgroup=f"0::/docker/{HEX}\n", argv=())
    found = scan()

    assert scan.scanner.facts(found[HEX].identity).command == ("train",)


def test_of_a_job_that_is_gone_already_its_name_is_known(tree, scan):
    tree.run(10, cgroup=f"0::/docker/{HEX}\n")
    identity = scan()[HEX].identity
    tree.end(10)
    scan()

    assert scan.scanner.facts(identity).command == (identity.name,)


def test_of_an_environment_only_what_tells_the_job_is_kept():
    found = process_jobs._variables(b"AWS_SECRET=x\0SLURM_JOB_ID=7\0RAY_JOB_ID\0=\0")

    assert found == {"SLURM_JOB_ID": "7", "RAY_JOB_ID": ""}


def test_hidden_processes_are_said_to_be_hidden(tree, scan):
    assert scan.scanner.problems() == []
    tree.end(1)
    scan()

    assert scan.scanner.problems() == [HIDDEN]


def test_a_system_without_proc_says_so_and_what_still_works(tmp_path):
    with pytest.raises(SensorUnavailableError, match="not attributed") as caught:
        ProcessScan(tmp_path)

    assert "greenops wrap" in caught.value.remedy


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_a_real_job_of_slurm_is_known_by_its_environment():
    scanner = ProcessScan(recorders=list)
    environ = {**os.environ, "SLURM_JOB_ID": "424242", "SLURM_JOB_NAME": "resnet"}
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        scanner.scan()
        identity = scanner.owner(child.pid)
        assert identity is not None
        facts = scanner.facts(identity)
        child.communicate(b"\n")

    assert (identity.kind, identity.uid) == (IdentityKind.SLURM, os.getuid())
    assert identity.id == "424242"
    assert (facts.command[0], facts.pid, facts.cwd) == (
        sys.executable,
        child.pid,
        str(Path.cwd()),
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_many_children_that_no_scan_ever_sees_are_counted_all_the_same():
    scanner = ProcessScan(recorders=list)
    scanner.scan()
    environ = {**os.environ, "SLURM_JOB_ID": "424242"}
    counted_s = 0.0
    with subprocess.Popen(
        [sys.executable, str(FORKS), "200", "5"], stdout=subprocess.PIPE, env=environ, text=True,
        process_group=0,
    ) as parent:  # fmt: skip
        while parent.poll() is None:
            time.sleep(0.2)
            counted_s += job_s(scanner.scan())
        counted_s += job_s(scanner.scan())
        assert parent.stdout is not None
        children_s = float(parent.stdout.read())

    assert children_s > 0.9
    assert counted_s >= 0.9 * children_s


def job_s(groups):
    return sum(g.cpu_s for g in groups if g.identity.id == "424242")
