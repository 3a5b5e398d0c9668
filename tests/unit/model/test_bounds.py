import random
from math import exp, inf, log, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Bounded
from greenops.model.bounds import (
    exact,
    product,
    scaled,
    sum_of_independent,
    sum_of_one_source,
)

DRAWS = 20_000
Z_95 = 1.959964


@st.composite
def amounts(draw):
    central = draw(st.floats(0, 1e9))
    below = draw(st.floats(0, 1))
    above = draw(st.floats(0, 1e3))
    return Bounded(central=central, low=central * below, high=central + central * above)


def factor_of(central, factor):
    return Bounded(central=central, low=central / factor, high=central * factor)


def plus_minus(central, half_width):
    return Bounded(central=central, low=central - half_width, high=central + half_width)


def covered(value, draw):
    """Return the share of `DRAWS` draws that the interval holds."""
    chance = random.Random(20261123)
    return sum(value.low <= draw(chance) <= value.high for _ in range(DRAWS)) / DRAWS


def lognormal(chance, bounded):
    return bounded.central * exp(
        chance.gauss(0, log(bounded.high / bounded.central) / Z_95)
    )


def normal(chance, bounded):
    return chance.gauss(bounded.central, (bounded.high - bounded.central) / Z_95)


@pytest.mark.parametrize("bad", [inf, nan, -1.0])
def test_a_factor_that_is_no_amount_is_refused(bad):
    with pytest.raises(ValueError, match=r"finite|bounds"):
        product([exact(1.0), Bounded(central=bad, low=bad, high=bad)])


def test_errors_of_one_source_do_not_average_out():
    parts = [plus_minus(100, 10)] * 4

    assert sum_of_one_source(parts) == plus_minus(400, 40)
    assert sum_of_independent(parts) == plus_minus(400, 20)


def test_asymmetric_ends_are_combined_apart():
    parts = [
        Bounded(central=10, low=10, high=13),
        Bounded(central=10, low=6, high=14),
        Bounded(central=10, low=7, high=10),
    ]

    assert sum_of_independent(parts) == Bounded(central=30, low=25, high=35)


def test_a_limit_on_one_side_multiplies_fully_and_leaves_the_other_end():
    limited = product([Bounded(central=1.0, low=1.0, high=1.5), factor_of(10, 2)])

    assert limited.low == pytest.approx(5)
    assert limited.high == pytest.approx(30)


def test_factors_without_uncertainty_multiply_exactly():
    assert product([exact(3.0), exact(0.25)]) == exact(0.75)


def test_a_low_end_at_zero_stays_at_zero():
    assert product([Bounded(central=5, low=0, high=6), factor_of(2, 2)]).low == 0


def test_nothing_measured_may_still_be_something():
    nothing = Bounded(central=0, low=0, high=2)

    assert product([nothing, factor_of(3, 2)]) == Bounded(central=0, low=0, high=12)


@pytest.mark.parametrize(
    "factors",
    [
        [factor_of(3, 1.2), factor_of(400, 2.1)],
        [factor_of(3, 1.05), factor_of(1.2, 1.1), factor_of(40, 1.5)],
    ],
    ids=["two", "three"],
)
def test_95_of_100_products_lie_within_their_bounds(factors):
    def draw(chance):
        result = 1.0
        for f in factors:
            result *= lognormal(chance, f)
        return result

    assert covered(product(factors), draw) == pytest.approx(0.95, abs=0.01)


def test_95_of_100_products_lie_within_where_the_pue_is_not_known():
    energy, intensity = factor_of(3, 1.2), factor_of(400, 2.1)
    unknown_pue = Bounded(central=1.0, low=1.0, high=1.56)
    value = product([energy, unknown_pue, intensity])

    def draw(chance):
        return (
            lognormal(chance, energy)
            * chance.uniform(1.0, 1.56)
            * lognormal(chance, intensity)
        )

    assert covered(value, draw) >= 0.95


def test_95_of_100_sums_of_independent_amounts_lie_within_their_bounds():
    parts = [plus_minus(100, 30), plus_minus(40, 20), plus_minus(300, 15)]

    def draw(chance):
        return sum(normal(chance, p) for p in parts)

    assert covered(sum_of_independent(parts), draw) == pytest.approx(0.95, abs=0.01)


def test_95_of_100_sums_of_one_source_lie_within_their_bounds():
    parts = [plus_minus(100, 30), plus_minus(40, 12)]

    def draw(chance):
        shared = chance.gauss(0, 1 / Z_95)
        return sum(p.central + shared * (p.high - p.central) for p in parts)

    assert covered(sum_of_one_source(parts), draw) == pytest.approx(0.95, abs=0.01)


def test_95_of_100_sums_of_skewed_amounts_lie_within_their_bounds():
    parts = [factor_of(100, 2.1), factor_of(60, 1.8)]

    def draw(chance):
        return sum(lognormal(chance, p) for p in parts)

    assert covered(sum_of_independent(parts), draw) >= 0.94


@given(parts=st.lists(amounts(), min_size=1, max_size=6))
def test_a_combination_holds_its_centre_and_never_falls_below_zero(parts):
    for combined in (
        sum_of_independent(parts),
        sum_of_one_source(parts),
        product(parts[:3]),
    ):
        assert 0 <= combined.low <= combined.central <= combined.high < inf


@given(parts=st.lists(amounts(), min_size=1, max_size=6))
def test_independence_never_widens_a_sum(parts):
    free, tied = sum_of_independent(parts), sum_of_one_source(parts)

    assert free.low >= tied.low * (1 - 1e-9)
    assert free.high <= tied.high * (1 + 1e-9)


@given(parts=st.lists(amounts(), min_size=2, max_size=4), grow=st.floats(1, 10))
def test_a_wider_part_never_narrows_the_whole(parts, grow):
    first = parts[0]
    wider = Bounded(
        central=first.central,
        low=first.low / grow,
        high=first.central + grow * (first.high - first.central),
    )
    # A part with one end at its centre is a limit, and combines by another rule.
    one_sided = (
        not first.low < first.central < first.high
        or not wider.low < wider.central < wider.high
    )
    for combine in (sum_of_independent, sum_of_one_source, product):
        if combine is product and one_sided:
            continue
        before, after = combine(parts), combine([wider, *parts[1:]])
        assert after.low <= before.low * (1 + 1e-9)
        assert after.high >= before.high * (1 - 1e-9)


@given(value=amounts(), factor=st.floats(0, 1e6))
def test_scaling_keeps_the_bounds_in_proportion(value, factor):
    grown = scaled(value, factor)

    assert grown.low <= grown.central <= grown.high
    assert grown.high == value.high * factor
