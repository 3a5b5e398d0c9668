import numpy as np
import pytest

from greenops.planner.many.paused import Ranked, used


@pytest.mark.parametrize(
    ("first", "stop", "duration", "level"),
    [
        pytest.param(0.0, 4.0, 1.0, 0, id="the cheapest slot holds it"),
        pytest.param(0.0, 4.0, 1.1, 1, id="a little more takes the second"),
        pytest.param(0.0, 1.5, 1.0, 2, id="the cheapest is half out of reach"),
        pytest.param(1.25, 4.0, 1.75, 1, id="bounds cut the cheapest"),
        pytest.param(0.0, 4.0, 3.1, 3, id="too long for what is known"),
    ],
)
def test_the_dearest_slot_needed_is_found_within_any_bounds(
    first, stop, duration, level
):
    ranked = Ranked(np.array([7.0, 2.0, 5.0, np.nan]))

    found = ranked.level(np.array([first]), np.array([stop]), np.array([duration]))

    assert found.tolist() == [level]


def test_what_is_left_to_run_comes_first_thing_in_the_dearest_slot():
    rank = Ranked(np.array([7.0, 2.0, 5.0])).rank[None, :]

    start, length = used(
        rank, np.array([[2]]), np.array([0.5]), np.array([3.0]), np.array([2.25])
    )

    assert length.tolist() == [[0.25, 1.0, 1.0]]
    assert start.tolist() == [[0.5, 1.0, 2.0]]
