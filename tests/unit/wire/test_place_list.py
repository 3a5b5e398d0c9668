"""A place as it is now, and as clean as it will be."""

from datetime import timedelta

import pytest

from greenops.agent.planning import Site
from greenops.model import Place
from greenops.wire.place_list import FoundPlace
from tests.unit.agent.worlds import T0, forecast

HOUR = timedelta(hours=1)


def found(intensities, *, after=timedelta(0)):
    known = forecast("SE", intensities) if intensities is not None else None
    site = Site(place=Place(name="a", zone="SE"), executor="local")
    return FoundPlace(site=site, health=None, forecast=known, at=T0 + after)


def g(hour):
    return None if hour is None else hour.intensity_g_per_kwh


@pytest.mark.parametrize(
    ("after", "hours"),
    [
        pytest.param(timedelta(0), (5.0, 4.0, 3.0), id="at the beginning of an hour"),
        pytest.param(HOUR * 0.99, (5.0, 4.0, 3.0), id="at the end of it"),
        pytest.param(HOUR, (4.0, 3.0, 3.0), id="in the next one"),
        pytest.param(3 * HOUR, (9.0, None, 9.0), id="in the last one that is known"),
        pytest.param(4 * HOUR, (None, None, None), id="after all that is known"),
    ],
)
def test_this_hour_the_next_and_the_cleanest_ahead(after, hours):
    place = found([5.0, 4.0, 3.0, 9.0], after=after)

    assert (g(place.now), g(place.next), g(place.cleanest)) == hours


def test_the_cleanest_is_of_the_day_ahead_and_the_first_of_equals():
    place = found([5.0] * 10 + [2.0, 2.0] + [5.0] * 20 + [1.0] * 5)

    assert place.cleanest.start == T0 + 10 * HOUR
    assert g(place.cleanest) == 2.0


def test_where_nothing_is_known_there_is_no_figure():
    place = found(None)

    assert (place.now, place.next, place.cleanest) == (None, None, None)
