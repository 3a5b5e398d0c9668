"""Jobs start and stop when they are due, with an engine in memory."""

from datetime import timedelta

from greenops.errors import ExecutorBusyError
from greenops.model import Bounded, PlaceHealth
from tests.unit.agent.worlds import DIRTY, T0, World, a_site, spec

HOUR_S = 3600.0


def test_a_job_waits_for_the_clean_hours_and_starts_in_them():
    world = World()
    world.submit("j1")
    world.tick()
    world.tick(600.0, times=16)
    assert world.state("j1") == "waiting"
    world.tick(1300.0)
    assert world.state("j1") == "starting"
    assert world.now >= T0 + timedelta(hours=3)


def test_nothing_is_gained_by_waiting_so_it_does_not_wait():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.tick()
    assert world.state("j1") == "starting"


def test_without_any_forecast_a_job_runs_at_once():
    world = World()
    world.forecasts.clear()
    world.submit("j1")
    world.tick()
    assert world.state("j1") == "starting"


def test_a_provider_that_is_dead_for_a_week_does_not_keep_a_job_from_its_deadline():
    world = World(intensities=[DIRTY] * 168)
    world.clock.sleep(7 * 24 * HOUR_S)
    by = world.now + timedelta(hours=3)
    world.submit("j1", spec(deadline=by))
    world.tick()
    world.tick(600.0, times=14)
    assert world.state("j1") != "waiting"
    assert world.store.jobs["j1"].events[1].at <= by - timedelta(seconds=2400)


def test_a_hard_deadline_goes_before_carbon():
    world = World(intensities=[DIRTY] * 6 + [1.0] * 100)
    world.submit("j1", spec(deadline=T0 + timedelta(hours=2)))
    world.tick()
    world.tick(60.0, times=75)
    assert world.state("j1") == "starting"
    assert world.now <= T0 + timedelta(hours=2) - timedelta(seconds=2400)


def test_a_full_place_keeps_a_job_waiting_until_another_one_ends():
    full = PlaceHealth(usable=True, at=T0, cpus=1.0, free_cpus=1.0)
    world = World(intensities=[DIRTY] * 168, health=full)
    for name in ("j1", "j2"):
        world.submit(name)
    world.tick()
    assert sorted(map(world.state, ("j1", "j2"))) == ["starting", "waiting"]


def test_a_place_that_takes_no_job_is_left_for_another_one():
    world = World(
        intensities=[DIRTY] * 168, sites=(a_site("bad"), a_site("good", zone="SE"))
    )
    world.submit("j1")
    world.engine.errors = []
    submit = world.engine.submit

    def only_good(attempt):
        if attempt.place == "bad":
            raise ExecutorBusyError("no answer")
        submit(attempt)

    world.engine.submit = only_good  # type: ignore[method-assign]
    world.tick(1.0, times=30)
    assert world.attempts("j1")[-1].place == "good"
    assert sum(a.place == "good" for a in world.attempts("j1")) == 1


def test_a_running_job_is_paused_for_dirty_hours_and_goes_on_in_clean_ones():
    world = World(intensities=[20.0] + [900.0] * 4 + [50.0] * 60)
    long = spec(
        interruptible=True,
        duration_s=Bounded(central=7000.0, low=6900.0, high=7100.0),
    )
    world.submit("j1", long)
    world.tick()
    world.engine.begin("j1.1")
    world.tick(60.0, times=60)
    assert "pausing" in world.states("j1")
    assert world.engine.signals("j1.1") == ["USR1"]
    world.engine.end("j1.1", exit_code=75)
    world.tick(1.0)
    assert world.state("j1") == "paused"
    world.tick(300.0, times=50)
    assert world.attempts("j1")[-1].resume
    assert world.attempts("j1")[-1].attempt_id == "j1.2"
