from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.pace import Pace, steady_from


def points(*times_s):
    at_s, found = 0.0, [(0.0, 0)]
    for number, time_s in enumerate(times_s, 1):
        at_s += time_s
        found.append((at_s, number))
    return found


def test_too_few_steps_tell_of_no_pace():
    assert steady_from([]) is None
    assert steady_from(points(*[1.0] * 9)) is None


def test_an_even_pace_is_steady_from_the_first_step():
    assert steady_from(points(*[1.0] * 20)) == Pace(0.0, 0)


def test_a_first_step_that_compiles_is_warm_up():
    assert steady_from(points(30.0, *[1.0] * 20)) == Pace(30.0, 1)


def test_a_slow_first_epoch_is_warm_up_to_its_end():
    assert steady_from(points(*[3.0] * 10, *[1.0] * 30)) == Pace(30.0, 10)


def test_one_slow_step_later_is_none_of_it():
    assert steady_from(points(*[1.0] * 5, 40.0, *[1.0] * 20)) == Pace(0.0, 0)


def test_moments_without_a_step_count_into_the_next_one():
    still = [(0.0, 0), (5.0, 0), *[(5.0 + n, n) for n in range(1, 20)]]

    assert steady_from(still) == Pace(5.0, 0)


@given(st.lists(st.floats(0.001, 1000.0), min_size=10, max_size=60))
def test_the_pace_begins_at_a_step_that_was_made(times_s):
    known = points(*times_s)
    pace = steady_from(known)

    assert pace is None or (pace.at_epoch_s, pace.steps) in known
