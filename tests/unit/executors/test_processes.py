import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from greenops.executors.processes import (
    MARK,
    ProcessName,
    Seen,
    boot_id,
    everybody,
    frozen,
    lives,
    look,
    members,
    named,
    send,
    understand,
)

SLEEPS = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
CATCH = (
    "import signal, time; signal.signal(signal.SIGUSR1, lambda *_: None);"
    "print(flush=True); time.sleep(60)"
)
CATCHES = (sys.executable, "-S", "-c", CATCH)


def name_of(pid) -> Any:
    return named(pid)


def seen_at(pid) -> Any:
    return look(pid)


@pytest.fixture
def sleeper():
    with subprocess.Popen(SLEEPS) as process:
        yield process
        process.kill()


def test_a_process_is_known_by_when_it_started(sleeper):
    name = name_of(sleeper.pid)

    assert lives(name)
    assert not lives(ProcessName(name.pid, name.started_ticks + 1, name.boot_id))
    assert not lives(ProcessName(name.pid, name.started_ticks, "another boot"))


def test_one_that_is_dead_but_not_waited_for_does_not_live(sleeper):
    name = name_of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)

    assert seen_at(sleeper.pid).state == "Z"
    assert not lives(name)
    assert sleeper.pid not in everybody()


def test_a_name_survives_being_written_down():
    name = name_of(os.getpid())

    assert ProcessName.of(name.as_record()) == name


@pytest.mark.parametrize(
    "record",
    [{}, {"pid": 0, "started_ticks": 1}, {"pid": "1", "started_ticks": 1}, {"pid": 7}],
)
def test_a_damaged_record_names_nobody(record):
    assert ProcessName.of(record) is None


def test_a_name_may_hold_anything(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a) R 1 (x)) S 3 4 5 " + "0 " * 15 + "99 0")

    assert look(7, tmp_path) == Seen("S", 3, 5, 99)
    assert look(8, tmp_path) is None


def test_members_are_found_by_their_mark_though_their_parents_are_gone():
    marked = dict(os.environ, **{MARK: "a-mark"})
    nobody = ProcessName(2**22 + 1, name_of(os.getpid()).started_ticks, boot_id())
    with subprocess.Popen(SLEEPS, env=marked, start_new_session=True) as process:
        found = members("a-mark", nobody, None, "")
        other = members("a-mar", nobody, None, "")
        process.kill()

    assert set(found) == {process.pid}
    assert other == {}


def test_members_of_a_runner_that_lives_are_its_descendants_and_not_itself(sleeper):
    found = members("no-mark", name_of(os.getpid()), None, "")

    assert sleeper.pid in found
    assert os.getpid() not in found


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_what_a_runner_forks_for_itself_is_no_member():
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    found = members("no-mark", name_of(os.getpid()), None, "")
    as_the_job = members("no-mark", name_of(os.getpid()), name_of(pid), "")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    assert pid not in found
    assert pid in as_the_job


def test_nobody_is_a_member_from_before_the_machine_restarted(sleeper):
    me = name_of(os.getpid())

    assert members("x", ProcessName(me.pid, me.started_ticks, "before"), None, "") == {}
    assert lives(name_of(sleeper.pid))


def test_a_signal_is_not_sent_to_another_process_of_that_pid(sleeper):
    seen = seen_at(sleeper.pid)

    send({sleeper.pid: Seen("S", 1, 1, seen.started_ticks + 1)}, signal.SIGKILL)
    time.sleep(0.05)
    assert sleeper.poll() is None
    send({sleeper.pid: seen}, signal.SIGKILL)
    assert sleeper.wait(5) == -signal.SIGKILL


def test_only_those_that_catch_a_signal_understand_it(sleeper):
    with subprocess.Popen(CATCHES, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        both = {p: seen_at(p) for p in (process.pid, sleeper.pid)}
        understood = understand(both, signal.SIGUSR1)
        other = understand(both, signal.SIGUSR2)
        process.kill()

    assert set(understood) == {process.pid}
    assert other == {}


def test_one_that_sleeps_with_a_signal_blocked_understands_it():
    waits = (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]);"
        "import time; print(flush=True); time.sleep(60)"
    )
    argv = (sys.executable, "-S", "-c", waits)
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        while seen_at(process.pid).state != "S":
            time.sleep(0.01)
        understood = understand({process.pid: seen_at(process.pid)}, signal.SIGUSR1)
        process.kill()

    assert set(understood) == {process.pid}


def test_one_that_blocks_a_signal_for_a_moment_does_not_understand_it():
    busy = (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]);"
        "print(flush=True)\nwhile True: pass"
    )
    argv = (sys.executable, "-S", "-c", busy)
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        understood = understand({process.pid: seen_at(process.pid)}, signal.SIGUSR1)
        process.kill()

    assert understood == {}


@pytest.mark.parametrize(
    ("states", "is_frozen"),
    [
        ("", False),
        ("T", True),
        ("TTt", True),
        ("TS", False),
        ("TD", True),
        ("D", False),
    ],
)
def test_frozen_are_those_that_stand_still_by_a_signal(states, is_frozen):
    there = {n: Seen(state, 1, 1, 1) for n, state in enumerate(states)}

    assert frozen(there) == is_frozen


def test_members_of_a_control_group_are_read_from_all_below_it(tmp_path, sleeper):
    (tmp_path / "below").mkdir()
    (tmp_path / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (tmp_path / "below" / "cgroup.procs").write_text(f"{sleeper.pid}\n")
    runner = ProcessName(os.getpid(), 0, boot_id())  # not this one

    assert set(members("no-mark", runner, None, str(tmp_path))) == {sleeper.pid}
