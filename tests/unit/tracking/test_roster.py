import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.tracking.roster import Roster


class Process:
    """CPU clocks of a process, moved by the test."""

    def __init__(self):
        self.total_s = 0.0
        self.threads_s: dict[int, float] = {}
        self.roster = Roster(lambda: self.total_s, self.threads_s.get)

    def enter(self, parent=None, thread=None):
        entry = self.roster.enter(parent)
        entry.thread_id = thread or threading.get_ident()
        self.threads_s.setdefault(entry.thread_id, 0.0)
        entry.thread_cpu_s = self.threads_s[entry.thread_id]
        return entry

    def work(self, seconds, thread=None):
        self.total_s += seconds
        self.threads_s[thread or threading.get_ident()] += seconds


@pytest.fixture
def process():
    return Process()


def test_one_block_gets_all(process):
    block = process.enter()
    process.work(3)
    process.roster.leave(block)
    process.work(5)

    assert block.cpu_s == 3


def test_the_outer_block_holds_the_inner_one(process):
    outer = process.enter()
    process.work(1)
    inner = process.enter(outer)
    process.work(2)
    process.roster.leave(inner)
    process.work(4)
    process.roster.leave(outer)

    assert (outer.cpu_s, inner.cpu_s) == (7, 2)


def test_blocks_beside_each_other_share_by_the_work_of_their_threads(process):
    a, b = process.enter(thread=-1), process.enter(thread=-2)
    process.work(3, -1)
    process.work(1, -2)
    process.roster.divide()

    assert (a.cpu_s, b.cpu_s) == (3, 1)


def test_blocks_whose_threads_wait_for_workers_share_equally(process):
    a, b = process.enter(thread=-1), process.enter(thread=-2)
    process.total_s += 8
    process.roster.divide()

    assert (a.cpu_s, b.cpu_s) == (4, 4)


def test_two_blocks_of_one_thread_share_equally(process):
    a, b = process.enter(thread=-1), process.enter(thread=-1)
    process.work(2, -1)
    process.roster.divide()

    assert (a.cpu_s, b.cpu_s) == (1, 1)


def test_a_block_of_a_worker_thread_lies_within_that_of_the_main_thread():
    roster = Roster(lambda: 0.0)
    outer = roster.enter(None)
    found = []
    worker = threading.Thread(target=lambda: found.append(roster.enter(None)))
    worker.start()
    worker.join()

    assert found[0].parent is outer


def test_blocks_left_in_the_wrong_order_lose_nothing(process):
    outer = process.enter()
    inner = process.enter(outer)
    process.work(1)
    process.roster.leave(outer)
    process.work(2)
    process.roster.leave(inner)

    assert (outer.cpu_s, inner.cpu_s) == (1, 3)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.floats(0, 5))))
def test_roots_never_add_up_to_more_than_the_process(steps):
    process = Process()
    opened, everything = [], []
    for action, thread, seconds in steps:
        if action == 0:
            opened.append(process.enter(thread=-thread))
            everything.append(opened[-1])
        elif action == 1 and opened:
            opened.append(process.enter(opened[-1], thread=-thread))
        elif action == 2 and opened:
            process.roster.leave(opened.pop(0))
        else:
            process.threads_s.setdefault(-thread, 0.0)
            process.work(seconds, -thread)
    process.roster.divide()

    assert sum(e.cpu_s for e in everything) <= process.total_s * (1 + 1e-9)
