"""A daemon that was restarted goes by what was meant before."""

from datetime import timedelta

from greenops.agent.intent import Intent
from greenops.agent.trail import chosen, recalled
from greenops.model import Bounded, RequestKind
from tests.unit.agent.worlds import CLEAN, DIRTY, World, forecast, spec
from tests.unit.ledger.job_records import a_decision

HOUR = timedelta(hours=1)


def decided(world, job_id="j1"):
    return world.store.decisions(job_id)


def test_a_restart_writes_no_decision_that_says_the_same():
    world = World()
    world.submit("j1")
    world.tick()
    world.born()
    world.tick(1.0, times=3)
    assert len(decided(world)) == 1
    assert world.state("j1") == "waiting"


def test_a_restart_does_not_change_a_plan_for_next_to_nothing():
    hours = [DIRTY] * 3 + [CLEAN] * 6 + [DIRTY] * 40
    world = World(intensities=hours)
    world.submit("j1")
    world.tick()
    planned = decided(world)[0].chosen
    hours[5] = CLEAN * 0.999  # cleaner, by less than a plan gives way for
    world.forecasts["SE"] = forecast("SE", hours, issued_at=world.now)
    world.born()
    world.tick(1.0)
    assert [d.chosen for d in decided(world)] == [planned]


def test_after_a_restart_a_plan_gives_way_to_a_clearly_better_one():
    hours = [DIRTY] * 3 + [CLEAN] * 6 + [DIRTY] * 40
    world = World(intensities=hours)
    world.submit("j1")
    world.tick()
    hours[5] = CLEAN / 2
    world.forecasts["SE"] = forecast("SE", hours, issued_at=world.now)
    world.born()
    world.tick(1.0)
    assert len(decided(world)) == 2


def test_what_was_decided_at_submission_is_not_decided_again():
    world, other = World(), World()
    other.submit("j1")
    other.tick()
    world.tick()
    world.submit("j1")
    world.store.append(decisions=decided(other))
    world.tick(times=2)
    assert decided(world) == decided(other)


def test_a_job_that_runs_keeps_what_was_meant_for_it():
    world = World(intensities=[CLEAN] + [DIRTY] * 40)
    long = Bounded(central=1800.0, low=1500.0, high=2400.0)
    world.submit("j1", spec(interruptible=True, duration_s=long))
    world.tick()
    world.engine.begin("j1.1")
    world.tick(1.0, times=2)
    before = len(decided(world))
    world.born()
    world.tick(1.0, times=2)
    assert len(decided(world)) == before
    assert world.state("j1") == "running"


def test_a_job_that_was_held_and_released_is_decided_anew():
    world = World()
    world.submit("j1")
    world.tick()
    world.store.ask("j1", RequestKind.HOLD, "grace", world.now)
    world.tick(1.0)
    world.store.ask("j1", RequestKind.RELEASE, "grace", world.now)
    world.service.tick(world.now)
    world.tick(1.0)
    world.born()
    world.tick(1.0)
    assert len(decided(world)) == 2


def test_what_was_chosen_reads_back_as_it_was_meant():
    start = a_decision().at
    for meant in (
        Intent(place="here", spells=((start, start + HOUR),), why="it is clean"),
        Intent(place="here", spells=(), why="waiting saves nothing", saved_g=0.0),
        Intent(place=None, spells=(), why="no room"),
    ):
        made = a_decision(
            chosen=chosen(meant), reason=meant.why, predicted_saved_g=meant.saved_g
        )
        assert recalled(made) == meant
