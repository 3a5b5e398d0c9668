from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.clean import (
    UNSTATED_LIMIT_W,
    believed,
    ceiling_w,
    long_gap_s,
    stuck_after_s,
)
from greenops.model import Device, DeviceKind, Reading


def device(limit_w):
    return Device(
        device_id="gpu:0",
        kind=DeviceKind.GPU,
        name="GPU",
        source="nvml_power",
        rel_uncertainty=0.05,
        limit_w=limit_w,
    )


@pytest.mark.parametrize("power_w", [-1.0, nan, inf, -inf, 361.0])
def test_a_power_that_cannot_be_is_rejected(power_w):
    seen = believed(Reading(device_id="gpu:0", power_w=power_w), ceiling_w=360.0)

    assert seen.power_w is None
    assert seen.rejected == 1
    assert not seen.usable


@pytest.mark.parametrize("counter_j", [-1.0, nan, inf])
def test_a_counter_that_cannot_be_leaves_the_power_standing(counter_j):
    reading = Reading(device_id="gpu:0", counter_j=counter_j, power_w=200.0)

    seen = believed(reading, ceiling_w=360.0)

    assert seen.counter_j is None
    assert seen.power_w == 200.0
    assert seen.rejected == 1
    assert seen.usable


@pytest.mark.parametrize("utilization", [-0.1, 1.1, nan])
def test_an_impossible_utilisation_is_unknown(utilization):
    reading = Reading(device_id="gpu:0", power_w=1.0, utilization=utilization)

    assert believed(reading, ceiling_w=360.0).utilization is None


@given(power_w=st.floats(0, 360), busy=st.floats(0, 1))
def test_whatever_is_possible_passes_unchanged(power_w, busy):
    reading = Reading(
        device_id="gpu:0", counter_j=5.0, power_w=power_w, utilization=busy
    )

    seen = believed(reading, ceiling_w=360.0)

    assert (seen.counter_j, seen.power_w, seen.utilization) == (5.0, power_w, busy)
    assert seen.rejected == 0


def test_the_ceiling_leaves_a_fifth_for_excursions():
    assert ceiling_w(device(300.0)) == pytest.approx(360.0)
    assert ceiling_w(device(None)) == pytest.approx(1.2 * UNSTATED_LIMIT_W)


@pytest.mark.parametrize(
    ("interval_s", "gap_s"), [(0.1, 5.0), (1.0, 5.0), (10.0, 30.0)]
)
def test_a_gap_is_long_after_three_intervals_and_five_seconds(interval_s, gap_s):
    assert long_gap_s(interval_s) == gap_s


@pytest.mark.parametrize(
    ("period_s", "stuck_s"), [(None, 1.0), (0.001, 1.0), (0.1, 1.0), (2.0, 20.0)]
)
def test_a_counter_is_stuck_after_ten_periods_and_a_second(period_s, stuck_s):
    assert stuck_after_s(period_s) == stuck_s
