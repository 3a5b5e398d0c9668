"""Daemons that are killed at any call of a port, each followed by another one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenops.model import AttemptState, RequestKind
from tests.unit.agent.worlds import DIRTY, KilledError, World, spec

MOST_LINES = 60


def killed_at(world, line):
    """Tick with a daemon that dies at its n-th line; then another one is born."""
    world.lines_left = line
    try:
        world.tick(1.0)
    except KilledError:
        world.born()
    world.lines_left = None


def jobs_go_on(world):
    """Let the engine begin what is queued and end what runs."""
    for attempt in world.engine.attempts():
        status = world.engine.poll([attempt.attempt_id])[attempt.attempt_id]
        if status.state is AttemptState.QUEUED:
            world.starts[attempt.job_id] = world.starts.get(attempt.job_id, 0) + 1
            world.engine.begin(attempt.attempt_id)
        elif status.state is AttemptState.RUNNING:
            world.engine.end(attempt.attempt_id)


@pytest.mark.parametrize("line", range(MOST_LINES))
def test_a_daemon_killed_at_any_line_loses_no_job_and_runs_none_twice(line):
    world = World(intensities=[DIRTY] * 168)
    for name in ("j1", "j2"):
        world.submit(name)
    for _ in range(4):
        killed_at(world, line)
        jobs_go_on(world)
    world.tick(1.0, times=3)
    for _ in range(3):
        jobs_go_on(world)
        world.tick(1.0)
    assert [world.state(n) for n in ("j1", "j2")] == ["done", "done"]
    assert world.starts == {"j1": 1, "j2": 1}


def alive(world):
    """Return the attempts that run, or may yet."""
    ids = [a.attempt_id for a in world.engine.attempts()]
    over = {AttemptState.ENDED, AttemptState.VOID}
    return [i for i, s in world.engine.poll(ids).items() if s.state not in over]


ASKED = st.tuples(st.just("ask"), st.sampled_from(list(RequestKind)))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("kill"), st.integers(0, 40)),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 60.0, 3600.0])),
        st.tuples(st.just("go on"), st.just(0)),
        ASKED,
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.booleans())
def test_whatever_is_killed_and_asked_a_job_has_at_most_one_attempt_alive(
    steps, interruptible
):
    world = World(intensities=[DIRTY, 20.0, 900.0, 20.0] * 42)
    world.submit("j1", spec(interruptible=interruptible))
    for what, how in steps:
        if what == "kill":
            killed_at(world, how)
        elif what == "wait":
            world.tick(how)
        elif what == "go on":
            jobs_go_on(world)
        else:
            world.store.ask("j1", how, "grace", world.now)
        assert len(alive(world)) <= 1
    world.store.ask("j1", RequestKind.RELEASE, "grace", world.now)
    for _ in range(30):
        world.tick(3600.0)
        world.tick(20.0, times=3)
        jobs_go_on(world)
    world.tick(1.0, times=2)
    assert world.state("j1") in {"done", "cancelled", "failed"}
    assert not world.store.requests()
    assert not alive(world)
