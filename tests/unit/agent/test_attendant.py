"""Jobs are taken on from step to step, with an engine in memory."""

from datetime import timedelta

from greenops.errors import ExecutorBusyError, ExecutorRefusedError
from greenops.model import AttemptState, RequestKind
from tests.unit.agent.worlds import DIRTY, T0, World


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


def test_an_unknown_attempt_that_was_starting_is_handed_over_again():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.engine.errors = [ExecutorBusyError("timed out")]
    world.tick()
    world.tick(6.0, times=2)
    assert [a.attempt_id for a in world.attempts("j1")] == ["j1.1"]
    assert world.engine.poll(["j1.1"])["j1.1"].state is AttemptState.QUEUED


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
