import math
import random

import pytest

from greenops.trials.alarm import Alarm
from greenops.trials.trajectory import fit


def falling(dice, count, *, spread=0.1, rate=0.005):
    return [
        (0.5 + 0.5 * math.exp(-rate * i)) * (1 + spread * dice.gauss(0, 1))
        for i in range(count)
    ]


@pytest.mark.parametrize("past", [[1.0] * 19, [1.0] * 30 + [math.nan]])
def test_a_past_that_tells_nothing_is_refused(past):
    with pytest.raises(ValueError, match=r"trajectory|finite"):
        fit(past)


def test_a_constant_past_leaves_room_for_rounding():
    alarm = Alarm(fit([2.0] * 30))
    assert not any(alarm.add(2.0001) for _ in range(100))


def test_outliers_do_not_move_level_or_spread_much():
    dice = random.Random(1)
    past = [1 + 0.1 * dice.gauss(0, 1) for _ in range(90)]
    clean, spoilt = fit(past), fit([*past[:60], 50.0, 60.0, *past[60:]])
    assert spoilt.level == pytest.approx(clean.level, abs=0.05)
    assert spoilt.scale == pytest.approx(clean.scale, rel=0.3)


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="tolerance"):
        Alarm(fit([1.0] * 20), tolerance=-0.1)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_raises_the_alarm_at_once(value):
    alarm = Alarm(fit([1.0] * 20))
    assert alarm.add(value)
    assert str(value) in alarm.reason


def test_one_outlier_is_no_trend():
    dice = random.Random(5)
    alarm = Alarm(fit(falling(dice, 100)), tolerance=0.05)
    assert not alarm.add(1000.0)


@pytest.mark.parametrize(("shift", "within"), [(0.5, 6), (0.3, 25)])
def test_a_rise_is_found_within_a_window(shift, within):
    dice = random.Random(6)
    for _ in range(20):
        past = falling(dice, 100, rate=0.0)
        alarm = Alarm(fit(past), tolerance=0.05)
        values = [v + shift for v in falling(dice, within, rate=0.0)]
        assert any(alarm.add(v) for v in values)


@pytest.mark.parametrize("rate", [0.0, 0.002, 0.02])
def test_a_loss_that_goes_on_falling_more_slowly_is_left_alone(rate):
    dice = random.Random(7)
    raised = 0
    for _ in range(100):
        values = falling(dice, 350, rate=rate)
        alarm = Alarm(fit(values[:100]), tolerance=0.05)
        raised += any(alarm.add(v) for v in values[100:])
    assert raised <= 2
