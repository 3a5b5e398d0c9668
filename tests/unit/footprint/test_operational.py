import random
from math import inf, nan

import pytest

from greenops.errors import ConfigError, SignalError
from greenops.footprint.operational import (
    PUE_UNKNOWN,
    job_energy_j,
    mean_intensity,
    operational_g,
    pue_bounds,
)
from greenops.model import Bounded, DeviceKind
from greenops.model.bounds import exact

Z_95 = 1.959964


@pytest.mark.parametrize("pue", [0.99, 0.0, -1.2, nan, inf, 120.0])
def test_a_pue_below_1_or_absurd_is_refused(pue):
    with pytest.raises(ConfigError, match="PUE"):
        pue_bounds(pue)


@pytest.mark.parametrize("pue", [1, 1.0, 1.12, 3.5])
def test_a_given_pue_is_taken_as_given(pue):
    assert pue_bounds(pue) == exact(pue)


def test_an_unknown_pue_is_the_machine_alone_with_room_for_the_building():
    assert pue_bounds(None) == PUE_UNKNOWN
    assert PUE_UNKNOWN.central == PUE_UNKNOWN.low == 1.0 < PUE_UNKNOWN.high


@pytest.mark.parametrize("bad_j", [-1.0, nan, inf])
def test_an_energy_that_is_no_amount_is_refused(
    device_total, hour_energy, intensity_point, bad_j
):
    with pytest.raises(ValueError, match="gpu:0"):
        job_energy_j([device_total(bad_j)])
    with pytest.raises(ValueError, match="finite"):
        mean_intensity([hour_energy(energy_j=bad_j)], [intensity_point()])


@pytest.mark.parametrize("indices", [[1], [-1], [-1, 1]])
def test_an_hour_without_an_intensity_is_an_error(
    hour_energy, intensity_point, indices
):
    with pytest.raises(SignalError, match="2026-01-01 12:00"):
        mean_intensity([hour_energy()], [intensity_point(i) for i in indices])


@pytest.mark.parametrize("with_hours", [True, False])
def test_a_run_without_any_intensity_is_an_error(hour_energy, with_hours):
    with pytest.raises(SignalError, match="no carbon intensity"):
        mean_intensity([hour_energy()] if with_hours else [], [])


def test_a_run_too_short_for_an_hour_takes_the_points_mean(intensity_point):
    points = [intensity_point(0, 100.0, hours=1), intensity_point(1, 400.0, hours=2)]

    assert mean_intensity([], points).central == pytest.approx(300.0)


def test_energy_takes_the_intensity_of_its_own_hour(hour_energy, intensity_point):
    hours = [hour_energy(0, 3.0e6), hour_energy(1, 1.0e6)]
    points = [intensity_point(0, 100.0), intensity_point(1, 500.0)]

    assert mean_intensity(hours, points).central == pytest.approx(200.0)


def test_an_hour_of_two_half_hours_takes_their_mean(hour_energy, intensity_point):
    points = [
        intensity_point(0, 100.0, hours=0.5),
        intensity_point(0.5, 300.0, hours=0.5),
    ]

    assert mean_intensity([hour_energy()], points).central == pytest.approx(200.0)


def test_hours_without_energy_take_the_plain_mean(hour_energy, intensity_point):
    hours = [hour_energy(0, 0.0), hour_energy(1, 0.0)]
    points = [intensity_point(0, 100.0), intensity_point(1, 500.0)]

    assert mean_intensity(hours, points).central == pytest.approx(300.0)


def test_many_hours_of_one_signal_do_not_narrow_its_bounds(
    hour_energy, intensity_point
):
    hours = [hour_energy(i) for i in range(24)]
    points = [intensity_point(i, factor=2.0) for i in range(24)]

    value = mean_intensity(hours, points)

    assert (value.low, value.high) == pytest.approx((50.0, 200.0))


def test_a_kilowatt_hour_at_100_g_with_a_pue_of_1_2_emits_120_g():
    assert operational_g(exact(3.6e6), exact(1.2), exact(100.0)).central == (
        pytest.approx(120.0)
    )


def test_devices_of_one_source_share_their_error(device_total):
    gpus = [
        device_total(100.0, half_j=10.0, rel_uncertainty=0.1, device_id=f"gpu:{i}")
        for i in range(4)
    ]

    value = job_energy_j(gpus)

    assert (value.low, value.high) == pytest.approx((360.0, 440.0))


def test_devices_of_different_sources_err_apart(device_total):
    gpu = device_total(100.0, half_j=30.0, rel_uncertainty=0.3)
    cpu = device_total(100.0, half_j=40.0, rel_uncertainty=0.4, kind=DeviceKind.CPU)

    assert job_energy_j([gpu, cpu]).high == pytest.approx(250.0)


def test_random_errors_are_apart_even_within_a_source(device_total):
    gpus = [
        device_total(100.0, half_j=10.0, rel_uncertainty=0.0, device_id=f"gpu:{i}")
        for i in range(4)
    ]

    assert job_energy_j(gpus).high == pytest.approx(420.0)


def test_no_devices_are_no_energy():
    assert job_energy_j([]) == exact(0.0)


def test_95_of_100_true_energies_lie_within_the_bounds(device_total):
    chance = random.Random(7)
    # Half-width 13 J: 5 % of 100 J shared by the source, 12 J of each card's own.
    gpus = [
        device_total(100.0, half_j=13.0, rel_uncertainty=0.05, device_id=f"gpu:{i}")
        for i in range(4)
    ]
    value = job_energy_j(gpus)

    def draw():
        shared = chance.gauss(0, 0.05 / Z_95)
        return sum(100 * (1 + shared) + chance.gauss(0, 12 / Z_95) for _ in gpus)

    inside = sum(value.low <= draw() <= value.high for _ in range(20_000))
    assert inside / 20_000 == pytest.approx(0.95, abs=0.01)


def test_the_low_bound_of_energy_is_never_below_zero(device_total):
    rows = [
        device_total(1.0, half_j=1.0, rel_uncertainty=9.0, device_id=f"gpu:{i}")
        for i in range(3)
    ]

    assert job_energy_j(rows) == Bounded(central=3.0, low=0.0, high=6.0)
