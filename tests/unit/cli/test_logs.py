"""What jobs wrote is shown whole, from its end, and while they go on writing."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys

import pytest

from greenops.cli import logs as command
from greenops.executors.log_places import note_beginning
from greenops.model import JobState
from tests.unit.cli.job_life import add, end_it, run_it

pytestmark = pytest.mark.usefixtures("home")
WITHIN_S = 60.0


def log_of(home, text, job_id="job-a"):
    folder = home / "state" / "greenops" / "jobs" / job_id
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output.log").open("ab") as stream:
        stream.write(text)
    return folder / "output.log"


def program(*words, **options):
    return subprocess.Popen([sys.executable, "-m", "greenops", *words], **options)


def numbers(*span):
    return b"".join(b"%d\n" % i for i in range(*span))


def test_a_pipe_gets_all_as_it_is_with_what_was_rotated_away(greenops, store, home):
    add(store)
    log = log_of(home, b"third\n\xff\x1b[2Jfourth\n")
    log.with_name("output.log.1").write_bytes(b"second\n")
    log.with_name("output.log.2").write_bytes(b"first\n")

    whole = greenops("logs", "job-a").stdout_bytes
    assert whole == b"first\nsecond\nthird\n\xff\x1b[2Jfourth\n"
    assert greenops("logs", "-n", "1", "job-a").stdout_bytes == b"\xff\x1b[2Jfourth\n"
    last = greenops("logs", "-n", "3", "job-a").stdout_bytes
    assert last == b"second\nthird\n\xff\x1b[2Jfourth\n"
    assert greenops("logs", "-n", "0", "job-a").stdout_bytes == b""


@pytest.mark.parametrize("raw", [False, True])
def test_a_terminal_gets_colours_and_nothing_else_that_acts_on_it(store, home, raw):
    add(store)
    log_of(home, b"\x1b[32mgood\x1b[0m\x1b]0;title\x07\n")
    ours, theirs = pty.openpty()
    words = ["logs", "job-a", *(["--raw"] if raw else [])]
    shown = b""
    with program(*words, stdout=theirs, env=os.environ | {"PYTHONUTF8": "1"}) as ran:
        os.close(theirs)
        with contextlib.suppress(OSError):  # how Linux says that the other end is gone
            while chunk := os.read(ours, 4096):
                shown += chunk
        assert ran.wait(WITHIN_S) == 0
    os.close(ours)

    assert b"\x1b[32mgood\x1b[0m" in shown
    assert (b"\x1b]0;title\x07" in shown) is raw
    assert (b"\\x1b]0;title\\x07" in shown) is not raw


def test_a_job_that_never_began_has_no_log_and_says_how_it_stands(greenops, store):
    add(store)

    result = greenops("logs", "job-a")
    assert result.exit_code == 1
    assert "it is waiting" in result.stderr


@pytest.mark.parametrize("words", [("logs",), ("logs", "-f")])
def test_a_folder_that_is_gone_is_said_with_its_path(greenops, store, home, words):
    add(store)
    run_it(store)
    log = log_of(home, b"lost\n")
    end_it(store)
    shutil.rmtree(log.parent)

    result = greenops(*words, "job-a")
    assert result.exit_code == 1
    assert str(log) in result.stderr
    assert "somebody removed it" in result.stderr


def test_following_ends_with_the_job_and_tells_how_it_ended(greenops, store, home):
    add(store)
    run_it(store)
    log_of(home, numbers(30))
    end_it(store, to=JobState.FAILED, why="it ended with exit status 3")

    result = greenops("logs", "-f", "job-a")
    assert result.stdout_bytes == numbers(20, 30)
    assert result.exit_code == 0
    assert "failed: it ended with exit status 3" in result.stderr


def test_what_is_written_while_it_is_followed_is_shown(
    greenops, store, home, monkeypatch
):
    """Each look at the log lets the job write a line; the last one ends it."""
    add(store)
    run_it(store)
    log = log_of(home, b"")
    looks = iter(range(6))

    def write(_seconds):
        number = next(looks, None)
        if number is None:
            return
        log_of(home, b"%d\n" % number)
        if number == 5:
            end_it(store)

    monkeypatch.setattr("time.sleep", write)
    assert greenops("logs", "-f", "job-a").stdout_bytes == numbers(6)
    assert log.read_bytes() == numbers(6)


def test_interrupting_leaves_the_job_alone(store, home):
    add(store)
    run_it(store)
    log_of(home, b"on and on\n")
    with program("logs", "-f", "job-a", stdout=subprocess.PIPE) as ran:
        assert ran.stdout is not None
        assert ran.stdout.readline() == b"on and on\n"
        ran.send_signal(signal.SIGINT)
        assert ran.wait(WITHIN_S) == command.INTERRUPTED

    assert store.job("job-a")[2][-1].state is JobState.RUNNING
    assert store.requests() == []


def test_a_reader_that_goes_away_is_no_error(store, home):
    add(store)
    log_of(home, numbers(200_000))
    with program(
        "logs", "job-a", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as ran:
        assert ran.stdout is not None
        assert ran.stderr is not None
        assert ran.stdout.readline() == b"0\n"
        ran.stdout.close()
        assert ran.stderr.read() == b""
        assert ran.wait(WITHIN_S) == 1


def test_the_end_of_a_huge_log_is_shown_without_reading_it(greenops, store, home):
    """Sparse: to read four gigabytes would take this test minutes under load."""
    add(store)
    log = log_of(home, b"")
    with log.open("r+b") as stream:
        stream.truncate(4 << 30)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\nlast\n")

    assert greenops("logs", "-n", "1", "job-a").stdout_bytes == b"last\n"


def test_one_attempt_is_shown_alone(greenops, store, home):
    add(store)
    log = log_of(home, b"")
    for number in (1, 2):
        note_beginning(log, f"job-a.{number}")
        log_of(home, b"of attempt %d\n" % number)

    assert greenops("logs", "--attempt", "1", "job-a").stdout_bytes == b"of attempt 1\n"
    assert greenops("logs", "--attempt", "2", "job-a").stdout_bytes == b"of attempt 2\n"
    unknown = greenops("logs", "--attempt", "3", "job-a")
    assert unknown.exit_code == 1
    assert "there are: 1, 2" in unknown.stderr
    assert greenops("logs", "--attempt", "1", "-n", "1", "job-a").exit_code == 2
