"""Whoever is killed when, an attempt runs once at most, and none is lost."""

import contextlib
import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from greenops.errors import ExecutorBusyError, ExecutorError, ExecutorRefusedError
from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.local_runner import _Run
from greenops.executors.processes import MARK, ProcessName, everybody
from greenops.model import Attempt, AttemptState
from tests.executors.rigs import BARE, LocalRig, until
from tests.workloads.bare_runner import dying_at

QUEUED, RUNNING = AttemptState.QUEUED, AttemptState.RUNNING
ENDED, VOID, UNKNOWN = AttemptState.ENDED, AttemptState.VOID, AttemptState.UNKNOWN
APPENDS = ("sh", "-c", "echo ran >> ran")


@pytest.fixture
def rig(tmp_path):
    rig = LocalRig(tmp_path)
    yield rig
    rig.close()


def runner_pid(rig, attempt_id="a1"):
    return rig.record(attempt_id, "claim")["pid"]


def job_pid(rig, attempt_id="a1"):
    return until(lambda: rig.record(attempt_id, "job").get("pid"))


def settled(rig, attempt_id):
    """Return the status of an attempt that is over, however it went."""

    def over():
        status = rig.status(attempt_id)
        return status if status.state in {ENDED, VOID} else None

    return until(over)


def is_true_to_its_word(rig, attempt_id, status):
    """Tell whether what is said of an attempt agrees with what it did."""
    ran = rig.ran(attempt_id)
    if status.state is VOID:
        return ran == 0
    return ran == 1 if status.exit_code == 0 else ran <= 1


