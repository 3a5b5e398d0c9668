import pytest

from greenops.checked.magnitude import (
    G_PER_KWH_PER,
    IntensityUnit,
    refuse_other_units,
)
from greenops.errors import SignalError


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([1400, 1500, 1600], "lbs/MWh"),
        ([450_000, 500_000], "mg/kWh"),
        ([0.2, 0.3, 0.4], "kg/kWh"),
        ([1, 1, 1], "kg/kWh"),
    ],
)
def test_a_magnitude_of_no_grid_names_the_likely_unit(values, unit):
    with pytest.raises(SignalError, match=f"x: .*{unit}"):
        refuse_other_units(values, "x", zero_possible=False)


@pytest.mark.parametrize(
    "values",
    [[], [0, 0], [20, 25], [700, 1200], [50, 1e9, 60], [1e-9, 50, 60]],
    ids=["none", "zeros", "hydro", "coal", "one-high", "one-low"],
)
def test_what_a_grid_may_be_is_let_through(values):
    refuse_other_units(values, "x", zero_possible=False)


def test_near_zero_only_whole_grams_are_let_through():
    refuse_other_units([1, 0, 1], "x", zero_possible=True)
    with pytest.raises(SignalError, match="kg/kWh"):
        refuse_other_units([0.1, 1], "x", zero_possible=True)


def test_every_unit_has_a_factor():
    assert set(G_PER_KWH_PER) == set(IntensityUnit)
    assert G_PER_KWH_PER[IntensityUnit.LB_PER_MWH] == pytest.approx(0.45359237)
    assert G_PER_KWH_PER[IntensityUnit.T_PER_MWH] == pytest.approx(1000)
