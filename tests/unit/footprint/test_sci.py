from math import inf, nan

import pytest

from greenops.footprint.sci import sci_g_per_unit
from greenops.model import Bounded
from greenops.model.bounds import exact


@pytest.mark.parametrize("units", [0.0, -1.0, nan, inf])
def test_an_amount_of_work_that_is_none_is_refused(units):
    with pytest.raises(ValueError, match="functional units"):
        sci_g_per_unit(exact(1.0), exact(1.0), units)


def test_emissions_are_divided_by_the_work_done():
    score = sci_g_per_unit(
        Bounded(central=100, low=70, high=130),
        Bounded(central=20, low=16, high=60),
        10.0,
    )

    assert score.central == pytest.approx(12.0)
    assert score.low == pytest.approx((120 - (30**2 + 4**2) ** 0.5) / 10)
    assert score.high == pytest.approx((120 + 50) / 10)
