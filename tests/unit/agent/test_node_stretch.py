from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.agent.node_stretch import CpuStretch, GpuStretch, Stretch
from greenops.model import Interval, Method, Reading
from tests.unit.agent.node_bench import CPU, GPU, WRAPPED, A, B


def interval(
    start_s, stop_s, energy_j, *, error_j=0.0, method=Method.COUNTER, device=CPU
):
    return Interval(
        device_id=device.device_id, start_s=start_s, stop_s=stop_s, energy_j=energy_j,
        error_j=error_j, method=method, utilization=0.5,
    )  # fmt: skip


def stretch_of(*intervals):
    stretch = Stretch(CPU)
    for one in intervals:
        stretch.add(one)
    return stretch


def test_nothing_is_known_of_a_stretch_without_an_interval():
    assert Stretch(CPU).empty


def test_a_stretch_is_one_sample_from_its_first_moment():
    sample = stretch_of(interval(10, 11, 5.0), interval(11, 14, 9.0)).sample(1e9)

    assert (sample.start_epoch_s, sample.duration_s, sample.node_energy_j) == (
        1e9,
        4.0,
        14.0,
    )
    assert (sample.method, sample.utilization) == (Method.COUNTER, 0.5)


def test_time_that_is_missing_in_the_middle_is_not_covered():
    assert (
        stretch_of(interval(0, 1, 5.0), interval(5, 6, 5.0)).sample(0.0).duration_s
        == 2.0
    )


def test_errors_combine_as_those_of_the_intervals_do():
    sample = stretch_of(
        interval(0, 1, 5.0, error_j=3.0),
        interval(1, 2, 5.0, error_j=2.0),
        interval(2, 3, 5.0, error_j=1.0, method=Method.INTEGRAL),
        interval(3, 4, 5.0, error_j=1.0, method=Method.INTEGRAL),
        interval(4, 5, 5.0, error_j=2.0, method=Method.BRIDGED),
        interval(5, 6, 5.0, error_j=2.0, method=Method.BRIDGED),
    ).sample(0.0)

    assert sample.error_j == pytest.approx(hypot(3.0, 1.0, 1.0, 4.0))


def test_a_gpu_is_divided_interval_by_interval():
    stretch = GpuStretch(GPU)
    for second, listed in enumerate([{}, {1: 1.0}, {1: 0.5, 2: 0.5}]):
        reading = Reading(device_id=GPU.device_id, power_w=1.0, processes=listed)
        owners = {1: A, 2: WRAPPED}
        stretch.charge(
            interval(second, second + 1, 100.0, device=GPU), reading, owners.get
        )

    division = stretch.divide(reserved=False)

    assert division.charges_j == pytest.approx({A: 150.0})
    assert (division.measured_j, division.idle_j, division.unattributed_j) == (
        50.0,
        100.0,
        0.0,
    )


def test_a_gpu_that_said_nothing_yet_is_idle():
    stretch = GpuStretch(GPU)
    stretch.charge(interval(0, 1, 100.0, device=GPU), None, lambda _: None)

    assert stretch.divide(reserved=False).idle_j == 100.0


def test_a_gpu_that_lists_nobody_is_paid_by_the_measured_job_that_may_use_it():
    stretch = GpuStretch(GPU)
    for second, load in enumerate((0.0, 0.9)):
        reading = Reading(
            device_id=GPU.device_id, power_w=1.0, utilization=load, processes=None
        )
        one = interval(second, second + 1, 100.0, device=GPU)
        stretch.charge(one, reading, lambda _: None)

    assert stretch.divide(reserved=True).measured_j == 200.0
    free = stretch.divide(reserved=False)
    assert (free.measured_j, free.idle_j, free.unattributed_j) == (0.0, 100.0, 100.0)


def test_processors_nobody_knows_the_load_of_are_not_said_to_be_idle():
    stretch = CpuStretch(CPU)
    stretch.add(interval(0, 1, 10.0))

    division = stretch.divide(4.0)

    assert (division.idle_j, division.unattributed_j) == (0.0, 10.0)


def test_use_is_carried_until_energy_is_known():
    stretch = CpuStretch(CPU)
    stretch.use({A: 1.0}, 4.0, 1.0)
    stretch.use({A: 1.0, B: 2.0}, 4.0, 1.0)
    stretch.add(interval(0, 2, 80.0))

    assert stretch.divide(4.0).charges_j == pytest.approx({A: 20.0, B: 20.0})


@given(
    st.dictionaries(st.sampled_from([A, B, WRAPPED]), st.floats(0, 50)),
    st.floats(0, 100),
    st.floats(0, 1e6),
    st.floats(0.1, 100),
)
def test_a_division_gives_out_all_the_energy_and_no_more(
    used_s, node_s, energy_j, span_s
):
    stretch = CpuStretch(CPU)
    stretch.use(used_s, node_s, span_s)
    stretch.add(interval(0, span_s, energy_j))

    division = stretch.divide(4.0)

    parts = [
        *division.charges_j.values(), division.measured_j, division.idle_j, division.unattributed_j,
    ]  # fmt: skip
    assert sum(parts) == pytest.approx(energy_j)
    assert min(parts) >= -1e-6 * energy_j
