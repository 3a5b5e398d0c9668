import math
import random

import pytest

from greenops.trials.judge import Looks, Verdict, judge

LOOKS = Looks()


@pytest.mark.parametrize(
    "bad",
    [
        {"at": ()},
        {"at": (12, 8)},
        {"at": (0, 8)},
        {"false_saving": 0.0},
        {"interval_error": 1.0},
        {"margin": -0.1},
        {"at": (4,)},
    ],
)
def test_a_plan_that_cannot_decide_is_refused(bad):
    with pytest.raises(ValueError, match=r"looks|errors|quads"):
        Looks(**bad)


def test_nothing_is_decided_between_looks():
    assert judge([-0.5] * 11, LOOKS).verdict is None
    assert judge([-0.5] * 12, LOOKS).verdict is Verdict.SAVES


def test_a_sure_saving_below_the_margin_is_not_told():
    small = [-0.01 - i * 1e-5 for i in range(48)]
    found = judge(small, LOOKS)
    assert found.p_value < 1e-6
    assert found.verdict is Verdict.SAVES_NOTHING


def test_a_cost_saves_nothing_at_the_first_look():
    found = judge([0.1 + i * 1e-4 for i in range(12)], LOOKS)
    assert found.verdict is Verdict.SAVES_NOTHING
    assert found.low is not None
    assert found.low > 1


def test_what_is_unclear_at_the_last_look_is_undecided():
    dice = random.Random(1)
    noisy = [dice.gauss(-0.03, 0.3) for _ in range(48)]
    assert judge(noisy, LOOKS).verdict is Verdict.UNDECIDED


def to_the_end(draw):
    values = []
    while True:
        values.append(draw())
        if len(values) in LOOKS.at:
            found = judge(values, LOOKS)
            if found.verdict is not None:
                return found


@pytest.mark.parametrize("spread", [0.01, 0.05, 0.3])
def test_looking_often_finds_no_more_false_savings_than_stated(spread):
    dice = random.Random(2)
    ends = [to_the_end(lambda: dice.gauss(0, spread)) for _ in range(400)]
    false = sum(e.verdict is Verdict.SAVES for e in ends)
    assert false <= 12, "400 x 0.015 = 6, with two standard deviations on top"


def test_a_true_saving_is_found_and_lies_within_the_interval():
    dice = random.Random(3)
    true = math.log(0.95)
    ends = [to_the_end(lambda: dice.gauss(true, 0.04)) for _ in range(200)]
    assert sum(e.verdict is Verdict.SAVES for e in ends) >= 180
    assert sum(e.low <= 0.95 <= e.high for e in ends) >= 180
