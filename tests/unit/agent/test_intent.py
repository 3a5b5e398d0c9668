"""What is meant to become of a job, and what is not worth a pause."""

from datetime import timedelta

import pytest

from greenops.agent.intent import Intent
from greenops.model import Bounded, Pausing
from tests.unit.agent.worlds import T0, World, spec

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
MEANT = Intent(
    place="here",
    spells=((T0 + 11 * SECOND, T0 + 59 * MINUTE), (T0 + 2 * HOUR, T0 + 3 * HOUR)),
    why="test",
)


@pytest.mark.parametrize(
    ("after", "pause_s", "runs_on"),
    [
        pytest.param(SECOND, 0.0, True, id="its hour has begun"),
        pytest.param(-SECOND, 0.0, False, id="its hour has not begun"),
        pytest.param(30 * MINUTE, 0.0, True, id="in the midst of it"),
        pytest.param(59 * MINUTE, 0.0, False, id="between two stretches"),
        pytest.param(2 * HOUR - 50 * SECOND, 40.0, False, id="longer than a pause"),
        pytest.param(2 * HOUR - 40 * SECOND, 40.0, True, id="no longer than a pause"),
        pytest.param(9 * HOUR, 0.0, True, id="behind it all"),
    ],
)
def test_what_runs_is_paused_only_for_longer_than_that_takes(after, pause_s, runs_on):
    assert MEANT.runs_on_at(T0 + after, pause_s) is runs_on


@pytest.mark.parametrize("second", [0.1, 1.3, 7.9])
def test_a_job_is_not_paused_in_the_hour_it_was_started_for(second):
    world = World(intensities=[700.0, 20.0, 700.0, 20.0] + [700.0] * 164)
    long = Bounded(central=6000.0, low=6000.0, high=6000.0)
    costs = Pausing(pause_s=0.5, resume_s=0.5)
    world.submit("j1", spec(interruptible=True, duration_s=long, pausing=costs))
    world.tick()
    world.tick(3600.0 + second)
    assert world.state("j1") == "starting"
    world.engine.begin(world.attempts("j1")[0].attempt_id)

    world.tick(0.5, times=60)
    assert world.state("j1") == "running"
    world.tick(3600.0 - 30.0)
    assert world.state("j1") == "pausing"
