"""What is free at places since somebody last looked."""

from datetime import timedelta

from greenops.agent.rooms import LOOK_EVERY, Rooms
from greenops.model import PlaceHealth
from tests.unit.agent.worlds import T0, spec


def health(free_gpus, *, usable=True, at=T0):
    return PlaceHealth(usable=usable, at=at, gpus=8, free_gpus=free_gpus)


def test_a_place_that_nobody_has_looked_at_has_no_room():
    assert not Rooms().fits("here", spec())


def test_what_was_given_away_since_is_not_given_away_again():
    rooms = Rooms()
    rooms.saw("here", health(2))
    rooms.take("here", spec(gpus=2))
    assert not rooms.fits("here", spec(gpus=1))
    assert rooms.fits("here", spec(gpus=0))


def test_what_was_started_by_us_is_no_news_and_what_was_not_is():
    rooms = Rooms()
    assert rooms.saw("here", health(4))
    rooms.take("here", spec(gpus=1))
    assert not rooms.saw("here", health(3))
    assert rooms.saw("here", health(1))
    assert rooms.saw("here", health(1, usable=False))


def test_a_place_is_looked_at_every_while_or_when_in_doubt():
    rooms = Rooms()
    rooms.saw("here", health(1))
    assert not rooms.due("here", T0 + LOOK_EVERY / 2)
    assert rooms.due("here", T0 + LOOK_EVERY)
    assert rooms.due("here", T0 - timedelta(hours=1))
    rooms.doubt("here")
    assert rooms.due("here", T0)
