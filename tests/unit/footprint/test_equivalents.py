from math import nan

import pytest

from greenops.footprint.equivalents import equivalents


@pytest.mark.parametrize(
    ("energy_j", "emissions_g"), [(-1.0, 1.0), (1.0, -1.0), (nan, 1.0), (1.0, nan)]
)
def test_an_amount_that_is_none_is_refused(energy_j, emissions_g):
    with pytest.raises(ValueError, match="no amounts"):
        equivalents(energy_j=energy_j, emissions_g=emissions_g)


def test_comparisons_follow_their_sources():
    found = {e.key: e.amount for e in equivalents(energy_j=3.6e6, emissions_g=393.0)}

    assert found == {
        "car_km": pytest.approx(1.609344),
        "tree_months": pytest.approx(393 / 500),
        "phone_charges": pytest.approx(1000 / 11.6),
        "led_h": pytest.approx(100.0),
    }


def test_nothing_compares_to_nothing():
    assert all(e.amount == 0 for e in equivalents(energy_j=0, emissions_g=0))


def test_a_comparison_reads_as_words_and_names_its_source():
    car, *others = equivalents(energy_j=0.0, emissions_g=244.2)

    assert str(car) == "1 km by an average car"
    assert all(e.source for e in [car, *others])
