"""Why a job starts is said as it is: because of the plan, a person, or its deadline."""

from datetime import timedelta

import pytest

from greenops.agent.agenda import AS_ASKED, NEVER_LATER
from greenops.model import RequestKind
from tests.unit.agent.worlds import T0, World, spec


def why_it_started(world):
    (why,) = [e.why for e in world.store.jobs["j1"].events if e.state == "starting"]
    return why


def test_a_job_that_a_person_has_run_now_says_so():
    world = World()
    world.submit("j1")
    world.tick()
    world.store.ask("j1", RequestKind.RUN_NOW, "ada", world.now)
    world.tick(1.0, times=2)

    assert why_it_started(world) == AS_ASKED


def test_a_job_that_may_wait_no_longer_says_so():
    world = World()
    world.submit("j1", spec(deadline=T0 + timedelta(minutes=20)))
    world.tick()

    assert why_it_started(world) == NEVER_LATER


@pytest.mark.parametrize("reason", [AS_ASKED, NEVER_LATER])
def test_a_job_that_starts_by_its_plan_gives_the_reason_of_the_plan(reason):
    world = World()
    world.submit("j1")
    world.tick()
    world.tick(600.0, times=20)

    assert why_it_started(world) != reason
