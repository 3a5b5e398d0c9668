"""The daemon's loop, with an engine in memory and hours made up."""

import pytest

from greenops.errors import LedgerError
from tests.unit.agent.worlds import DIRTY, World, a_site


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


def test_a_place_that_is_no_longer_configured_is_followed_to_the_end():
    world = World(intensities=[DIRTY] * 168)
    world.submit("j1")
    world.tick()
    world.engine.begin("j1.1")
    world.service.reload((a_site("elsewhere"),))
    world.engine.end("j1.1")
    world.tick(1.0)
    assert world.state("j1") == "done"
