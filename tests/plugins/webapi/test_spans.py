from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops_webapi import ceiled, floored, pieces

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HALF_HOUR = 30 * MINUTE


@pytest.mark.parametrize(
    ("at", "below", "above"),
    [
        (NOON, NOON, NOON),
        (NOON + MINUTE, NOON, NOON + HALF_HOUR),
        (NOON - MINUTE, NOON - HALF_HOUR, NOON),
    ],
)
def test_a_time_lies_between_two_whole_steps(at, below, above):
    assert floored(at, HALF_HOUR) == below
    assert ceiled(at, HALF_HOUR) == above


@given(minutes=st.integers(-500, 5000), longest=st.integers(1, 700))
def test_pieces_make_up_the_span_and_none_is_too_long(minutes, longest):
    stop = NOON + minutes * MINUTE
    cut = list(pieces(NOON, stop, longest * MINUTE))

    assert sum((b - a for a, b in cut), timedelta()) == max(stop - NOON, timedelta())
    assert all(timedelta() < b - a <= longest * MINUTE for a, b in cut)
    assert all(a[1] == b[0] for a, b in pairwise(cut))
