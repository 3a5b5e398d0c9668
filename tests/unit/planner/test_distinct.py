import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.planner.distinct import distinct

FIGURES = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FIGURES | st.sampled_from([0.0, -0.0, 1.0])))
def test_figures_come_sorted_and_once_as_numpy_has_them(figures):
    given = np.array(figures, dtype=np.float64)

    assert distinct(given).tolist() == np.unique(given).tolist()


@pytest.mark.parametrize(
    ("figures", "found"),
    [([], []), ([3.0], [3.0]), ([2.0, 1.0, 2.0], [1.0, 2.0])],
)
def test_a_few(figures, found):
    assert distinct(np.array(figures, dtype=np.float64)).tolist() == found
