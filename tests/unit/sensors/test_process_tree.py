import os
import subprocess
import sys
import time

import pytest

from greenops.sensors.process_tree import ProcessTree

SPIN = "import time, sys; t = time.process_time()\nwhile time.process_time() - t < {}: pass"


def write_process(proc, pid, parent, *ticks, name="job"):
    """Lay down a /proc/PID/stat; `ticks` are utime, stime, cutime, cstime."""
    times = " ".join(map(str, [*ticks, *[0] * (4 - len(ticks))]))
    (proc / str(pid)).mkdir(exist_ok=True)
    text = f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 {times} 20 0 1 0 99"
    (proc / str(pid) / "stat").write_text(text)


@pytest.fixture
def tick_s():
    return 1 / os.sysconf("SC_CLK_TCK")


def test_sums_the_living_and_the_waited_for(tmp_path, tick_s):
    write_process(tmp_path, 10, 1, 100, 20, 300, 40)
    write_process(tmp_path, 11, 10, 5, 5)
    write_process(tmp_path, 12, 11, 1)
    write_process(tmp_path, 20, 1, 9999)

    tree = ProcessTree(10, proc=tmp_path, reaped_s=lambda: 2.0)

    assert tree.cpu_s() == pytest.approx(2.0 + 471 * tick_s)


def test_orphans_that_come_to_the_adopter_stay_in_the_tree(tmp_path, tick_s):
    write_process(tmp_path, 5, 1, 7777)  # the adopter itself does not count
    write_process(tmp_path, 10, 5, 1)
    write_process(tmp_path, 30, 5, 50)  # adopted before anybody saw it elsewhere
    write_process(tmp_path, 31, 30, 6)

    tree = ProcessTree(10, adopter_pid=5, proc=tmp_path)

    assert tree.cpu_s() == pytest.approx(57 * tick_s)
    assert tree.contains(31)
    assert not tree.contains(5)


@pytest.mark.parametrize("name", ["a b", "a) R 1 1", "((", ""])
def test_hostile_process_names_do_not_confuse(tmp_path, tick_s, name):
    write_process(tmp_path, 10, 1, 30, name=name)

    assert ProcessTree(10, proc=tmp_path).cpu_s() == pytest.approx(30 * tick_s)


def test_never_falls_when_a_process_is_gone_before_it_was_waited_for(tmp_path):
    write_process(tmp_path, 10, 1, 30)
    tree = ProcessTree(10, proc=tmp_path)
    before = tree.cpu_s()
    (tmp_path / "10" / "stat").unlink()

    assert tree.cpu_s() == before


def test_a_stranger_is_not_in_the_tree(tmp_path):
    write_process(tmp_path, 10, 1)
    write_process(tmp_path, 99, 1)
    tree = ProcessTree(10, proc=tmp_path)
    tree.cpu_s()

    assert not tree.contains(99)
    assert not tree.contains(12345)


def test_agrees_with_the_kernel_on_a_real_tree():
    command = f"{sys.executable} -c '{SPIN.format(0.3)}' & {sys.executable} -c '{SPIN.format(0.3)}'; wait"
    process = subprocess.Popen(["sh", "-c", command])
    tree = ProcessTree(process.pid)
    while process.poll() is None:
        seen_s = tree.cpu_s()
        time.sleep(0.02)

    assert seen_s == pytest.approx(0.66, abs=0.12)
