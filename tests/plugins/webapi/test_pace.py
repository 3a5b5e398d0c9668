import pytest

from greenops.errors import SignalBusyError
from greenops_webapi import Deadline, Pace


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def test_no_stretch_of_the_period_holds_more_than_is_allowed():
    clock = Clock()
    pace = Pace(2, 10.0, clock)
    pace.claim("x")
    clock.now_s += 6
    pace.claim("x")
    with pytest.raises(SignalBusyError, match="x: asked often enough") as busy:
        pace.claim("x")
    assert busy.value.retry_after_s == 4

    clock.now_s += 4
    pace.claim("x")
    with pytest.raises(SignalBusyError):
        pace.claim("x")


def test_a_rest_is_kept_and_a_shorter_one_does_not_end_it():
    clock = Clock()
    pace = Pace(99, 1.0, clock)
    pace.rest(60)
    pace.rest(5)
    clock.now_s += 59
    with pytest.raises(SignalBusyError) as busy:
        pace.claim("x")
    assert busy.value.retry_after_s == 1

    clock.now_s += 1
    pace.claim("x")


def test_a_refused_claim_does_not_count():
    clock = Clock()
    pace = Pace(1, 10.0, clock)
    pace.claim("x")
    for _ in range(5):
        with pytest.raises(SignalBusyError):
            pace.claim("x")
    clock.now_s += 10

    pace.claim("x")


def test_a_deadline_counts_down_to_zero_and_no_further():
    clock = Clock()
    deadline = Deadline(3.0, clock)
    clock.now_s += 2
    assert deadline.left_s() == 1
    clock.now_s += 2
    assert deadline.left_s() == 0
