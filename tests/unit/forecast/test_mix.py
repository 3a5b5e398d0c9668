from datetime import UTC, datetime

import numpy as np
import pytest

from greenops.forecast.hours import HOUR, History
from greenops.forecast.mix import TOTAL, shares, with_mix
from greenops.model import GenerationHour

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def history(hours=4):
    return History(first=FIRST, g_per_kwh=np.full(hours, 300.0))


def hour(at, **power_mw):
    return GenerationHour(start=FIRST + at * HOUR, power_mw=power_mw)


def test_each_hour_has_the_share_of_every_source_and_the_logarithm_of_the_sum():
    found = with_mix(history(2), [hour(0, gas=300, wind=100), hour(1, gas=0, wind=50)])

    assert found.columns == ("gas", "wind", TOTAL)
    assert found.mix == pytest.approx(
        np.array([[0.75, 0.25, np.log(400)], [0.0, 1.0, np.log(50)]])
    )


def test_an_hour_that_lacks_a_source_is_not_known():
    found = with_mix(
        history(4), [hour(i, gas=3, wind=1) for i in range(3)] + [hour(3, gas=3)]
    )

    assert found.mix is not None
    assert np.isnan(found.mix[3]).all()
    assert np.isfinite(found.mix[:3]).all()


@pytest.mark.parametrize(
    "generated",
    [
        [],
        [hour(0, gas=1)],  # one of four hours
        [hour(i) for i in range(4)],
        [hour(i, gas=0.0) for i in range(4)],
        [hour(i, gas=1) for i in (-2, -1, 4, 5)],
    ],
    ids=["nothing", "too few hours", "no source", "nothing made", "other hours"],
)
def test_a_history_whose_mix_is_too_little_known_stays_as_it_is(generated):
    known = history(4)

    assert with_mix(known, generated) is known


def test_what_is_drawn_at_rest_counts_as_nothing():
    assert shares(np.array([[100.0, -5.0]])) == pytest.approx(
        np.array([[1.0, 0.0, np.log(100)]])
    )


def test_the_order_in_which_hours_come_does_not_matter():
    hours = [hour(i, wind=i + 1, gas=2) for i in range(4)]

    one, other = (with_mix(history(4), h).mix for h in (hours, hours[::-1]))
    assert one is not None
    assert other is not None
    assert np.array_equal(one, other)
