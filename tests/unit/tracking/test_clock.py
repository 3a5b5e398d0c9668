from dataclasses import dataclass

import pytest

from greenops.tracking.clock import RunClock


@dataclass
class Machine:
    """A machine whose clocks the test moves."""

    elapsed_s: float = 1000.0
    wall_s: float = 1.7e9
    asleep_s: float = 0.0

    def run(self, seconds):
        self.elapsed_s += seconds
        self.wall_s += seconds

    def sleep(self, seconds):
        self.asleep_s += seconds
        self.wall_s += seconds

    def clock(self):
        return RunClock(
            monotonic=lambda: self.elapsed_s,
            wall=lambda: self.wall_s,
            boottime=lambda: self.elapsed_s + self.asleep_s,
        )


@pytest.fixture
def machine():
    return Machine()


@pytest.mark.parametrize("step_s", [-86_400, -3, 3, 7200])
def test_a_step_of_the_wall_clock_is_counted_and_moves_no_elapsed_time(machine, step_s):
    clock = machine.clock()
    machine.run(10)
    machine.wall_s += step_s

    assert not clock.check()
    assert clock.steps == 1
    assert clock.epoch_s(machine.elapsed_s) == machine.wall_s
    assert clock.asleep_s == 0


def test_drift_is_not_a_step(machine):
    clock = machine.clock()
    machine.run(100)
    machine.wall_s += 0.5

    assert not clock.check()
    assert clock.steps == 0


def test_sleep_is_noticed_once_and_is_no_step(machine):
    clock = machine.clock()
    machine.run(5)
    machine.sleep(3600)

    assert clock.check()
    assert not clock.check()
    assert (clock.asleep_s, clock.steps) == (3600, 0)
    assert clock.epoch_s(machine.elapsed_s) == machine.wall_s
