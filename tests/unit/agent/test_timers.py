"""Tasks that are done again and again, on a scheduler that goes by the wall."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from greenops.agent.timers import Task, Timers


class Clock:
    """A wall that can be set, over the real flow of time."""

    def __init__(self):
        self.set_by = timedelta(0)

    def wall(self):
        return datetime.now(UTC) + self.set_by


@pytest.fixture
def clock():
    return Clock()


def until(condition, within_s=5.0):
    stop = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.005)


def test_a_task_is_done_at_once_and_again_and_finished_last_in_its_own_thread(clock):
    done: list[tuple[str, int]] = []
    task = Task(
        name="t",
        every_s=0.05,
        do=lambda: done.append(("do", threading.get_ident())),
        finish=lambda: done.append(("finish", threading.get_ident())),
    )
    timers = Timers((task,), clock.wall, time.monotonic)
    timers.start()
    until(lambda: len(done) >= 3)
    timers.stop()
    assert [what for what, _ in done][-1] == "finish"
    assert len({thread for _, thread in done}) == 1


def test_a_task_that_hangs_holds_up_no_other(clock):
    go_on, done = threading.Event(), []

    def hang():
        go_on.wait(10)

    hangs = Task(name="hangs", every_s=0.05, do=hang)
    works = Task(name="works", every_s=0.05, do=lambda: done.append(1))
    timers = Timers((hangs, works), clock.wall, time.monotonic)
    timers.start()
    until(lambda: len(done) >= 5)
    go_on.set()
    timers.stop()


def test_a_task_that_fails_is_done_again_and_says_so_once(clock, caplog):
    done: list[int] = []

    def fail():
        done.append(1)
        if len(done) < 4:
            raise OSError("disk full")

    timers = Timers(
        (Task(name="t", every_s=0.02, do=fail),), clock.wall, time.monotonic
    )
    with caplog.at_level("INFO"):
        timers.start()
        until(lambda: len(done) >= 2)
        until(lambda: len(done) >= 5)
        timers.stop()
    said = [r.getMessage() for r in caplog.records if r.name == "greenops.agent.timers"]
    assert said == ["t failed, and is done again", "t works again"]
    assert timers.trouble == ""


def test_a_clock_that_was_set_has_everything_done_at_once(clock):
    done: list[int] = []
    task = Task(name="t", every_s=3600.0, do=lambda: done.append(1), at_once=False)
    timers = Timers((task,), clock.wall, time.monotonic)
    timers.start()
    assert not timers.check_clock()
    clock.set_by = timedelta(hours=-3)
    assert timers.check_clock()
    until(lambda: done == [1])
    assert not timers.check_clock()
    timers.stop()
