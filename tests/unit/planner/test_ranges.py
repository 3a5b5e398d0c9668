import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from greenops.planner.ranges import least_in, least_table


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.data())
def test_every_stretch_has_its_least_value(values, data):
    first = data.draw(st.integers(0, len(values) - 1))
    stop = data.draw(st.integers(first + 1, len(values)))
    rows = np.array([[99.0] * len(values), values])

    found = least_in(
        least_table(rows), np.array([1]), np.array([first]), np.array([stop])
    )

    assert found.tolist() == [min(values[first:stop])]


def test_rows_longer_than_the_kept_logarithms_are_looked_up_too():
    rows = np.arange(3000.0)[None, ::-1].copy()

    found = least_in(
        least_table(rows), np.array([0]), np.array([100]), np.array([2500])
    )

    assert found.tolist() == [3000.0 - 2500]