def test_a_job_survives_its_runner_and_ends_without_a_status(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    os.kill(runner_pid(rig), signal.SIGKILL)
    until(lambda: "runner was killed" in rig.status().detail)

    orphan = rig.status()
    assert orphan.state is RUNNING
    assert rig.again().poll(["a1"])["a1"].state is RUNNING
    rig.finish(code=3)
    ended = rig.wait_for(ENDED)

    assert (ended.exit_code, ended.exit_signal) == (None, None)
    assert "runner was killed" in ended.detail
    assert ended.started_at is not None
    assert rig.again().poll(["a1"])["a1"] == ended
    assert rig.ran() == 1


@pytest.mark.parametrize("ignores", [False, True])
def test_a_job_whose_runner_was_killed_can_be_cancelled(rig, ignores):
    rig.executor.submit(rig.stubborn() if ignores else rig.attempt())
    rig.begin()
    os.kill(runner_pid(rig), signal.SIGKILL)
    until(lambda: rig.status().detail)
    rig.executor.cancel("a1", 0.3)

    assert rig.wait_for(ENDED, within_s=5).exit_code is None


def test_the_grace_is_kept_though_the_daemon_is_gone(rig):
    rig.executor.submit(rig.stubborn())
    rig.begin()
    job = job_pid(rig)
    rig.executor.cancel("a1", 0.4)

    until(lambda: job not in everybody(), within_s=5)  # nobody polls meanwhile


def test_a_runner_that_hangs_is_helped_to_kill(rig, monkeypatch):
    monkeypatch.setattr("greenops.executors.local.OVERDUE_S", 0.1)
    rig.executor.submit(rig.stubborn())
    rig.begin()
    rig.executor.cancel("a1", 0.3)
    os.kill(runner_pid(rig), signal.SIGSTOP)
    job = job_pid(rig)

    until(lambda: rig.status() and job not in everybody())
    os.kill(runner_pid(rig), signal.SIGCONT)


def test_after_a_restart_of_the_machine_it_has_ended(rig):
    rig.executor.submit(rig.attempt(argv=("true",)))
    rig.wait_for(ENDED)
    folder = rig.root / "attempts" / "a1"
    (folder / "ended").unlink()
    claim = (folder / "claim").read_text().replace('"boot_id": "', '"boot_id": "before')
    (folder / "claim").write_text(claim)

    ended = rig.again().poll(["a1"])["a1"]

    assert (ended.state, ended.exit_code) == (ENDED, None)
    assert "restarted" in ended.detail


def test_another_process_of_the_same_pid_is_not_taken_for_the_runner(rig):
    rig.executor.submit(rig.attempt(argv=("true",)))
    rig.wait_for(ENDED)
    folder = rig.root / "attempts" / "a1"
    (folder / "ended").unlink()
    runner = rig.record("a1", "claim")
    text = (folder / "claim").read_text()
    (folder / "claim").write_text(text.replace(str(runner["pid"]), str(os.getpid())))

    executor = rig.again()
    assert executor.poll(["a1"])["a1"].state is ENDED
    executor.cancel("a1", 0.0)  # and this test lives on


FORKS_AWAY = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        open("forked", "w").write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
os.wait()
while not os.path.exists("forked"): time.sleep(0.01)
"""


@pytest.mark.parametrize("runner_dies", [False, True])
def test_a_job_that_forks_away_does_not_get_away(rig, runner_dies):
    stays = FORKS_AWAY + "time.sleep(60)"
    rig.executor.submit(rig.attempt(argv=(sys.executable, "-S", "-c", stays)))
    pid_file = rig.folder("a1") / "forked"
    pid = int(until(lambda: pid_file.exists() and pid_file.read_text()))
    if runner_dies:
        os.kill(runner_pid(rig), signal.SIGKILL)
        until(lambda: rig.status().detail)
    rig.executor.cancel("a1", 5.0)

    rig.wait_for(ENDED, within_s=5)
    assert pid not in everybody()


def test_what_a_job_leaves_behind_ends_with_it(rig):
    rig.executor.submit(rig.attempt(argv=(sys.executable, "-S", "-c", FORKS_AWAY)))

    assert rig.wait_for(ENDED).exit_code == 0
    assert int((rig.folder("a1") / "forked").read_text()) not in everybody()


def test_a_signal_spares_those_that_would_die_of_it(rig):
    """A shell around a training, or its workers, know nothing of checkpoints."""
    trap = "trap 'echo USR1 >> got' USR1; echo > ready; while [ ! -e finish ]; do sleep 0.02; done"
    rig.executor.submit(rig.attempt(argv=("sh", "-c", f'sh -c "{trap}"; exit 5')))
    until(lambda: rig.status() and rig.is_ready())
    rig.executor.signal("a1", "USR1")
    until(rig.got)
    rig.finish()

    assert rig.wait_for(ENDED).exit_code == 5


def test_an_attempt_whose_runners_die_at_birth_waits_and_says_so(rig):
    rig.executor = rig.again(runner=("/bin/false",))
    rig.executor.submit(rig.attempt())
    until(lambda: "without a word" in rig.status().detail)
    assert rig.status().state is QUEUED

    rig.executor = rig.again()
    rig.begin()
    assert rig.ran() == 1


def test_a_runner_that_cannot_be_started_is_a_refusal(rig):
    rig.executor = rig.again(runner=("/no/such/runner",))

    with pytest.raises(ExecutorRefusedError, match="/no/such/runner"):
        rig.executor.submit(rig.attempt())
    assert rig.again().void("a1")


def test_handed_over_by_ten_at_once_it_runs_once(rig):
    attempt = rig.attempt(argv=APPENDS)
    executors = [rig.again() for _ in range(10)]
    threads = [threading.Thread(target=e.submit, args=(attempt,)) for e in executors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert settled(rig, "a1").exit_code == 0
    time.sleep(0.3)  # runners that came late have looked by now
    assert rig.ran() == 1


def test_void_against_submit_has_one_winner(rig):
    for number in range(25):
        name = f"a{number}"
        attempt, other = rig.attempt(name, argv=APPENDS), rig.again()
        refused: list[Exception] = []

        def hand_over(attempt=attempt, refused=refused):
            try:
                rig.executor.submit(attempt)
            except ExecutorRefusedError as e:
                refused.append(e)

        thread = threading.Thread(target=hand_over)
        thread.start()
        time.sleep(random.Random(number).uniform(0.0, 0.08))
        voided = other.void(name)
        thread.join()
        status = settled(rig, name)

        assert (status.state is VOID) == voided
        assert rig.ran(name) == (0 if voided else 1)
        assert not refused or voided


def test_a_runner_killed_at_any_line_neither_doubles_nor_loses(rig):
    """Each line of the runner in turn; the next daemon makes of it what it can."""
    number, outcomes, died = 1, set(), True
    while died:
        batch = range(number, number + 20)
        pids = []
        for n in batch:
            killed = rig.again(runner=(*BARE, "--kill-at", str(n)))
            killed.submit(rig.attempt(f"a{n}", argv=APPENDS))
            pids.append(killed._runners.look(f"a{n}").pid)
        statuses = {os.waitpid(pid, 0)[1] for pid in pids}
        died = statuses == {signal.SIGKILL}
        rig.executor = rig.again()
        for n in batch:
            status = settled(rig, f"a{n}")
            assert is_true_to_its_word(rig, f"a{n}", status), (n, status)
            outcomes.add((status.state, status.exit_code))
        number += len(batch)
    assert number > 100
    assert outcomes >= {(VOID, None), (ENDED, None)}


@pytest.mark.parametrize(
    ("step", "stride"), [("poll", 5), ("void", 2), ("cancel", 3), ("forget", 3)]
)
def test_a_daemon_killed_at_any_line_leaves_what_the_next_can_finish(rig, step, stride):
    attempts: list[Attempt] = []
    died = True
    while died:
        number = 1 + stride * len(attempts)
        attempt = rig.attempt(f"a{number}", argv=APPENDS)
        if step in ("cancel", "forget"):
            rig.executor.submit(attempt)
        if step == "forget":
            settled(rig, attempt.attempt_id)
        attempts.append(attempt)
        died = _killed_at(number, lambda e, a=attempt: _do(e, step, a), rig.again())
    rig.executor = rig.again()
    for attempt in attempts:
        _finish(rig, step, attempt)
    assert len(attempts) > 5


def _finish(rig, step, attempt):
    """Do what the next daemon would; see that the attempt is as it is said to be."""
    name = attempt.attempt_id
    if step == "forget":
        rig.executor.forget(name)
        assert rig.status(name).state is UNKNOWN
        assert rig.ran(name) == 1
        return
    if rig.status(name).state is UNKNOWN:
        rig.executor.submit(attempt)
    status = settled(rig, name)
    assert is_true_to_its_word(rig, name, status), (name, status)


def _do(executor, step, attempt):
    name = attempt.attempt_id
    if step == "cancel":
        executor.cancel(name, 0.05)
    elif step == "poll":
        executor.submit(attempt)
        executor.poll([name])
    else:
        getattr(executor, step)(name)


def _killed_at(number, act, executor):
    """Do something in a process that is killed at its n-th line; return whether."""
    pid = os.fork()
    if pid == 0:
        sys.settrace(dying_at(number))
        try:
            act(executor)
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1] == signal.SIGKILL


def test_two_hundred_random_kills_lose_and_double_nothing(rig):
    """Runners are killed and daemons replaced as it comes, until each job is done."""
    rng = random.Random(5)
    tries: dict[int, int] = {}
    kills, done = 0, set[int]()
    while kills < 200 or tries.keys() - done:
        if kills < 200:
            wanted = 40 - len(tries.keys() - done)
            tries |= dict.fromkeys(range(len(tries), len(tries) + wanted), 0)
        for job in tries.keys() - done:
            name = f"j{job}-{tries[job]}"
            status = rig.status(name)
            if status.state is UNKNOWN:
                rig.executor.submit(rig.attempt(name, argv=APPENDS))
            elif status.state in {ENDED, VOID}:
                assert is_true_to_its_word(rig, name, status), status
                tries[job] += status.exit_code != 0
                done |= {job} if status.exit_code == 0 else set()
        started = [s.pid for s in rig.executor._runners._started.values() if s.pid]
        for pid in rng.sample(started, len(started) * 4 // 5) if kills < 200 else []:
            time.sleep(rng.uniform(0.0, 0.005))
            os.kill(pid, signal.SIGKILL)
            kills += 1
        if rng.random() < 0.3:
            rig.executor = rig.again()
    attempts = [f"j{job}-{n}" for job, last in tries.items() for n in range(last + 1)]
    assert all(rig.ran(name) <= 1 for name in attempts)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 20 MiB to fill, or to make read-only."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=700", "greenops", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place):
    fd = os.open(place / "filler", os.O_WRONLY | os.O_CREAT)
    for size in (1 << 16, 1 << 9):
        with contextlib.suppress(OSError):
            while True:
                os.write(fd, b"x" * size)
    os.close(fd)
    return place / "filler"


def test_a_full_disk_is_busy_and_accepts_nothing(small_disk, rig):
    rig.root = small_disk / "executor"
    rig.executor = rig.again()
    rig.executor.health("here", {})
    filler = fill(small_disk)

    with pytest.raises(ExecutorBusyError, match=r"free some space|No space"):
        rig.executor.submit(rig.attempt())
    assert rig.status().state is UNKNOWN
    health = rig.executor.health("here", {})
    assert not health.usable
    assert "free some space" in health.detail

    filler.unlink()
    rig.executor.submit(rig.attempt())
    rig.begin()
    assert rig.ran() == 1


def test_an_exit_status_waits_for_room_on_the_disk(small_disk, rig):
    rig.root = small_disk / "executor"
    rig.executor = rig.again()
    rig.executor.submit(rig.attempt())
    rig.begin()
    until(lambda: rig.status().handle)
    filler = fill(small_disk)
    rig.finish(code=9)
    until(lambda: "disk full" in rig.status().detail)
    assert rig.status().state is RUNNING

    filler.unlink()
    assert rig.wait_for(ENDED).exit_code == 9


def test_a_job_that_finds_the_disk_full_before_it_begins_may_be_tried_again(
    small_disk, rig
):
    rig.root = small_disk / "executor"
    rig.executor = rig.again(runner=("/bin/true",))
    rig.executor.submit(rig.attempt())
    folder = AttemptFolder(rig.root / "attempts" / "a1")
    order = folder.order()
    assert order
    assert folder.claim(ProcessName(1, 1, ""))
    filler = fill(small_disk)
    run = _Run(folder, order, lambda *_: pytest.fail("it was started"))
    threading.Timer(0.5, filler.unlink).start()
    cwd = Path.cwd()
    run.run(None)
    os.chdir(cwd)

    assert rig.status().state is VOID
    assert "No space" in rig.status().detail


def test_a_read_only_root_is_refused_with_what_to_do(small_disk, rig):
    rig.root = small_disk / "executor"
    rig.executor = rig.again()
    rig.executor.health("here", {})
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(ExecutorRefusedError, match=r"state\.path"):
        rig.executor.submit(rig.attempt())
    assert not rig.executor.health("here", {}).usable


def test_a_root_that_others_may_write_to_is_refused(rig):
    rig.root.mkdir()
    rig.root.chmod(0o770)

    with pytest.raises(ExecutorRefusedError, match="chmod 700"):
        rig.executor.submit(rig.attempt())
    assert "chmod 700" in rig.executor.health("here", {}).detail
    rig.root.chmod(0o700)


def test_a_root_of_another_user_is_refused(rig):
    if os.geteuid() != 0:
        pytest.skip("giving a folder away takes root")
    rig.root.mkdir(mode=0o700)
    os.chown(rig.root, 65534, 65534)

    with pytest.raises(ExecutorRefusedError, match="another user"):
        rig.executor.submit(rig.attempt())
    os.chown(rig.root, 0, 0)


def test_a_root_that_is_a_link_is_refused(rig, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    rig.root.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ExecutorRefusedError, match="link"):
        rig.executor.submit(rig.attempt())
    rig.root.unlink()


def test_files_are_for_their_owner_alone_whatever_the_umask(rig):
    before = os.umask(0)
    try:
        rig.executor.submit(rig.attempt())
        rig.begin()
    finally:
        os.umask(before)

    modes = {
        p.name: stat.S_IMODE(p.lstat().st_mode)
        for p in [rig.root, *rig.root.rglob("*"), rig.folder("a1") / "output.log"]
    }
    folders = {"executor", "attempts", "a1"}
    assert {n: m for n, m in modes.items() if n in folders} == dict.fromkeys(
        folders, 0o700
    )
    assert {m for n, m in modes.items() if n not in folders} == {0o600}


@pytest.mark.parametrize(
    "name", ["../up", "a/b", "", ".", "..", ".hidden", "a\0b", "x" * 200, "a b", "-rf"]
)
def test_an_id_cannot_name_anything_outside(rig, name):
    attempt = rig.attempt("good")
    object.__setattr__(attempt, "attempt_id", name)

    with pytest.raises(ExecutorRefusedError, match="attempt id"):
        rig.executor.submit(attempt)
    with pytest.raises(ExecutorError):
        rig.executor.void(name)
    assert rig.executor.poll([name])[name].state is UNKNOWN
    assert list(rig.home.glob("**/claim")) == []


def test_no_descriptor_mask_or_mark_of_the_daemon_reaches_the_job(rig, monkeypatch):
    tell = (
        "import os,json,signal;"
        "print(json.dumps([sorted(os.listdir('/proc/self/fd')), os.getsid(0),"
        "[l.split()[1] for l in open('/proc/self/status') if l[:6] in"
        " ('SigBlk', 'SigIgn')], os.readlink('/proc/self/fd/0')]))"
    )
    monkeypatch.setenv(MARK, "the-daemons-own")
    read_fd, write_fd = os.pipe()
    os.set_inheritable(write_fd, True)
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        rig.executor.submit(rig.attempt(argv=(sys.executable, "-S", "-c", tell)))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
        signal.signal(signal.SIGHUP, before)
    os.close(write_fd)
    with os.fdopen(read_fd) as pipe:
        assert pipe.read() == ""  # nobody else holds its other end
    rig.wait_for(ENDED)

    fds, session, masks, stdin = json.loads(
        (rig.folder("a1") / "output.log").read_text()
    )
    assert set(fds) <= {"0", "1", "2", "3"}
    assert session != os.getsid(0)
    # Python itself ignores SIGPIPE and SIGXFSZ; glibc keeps 32 and 33 for threads.
    own = sum(1 << (n - 1) for n in (signal.SIGPIPE, signal.SIGXFSZ, 32, 33))
    assert [int(mask, 16) & ~own for mask in masks] == [0, 0]
    assert stdin == os.devnull


def test_where_no_file_can_be_opened_nobody_is_taken_for_dead(rig):
    rig.executor.submit(rig.attempt())
    rig.begin()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(ExecutorBusyError, match="cannot look"):
            rig.executor.poll(["a1"])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert rig.status().state is RUNNING
    rig.finish(code=6)
    assert rig.wait_for(ENDED).exit_code == 6
