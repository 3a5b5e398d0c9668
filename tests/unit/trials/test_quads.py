import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.trials.quads import Block, Side, log_ratio, order


def block(side, energy_j, samples=10):
    return Block(side=side, energy_j=energy_j, duration_s=1.0, steps=2, samples=samples)


def quad(lot, energies):
    return [block(s, e) for s, e in zip(lot, energies, strict=True)]


def test_a_counter_that_stood_still_says_nothing():
    lot = order(base_outside=True)
    assert log_ratio(quad(lot, [1.0, 0.0, 1.0, 1.0])) is None
    assert log_ratio([block(Side.BASE, 1.0)]) is None


@pytest.mark.parametrize("outside", [True, False])
@given(base=st.floats(1, 100), drift=st.floats(0, 5), factor=st.floats(0.1, 10))
def test_a_steady_drift_cancels_in_either_order(outside, base, drift, factor):
    lot = order(base_outside=outside)
    energies = [base * (factor if side is Side.CANDIDATE else 1.0) for side in lot]
    assert log_ratio(quad(lot, energies)) == pytest.approx(math.log(factor))
    equal = [base + drift * i for i in range(4)]
    assert log_ratio(quad(lot, equal)) == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.floats(1, 100), min_size=4, max_size=4))
def test_the_other_order_turns_the_sign_round_when_nothing_differs(energies):
    one = log_ratio(quad(order(base_outside=True), energies))
    other = log_ratio(quad(order(base_outside=False), energies))
    assert one is not None
    assert other == pytest.approx(-one)


def test_energy_is_compared_per_sample():
    blocks = [
        block(Side.BASE, 10.0, samples=10),
        block(Side.CANDIDATE, 15.0, samples=20),
    ]
    assert log_ratio(blocks) == pytest.approx(math.log(0.75))
    assert blocks[0].j_per_step == 5.0
