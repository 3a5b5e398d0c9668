from math import inf, nan

import pytest

from greenops.errors import ConfigError
from greenops.footprint.water import water_l
from greenops.model import Bounded
from greenops.model.bounds import exact


@pytest.mark.parametrize("litres", [-0.01, nan, inf])
def test_a_water_use_that_is_no_amount_is_refused(litres):
    with pytest.raises(ConfigError, match="L/kWh"):
        water_l(exact(3.6e6), litres)


def test_water_follows_the_energy_and_its_bounds():
    energy_j = Bounded(central=3.6e6, low=1.8e6, high=7.2e6)

    litres = water_l(energy_j, 2.0)

    assert (litres.low, litres.central, litres.high) == pytest.approx((1.0, 2.0, 4.0))
