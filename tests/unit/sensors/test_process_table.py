import os
import subprocess
import sys
import time

import pytest

from greenops.sensors.process_table import ProcessTable
from tests.unit.sensors.proc_tree import KERNEL_THREAD, ProcTree


@pytest.fixture
def tree(tmp_path):
    return ProcTree(tmp_path / "proc")


@pytest.fixture
def table(tree):
    return ProcessTable(tree.root, cpus=4)


def used(table):
    """What each process used between the last two looks, the dead ones too."""
    everyone = [*table.processes.values(), *table.gone]
    return {p.pid: pytest.approx(p.used_s) for p in everyone if p.used_s}


def test_what_a_process_used_before_it_was_first_seen_is_not_counted(tree, table):
    tree.run(10)
    tree.use(10, 1000.0)

    table.look(0.0)

    assert used(table) == {}


def test_what_is_used_between_two_looks_is_counted_once(tree, table):
    tree.run(10)
    table.look(0.0)
    tree.use(10, 1.5)

    table.look(5.0)
    first = used(table)
    table.look(10.0)

    assert (first, used(table)) == ({10: 1.5}, {})


def test_a_process_born_between_two_looks_counts_from_its_birth(tree, table):
    table.look(0.0)
    tree.run(10)
    tree.use(10, 0.7)

    table.look(5.0)

    assert used(table) == {10: 0.7}


def test_one_that_was_asked_for_meanwhile_counts_from_its_birth_as_well(tree, table):
    table.look(0.0)
    tree.run(10)
    tree.use(10, 0.3)
    assert table.process(10).name == "python"
    tree.use(10, 0.4)

    table.look(5.0)

    assert used(table) == {10: 0.7}


def test_children_that_came_and_went_between_two_looks_count_for_their_parent(
    tree, table
):
    tree.run(10)
    table.look(0.0)
    tree.run(11, parent=10)
    tree.use(11, 2.0)
    tree.end(11, waited_by=10)

    table.look(5.0)

    assert used(table) == {10: 2.0}


def test_the_last_moments_of_a_child_are_its_own_and_nothing_is_counted_twice(
    tree, table
):
    tree.run(10)
    tree.run(11, parent=10)
    tree.use(11, 100.0)
    table.look(0.0)
    tree.use(11, 1.0)
    table.look(5.0)
    assert used(table) == {11: 1.0}
    tree.use(11, 0.5)
    tree.use(10, 0.2)
    tree.end(11, waited_by=10)

    table.look(10.0)

    assert used(table) == {10: 0.2, 11: 0.5}


@pytest.mark.parametrize(
    ("lately", "last_s"),
    [
        pytest.param((0.5, 1.5), {11: 0.4, 12: 1.2}, id="as-they-used-before"),
        pytest.param((0.0, 0.0), {11: 0.8, 12: 0.8}, id="evenly-where-nothing-tells"),
    ],
)
def test_siblings_that_end_together_share_their_last_moments(
    tree, table, lately, last_s
):
    tree.run(10)
    for pid in (11, 12):
        tree.run(pid, parent=10)
    table.look(0.0)
    for pid, used_s in zip((11, 12), lately, strict=True):
        tree.use(pid, used_s)
    table.look(5.0)
    for pid in (11, 12):
        tree.use(pid, 0.8)
        tree.end(pid, waited_by=10)

    table.look(10.0)

    assert used(table) == last_s


def test_an_orphan_that_ends_elsewhere_is_not_charged_to_who_waited_for_it(tree, table):
    tree.run(10)
    table.look(0.0)
    tree.change(10, waited=360_000)  # an hour, in five seconds on four processors

    table.look(5.0)

    assert used(table) == {}


def test_a_pid_that_is_used_again_is_another_process(tree, table):
    tree.run(10, started=100)
    tree.use(10, 50.0)
    table.look(0.0)
    before = table.process(10)
    tree.end(10)
    tree.run(10, started=900)
    tree.use(10, 0.5)

    table.look(5.0)

    assert used(table) == {10: 0.5}
    assert table.process(10) is not before
    assert table.gone == [before]


def test_what_vanishes_in_the_middle_of_a_look_is_gone(tree, table):
    tree.run(10)
    table.look(0.0)
    (tree.root / "10/stat").unlink()
    (tree.root / "11").mkdir()

    table.look(5.0)

    assert set(table.processes) == {1}
    assert [p.pid for p in table.gone] == [10]


def test_a_zombie_keeps_its_time_and_its_parent_is_not_charged_for_it_again(
    tree, table
):
    tree.run(10)
    tree.run(11, parent=10)
    table.look(0.0)
    tree.use(11, 1.0)
    tree.change(11, state="Z")
    table.look(5.0)
    assert (used(table), table.process(11).zombie) == ({11: 1.0}, True)
    tree.end(11, waited_by=10)

    table.look(10.0)

    assert used(table) == {}


def test_kernel_threads_are_left_out_and_not_read_again(tree, table):
    tree.run(2, parent=0, flags=KERNEL_THREAD, name="kworker/0:1 (x) ")
    table.look(0.0)
    (tree.root / "2/stat").unlink()

    table.look(5.0)

    assert set(table.processes) == {1}
    assert table.process(2) is None


def test_a_name_may_hold_anything(tree, table):
    tree.run(10, name="a) R 1 (b")

    table.look(0.0)

    assert table.process(10).name == "a) R 1 (b"


def test_a_stat_file_that_is_none_is_passed_over(tree, table):
    tree.run(10)
    (tree.root / "10/stat").write_text("10 (cut off) R 1 ")

    table.look(0.0)

    assert set(table.processes) == {1}


def test_a_lineage_in_a_circle_ends(tree, table):
    tree.run(10, parent=11)
    tree.run(11, parent=10)
    table.look(0.0)

    above = list(table.lineage(table.process(10)))

    assert [p.pid for p in above] == [11]


def test_without_proc_nobody_is_there(tmp_path):
    table = ProcessTable(tmp_path / "none")

    table.look(0.0)

    assert table.processes == {}


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_a_real_process_is_followed_to_its_end():
    table = ProcessTable()
    spin = "import time\nwhile time.process_time() < 0.3: pass\ninput()"
    with subprocess.Popen([sys.executable, "-c", spin], stdin=subprocess.PIPE) as child:
        table.look(time.monotonic())
        process = table.process(child.pid)
        assert process is not None
        until_s = time.monotonic() + 30
        total_s = 0.0
        while total_s < 0.25 and time.monotonic() < until_s:
            time.sleep(0.05)
            table.look(time.monotonic())
            total_s += process.used_s
        child.communicate(b"\n")
    table.look(time.monotonic())

    assert 0.25 <= total_s < 1.0
    assert process in table.gone
    assert os.getpid() in table.processes
