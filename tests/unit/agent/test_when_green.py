"""Waiting in the foreground: not too long, not for nothing, and by the latest plan."""

from datetime import timedelta

import pytest

from greenops.agent.estimates import Estimate
from greenops.agent.when_green import LOOK_S, Foreground, wait
from greenops.errors import JobRefusedError
from greenops.model import Bounded, Place
from tests.unit.agent.worlds import CLEAN, DIRTY, T0, dirty_then_clean, forecast, spec

HOUR = timedelta(hours=1)
TAKES = Estimate(
    duration_s=Bounded(central=3600.0, low=3600.0, high=3600.0),
    power_w=300.0,
    said="stated",
)


class World:
    """Time that passes only while somebody sleeps, and forecasts that come at times."""

    def __init__(self, *forecasts, steps=()):
        self.now = T0
        self.slept_s = []
        self.said = []
        self._forecasts = forecasts or ((T0, None),)
        self._steps = list(steps)

    def forecast(self):
        came = [f for at, f in self._forecasts if at <= self.now]
        return came[-1] if came else self._forecasts[0][1]

    def sleep(self, seconds):
        assert seconds > 0.0
        self.slept_s.append(seconds)
        self.now += timedelta(seconds=seconds)
        if self._steps and self.now >= self._steps[0][0]:
            self.now += self._steps.pop(0)[1]

    def start(self, **changed):
        fields = {"private": True, "deadline": T0 + 20 * HOUR}
        waiting = Foreground(
            spec=spec(**fields | changed),
            estimate=TAKES,
            place=Place(name="local", zone="SE"),
            since=T0,
            version="0",
        )
        return wait(
            waiting,
            self.forecast,
            wall=lambda: self.now,
            sleep=self.sleep,
            say=self.said.append,
        )


def known(intensities=None, at=T0):
    return at, forecast("SE", intensities or dirty_then_clean(), issued_at=at)


def test_it_starts_when_the_clean_hours_begin():
    world = World(known())

    world.start()

    assert world.now == T0 + 3 * HOUR
    assert [s.start for s in world.said] == [T0 + 3 * HOUR]
    assert world.said[0].saved_g > 0.0
    assert max(world.slept_s) <= LOOK_S


def test_without_a_forecast_it_starts_at_once_and_says_so():
    world = World()

    look = world.start()

    assert world.slept_s == []
    assert "nothing is known of the hours ahead" in look.why
    assert world.said == []


def test_hours_that_are_all_alike_are_not_waited_for():
    world = World(known([DIRTY] * 48))

    world.start()

    assert world.slept_s == []


def test_a_new_forecast_changes_the_hour_and_that_is_said():
    later = [DIRTY] * 5 + [CLEAN] * 3 + [DIRTY] * 40
    at = T0 + timedelta(minutes=30)
    world = World(known(), known(later, at=at))

    world.start()

    assert world.now == T0 + 5 * HOUR
    assert [s.start for s in world.said] == [T0 + 3 * HOUR, T0 + 5 * HOUR]


def test_it_never_starts_later_than_its_latest_start():
    never = [DIRTY] * 2 + [DIRTY * 0.9] * 2 + [CLEAN] * 40
    world = World(known(never))

    world.start(deadline=T0 + 3 * HOUR)

    latest = T0 + 2 * HOUR - timedelta(seconds=60)
    assert world.now <= latest


def test_forecasts_that_keep_promising_do_not_make_it_late():
    promises = [
        known([DIRTY] * 3 + [CLEAN] * 40, at=T0 + n * HOUR / 2) for n in range(12)
    ]
    world = World(*promises)

    look = world.start(deadline=T0 + 4 * HOUR)

    latest = T0 + 3 * HOUR - timedelta(seconds=60)
    assert world.now <= latest + timedelta(seconds=LOOK_S)
    assert look.start <= latest + timedelta(seconds=LOOK_S)


def test_a_machine_that_slept_over_its_hour_starts_at_once():
    world = World(known(), steps=[(T0 + HOUR, 12 * HOUR)])

    world.start()

    assert world.now < T0 + 13 * HOUR + timedelta(seconds=2 * LOOK_S)


def test_a_clock_that_is_set_back_does_no_harm():
    world = World(known(), steps=[(T0 + HOUR, -2 * HOUR)])

    world.start()

    assert world.now == T0 + 3 * HOUR


def test_a_deadline_that_cannot_be_met_is_refused_at_once():
    world = World(known())

    with pytest.raises(JobRefusedError, match="cannot be met"):
        world.start(deadline=T0 + HOUR / 2)
    assert world.slept_s == []


def test_a_deadline_without_time_to_wait_starts_at_once():
    world = World(known())

    look = world.start(deadline=T0 + HOUR + timedelta(seconds=30))

    assert world.slept_s == []
    assert look.why == "no time is left to wait"
