"""The daemon's loop, with an engine in memory and hours made up."""

from datetime import timedelta

import pytest

from greenops.errors import ExecutorBusyError, ExecutorRefusedError, LedgerError
from greenops.model import AttemptState, Bounded, PlaceHealth, RequestKind
from tests.unit.agent.worlds import DIRTY, T0, World, a_site, forecast, spec

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


def test_a_job_that_ends_well_is_done_and_its_attempt_is_forgotten():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.tick()
    world.engine.begin("j1.1")
    world.tick(1.0)
    assert world.state("j1") == "running"
    world.engine.end("j1.1")
    world.tick(1.0)
    assert world.state("j1") == "done"
    assert not world.engine.attempts()


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


def test_every_decision_is_written_down_once():
    world = World()
    world.submit("j1")
    world.tick()
    world.tick(1.0, times=20)
    (decision,) = world.store.decisions("j1")
    assert decision.chosen
    assert decision.chosen["place"] == "here"
    assert (decision.predicted_saved_g or 0.0) > 0.0
    assert "submission" in decision.cause or "start" in decision.cause


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


def test_an_executor_that_raises_anything_does_not_stop_the_loop():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.tick()
    world.engine.errors = [RuntimeError("its own bug")]  # type: ignore[list-item]
    world.tick(1.0)
    world.engine.begin("j1.1")
    world.tick(10.0)
    assert world.state("j1") == "running"


def test_a_refused_attempt_is_tried_again_later_and_fails_in_the_end():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")

    def refuse(_attempt):
        raise ExecutorRefusedError("no such partition")

    world.engine.submit = refuse  # type: ignore[method-assign]
    world.tick(600.0, times=40)
    assert world.state("j1") == "failed"
    assert "no such partition" in world.store.jobs["j1"].events[-1].why


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


def test_a_person_has_a_job_run_now():
    world = World()
    world.submit("j1")
    world.tick()
    assert world.state("j1") == "waiting"
    number = world.store.ask("j1", RequestKind.RUN_NOW, "grace", world.now)
    world.tick(1.0)
    assert world.state("j1") == "starting"
    assert world.store.answer(number) is not None


def test_a_request_about_a_job_that_has_ended_is_answered():
    world = World()
    world.submit("j1")
    world.store.ask("j1", RequestKind.CANCEL, "grace", world.now)
    number = world.store.ask("j1", RequestKind.CANCEL, "grace", world.now)
    world.tick()
    world.tick(1.0)
    assert world.state("j1") == "cancelled"
    answer = world.store.answer(number)
    assert answer
    assert "ended already" in answer.answer


def test_a_store_that_fails_loses_nothing():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    append = world.store.append

    def fail(*_events, **_more):
        raise LedgerError("disk full")

    world.store.append = fail  # type: ignore[method-assign]
    with pytest.raises(LedgerError):
        world.tick()
    assert not world.engine.attempts()
    world.store.append = append  # type: ignore[method-assign]
    world.tick(1.0)
    assert world.state("j1") == "starting"


def test_a_clock_that_is_set_back_by_hours_starts_nothing_twice():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.tick()
    world.engine.begin("j1.1")
    world.tick(1.0)
    world.clock.set_wall(T0 - timedelta(hours=5))
    world.tick(1.0, times=5)
    assert len(world.attempts("j1")) == 1
    world.engine.end("j1.1")
    world.tick(1.0)
    assert world.state("j1") == "done"


def test_a_place_that_is_no_longer_configured_is_followed_to_the_end():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.tick()
    world.engine.begin("j1.1")
    world.service.reload((a_site("elsewhere"),))
    world.engine.end("j1.1")
    world.tick(1.0)
    assert world.state("j1") == "done"


def test_a_new_forecast_moves_what_waits():
    world = World()
    world.submit("j1")
    world.tick()
    world.forecasts["SE"] = forecast(
        "SE", [1.0] + [DIRTY] * 167, issued_at=T0 + timedelta(minutes=1)
    )
    world.tick(60.0)
    assert world.state("j1") == "starting"


def test_an_unknown_attempt_that_was_starting_is_handed_over_again():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.engine.errors = [ExecutorBusyError("timed out")]
    world.tick()
    world.tick(6.0, times=2)
    assert [a.attempt_id for a in world.attempts("j1")] == ["j1.1"]
    assert world.engine.poll(["j1.1"])["j1.1"].state is AttemptState.QUEUED
