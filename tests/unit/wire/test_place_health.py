"""What executors say in time, and what is made of those that do not."""

import threading
from datetime import UTC, datetime

import pytest

from greenops.agent.planning import Site
from greenops.model import Place, PlaceHealth
from greenops.testing import FakeExecutor, FixedClock
from greenops.wire.place_health import healths_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def site(name, executor):
    return Site(place=Place(name=name, zone="DE"), executor=executor)


class Engine(FakeExecutor):
    """An executor that says of its places what a function says."""

    def __init__(self, health):
        super().__init__(FixedClock(NOW))
        self._say = health

    def health(self, place, options):
        del options
        return self._say(place)


def usable(place):
    del place
    return PlaceHealth(usable=True, at=datetime(2000, 1, 1, tzinfo=UTC), free_gpus=3)


def test_places_are_found_as_their_executors_say_and_as_of_now():
    found = healths_of(
        [site("a", "x"), site("b", "x")], {"x": Engine(usable)}, NOW, within_s=30.0
    )

    assert {name: (h.free_gpus, h.at) for name, h in found.items()} == {
        "a": (3, NOW),
        "b": (3, NOW),
    }


def test_a_place_of_an_executor_that_is_missing_cannot_be_used():
    found = healths_of([site("a", "slurm")], {}, NOW, within_s=30.0)

    assert not found["a"].usable
    assert "slurm" in found["a"].detail


def test_an_executor_that_breaks_its_word_costs_its_places_only():
    def broken(place):
        raise RuntimeError(f"no {place}")

    engines = {"bad": Engine(broken), "good": Engine(usable)}
    found = healths_of(
        [site("a", "bad"), site("b", "good")], engines, NOW, within_s=30.0
    )

    assert (found["a"].usable, found["a"].detail) == (False, "no a")
    assert found["b"].usable


def test_one_that_hangs_is_left_out_and_keeps_nobody_waiting():
    release = threading.Event()

    def hangs(place):
        release.wait(60)
        return usable(place)

    engines = {"good": Engine(usable), "slow": Engine(hangs)}
    try:
        found = healths_of(
            [site("b", "good"), site("a", "slow")], engines, NOW, within_s=5.0
        )
    finally:
        release.set()

    assert "a" not in found
    assert found["b"].usable


@pytest.mark.parametrize("sites", [[], ()])
def test_without_places_nobody_is_asked(sites):
    assert healths_of(sites, {}, NOW, within_s=1.0) == {}
