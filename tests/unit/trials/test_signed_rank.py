import itertools
import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.trials.signed_rank import centre, interval, p_below, walsh_averages


def naive_p(values):
    """Return the p value by going through all signs."""
    ranks = sorted(values, key=abs)
    positive = sum(i + 1 for i, v in enumerate(ranks) if v > 0)
    n = len(values)
    sums = [
        sum(i + 1 for i in range(n) if signs[i])
        for signs in itertools.product([0, 1], repeat=n)
    ]
    return sum(s <= positive for s in sums) / 2**n


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9))
def test_the_p_value_is_that_of_all_signs(values):
    distinct = [v for v in dict.fromkeys(map(abs, values)) if v > 1e-6]
    signed = [v if i % 2 else -v for i, v in enumerate(distinct)]
    if len({a + b for a, b in itertools.combinations(signed, 2)} & {0.0}) or not signed:
        return
    assert p_below(signed) == pytest.approx(naive_p(signed))


def test_no_values_have_no_centre():
    with pytest.raises(ValueError, match="no values"):
        centre([])


def test_the_smallest_p_value_is_that_of_one_sign_pattern():
    assert p_below([-1.0] * 10) == 2**-10


def test_ties_with_the_null_count_against_the_claim():
    assert p_below([0.0] * 6) == 1.0


def test_too_few_values_have_no_interval():
    assert interval([1.0, 2.0, 3.0], 0.1) is None


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_the_centre_is_the_median_of_the_averages_within_the_values(values):
    found = centre(values)
    assert min(values) <= found <= max(values)
    assert found == pytest.approx(median(walsh_averages(values)))


@pytest.mark.parametrize("error", [0.1, 0.033])
def test_the_interval_misses_the_centre_as_rarely_as_it_says(error):
    dice = random.Random(4)
    missed = 0
    for _ in range(1000):
        # heavy tails: the mean of so few would be worth nothing
        values = [3 + math.tan(math.pi * (dice.random() - 0.5)) for _ in range(12)]
        ends = interval(values, error)
        assert ends is not None
        missed += not ends[0] <= 3 <= ends[1]
    assert missed / 1000 <= error * 1.3
