"""When it is time to plan anew."""

from datetime import timedelta

from greenops.agent.book import Book
from greenops.agent.engines import Engines
from greenops.agent.lifecycle import submitted
from greenops.agent.present import MANY, REST, Present
from greenops.testing import MemoryJobs
from tests.unit.agent.worlds import T0, spec

SOON = timedelta(seconds=1)


def a_present(jobs=0, **fields):
    store = MemoryJobs()
    for number in range(jobs):
        name = f"j{number}"
        store.add(name, spec(), submitted(name, T0, "ada", held=False))
    book = Book(store)
    book.refresh()
    return Present(book=book, engines=Engines({}, (), str), **fields)


def test_without_a_cause_nothing_is_planned():
    assert not a_present(causes={}).is_planning_due(T0)


def test_the_start_is_a_cause():
    assert a_present().is_planning_due(T0)


def test_a_short_queue_is_planned_at_every_cause():
    assert a_present(MANY, planned_at=T0).is_planning_due(T0 + SOON)


def test_a_long_queue_rests_between_two_plannings():
    present = a_present(MANY + 1, planned_at=T0)
    assert not present.is_planning_due(T0 + SOON)
    assert present.is_planning_due(T0 + REST)


def test_a_clock_that_was_set_back_does_not_keep_a_long_queue_resting():
    assert a_present(MANY + 1, planned_at=T0).is_planning_due(T0 - SOON)
