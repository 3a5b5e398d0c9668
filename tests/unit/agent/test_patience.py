"""What failed is left alone for a while."""

from datetime import timedelta

from greenops.agent.patience import FIRST_S, LONGEST_S, Patience
from tests.unit.agent.worlds import T0


def later(seconds):
    return T0 + timedelta(seconds=seconds)


def test_every_failure_in_a_row_doubles_the_rest_up_to_a_limit():
    patience = Patience()
    for times in range(40):
        patience.failed("x", "why", T0)
        rest_s = min(FIRST_S * 2.0**times, LONGEST_S)
        assert patience.resting("x", later(rest_s - 0.1))
        assert not patience.resting("x", later(rest_s))


def test_a_success_ends_it():
    patience = Patience()
    assert patience.failed("x", "why", T0)
    assert not patience.failed("x", "why", T0)
    assert patience.why("x") == "why"
    assert patience.worked("x")
    assert not patience.worked("x")
    assert not patience.resting("x", T0)


def test_a_clock_that_was_set_back_does_not_prolong_it():
    patience = Patience()
    patience.failed("x", "why", T0)
    assert not patience.resting("x", later(-3600.0))
