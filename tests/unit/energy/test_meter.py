from math import inf, nan
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.meter import DeviceMeter
from greenops.model import Device, DeviceKind, Method, Reading

WRAP_J = 262_143.328850


def device(*, source="rapl", limit_w=300.0, period_s=0.001):
    return Device(
        device_id="dev",
        kind=DeviceKind.CPU,
        name="Device",
        source=source,
        rel_uncertainty=0.05,
        limit_w=limit_w,
        counter_period_s=period_s,
    )


def meter(*, start_s=0.0, interval_s=1.0, **options):
    return DeviceMeter(device(**options), start_s=start_s, interval_s=interval_s)


def counter(counter_j, **more):
    return Reading(device_id="dev", counter_j=counter_j, **more)


def power(power_w, **more):
    return Reading(device_id="dev", power_w=power_w, **more)


def feed(measured, readings):
    """Give the meter `(at_s, reading)` pairs; return the intervals that come out."""
    found = [measured.advance(reading, at_s) for at_s, reading in readings]
    return [interval for interval in found if interval is not None]


def energy_j(intervals):
    return sum(interval.energy_j for interval in intervals)


# --- failed reads -------------------------------------------------------------------


def test_a_failed_read_that_came_as_zero_does_not_become_162093_joules():
    """RAPL stood at 100,050 J; a wrap from there to 0 would be 162,093 J."""
    measured = meter(period_s=None)

    found = feed(
        measured,
        [
            (0.0, counter(100_000.0, wraps_at_j=WRAP_J)),
            (1.0, counter(100_050.0, wraps_at_j=WRAP_J)),
            (2.0, counter(0.0, wraps_at_j=WRAP_J)),
            (3.0, counter(100_150.0, wraps_at_j=WRAP_J)),
        ],
    )

    assert energy_j(found) == pytest.approx(150.0)
    assert {interval.method for interval in found} == {Method.COUNTER}
    assert measured.quality.outliers == 1
    assert measured.quality.resets == 0


def test_a_failed_read_is_spanned_exactly_by_the_counter():
    measured = meter(period_s=None)

    found = feed(
        measured, [(0.0, counter(10.0)), (1.0, None), (2.0, None), (3.0, counter(70.0))]
    )

    assert energy_j(found) == pytest.approx(60.0)
    assert found[0].method is Method.COUNTER
    quality = measured.quality
    assert (quality.failed_reads, quality.gaps, quality.gap_s) == (2, 1, 3.0)
    assert quality.bridged_j == 0


def test_a_short_gap_in_power_is_a_line_between_its_ends():
    measured = meter()

    found = feed(measured, [(0.0, power(100.0)), (1.0, None), (2.0, power(200.0))])

    assert found[-1].method is Method.BRIDGED
    assert found[-1].energy_j == pytest.approx(300.0)
    assert found[-1].error_j >= 100.0
    assert measured.quality.bridged_j == pytest.approx(300.0)


def test_a_long_gap_in_power_may_hold_anything_up_to_the_limit():
    measured = meter()

    found = feed(measured, [(0.0, power(100.0)), (100.0, power(100.0))])

    assert found[-1].method is Method.BRIDGED
    assert found[-1].energy_j == pytest.approx(10_000.0)
    assert found[-1].error_j == pytest.approx(20_000.0)
    assert measured.quality.gap_s == 100.0


def test_a_window_that_reaches_across_a_gap_has_seen_it_all():
    measured = meter(source="model")

    found = feed(
        measured,
        [
            (0.0, power(100.0, averaged_over_s=1.0)),
            (1.0, power(100.0, averaged_over_s=1.0)),
            (2.0, None),
            (60.0, power(150.0, averaged_over_s=59.0)),
        ],
    )

    assert found[-1].method is Method.MODEL
    assert found[-1].energy_j == pytest.approx(59 * 150.0)
    assert found[-1].error_j == pytest.approx(0.0, abs=1e-6)


def test_reads_that_fail_until_the_end_leave_a_bridge():
    measured = meter()
    feed(measured, [(0.0, power(100.0)), (1.0, power(100.0)), (2.0, None)])

    last = measured.finish(3.0)

    assert last.method is Method.BRIDGED
    assert last.energy_j == pytest.approx(200.0)
    assert measured.quality.gap_s == 2.0


def test_a_device_that_never_answered_has_no_energy_rather_than_none_at_all():
    measured = meter()

    assert feed(measured, [(0.5, None), (1.0, None)]) == []
    assert measured.finish(2.0) is None
    assert measured.quality.gap_s == 2.0
    assert measured.peak_w is None
    assert measured.mean_utilization is None


# --- readings that are not believed --------------------------------------------------


@pytest.mark.parametrize("bad_w", [-5.0, nan, inf, 1e6])
def test_an_impossible_power_is_a_gap(bad_w):
    measured = meter()

    found = feed(
        measured, [(0.0, power(100.0)), (1.0, power(bad_w)), (2.0, power(100.0))]
    )

    assert energy_j(found) == pytest.approx(200.0)
    assert found[-1].method is Method.BRIDGED
    assert measured.quality.outliers == 1
    assert measured.peak_w == 100.0


def test_an_impossible_power_beside_a_good_counter_costs_nothing():
    measured = meter(period_s=None)

    found = feed(
        measured,
        [(0.0, counter(0.0, power_w=50.0)), (1.0, counter(60.0, power_w=-1.0))],
    )

    assert energy_j(found) == pytest.approx(60.0)
    assert found[0].method is Method.COUNTER
    assert measured.quality.outliers == 1


@pytest.mark.parametrize("again_s", [1.0, 0.5], ids=["same time", "out of order"])
def test_a_reading_of_a_time_already_read_is_counted_and_dropped(again_s):
    measured = meter()

    found = feed(
        measured,
        [(0.0, power(100.0)), (1.0, power(100.0)), (again_s, power(300.0))],
    )

    assert energy_j(found) == pytest.approx(100.0)
    assert measured.quality.duplicates == 1


def test_a_jump_beyond_the_limit_is_dropped_and_the_truth_found_again():
    measured = meter(period_s=None)

    found = feed(
        measured,
        [(0.0, counter(0.0)), (1.0, counter(1e6)), (2.0, counter(200.0))],
    )

    assert energy_j(found) == pytest.approx(200.0)
    assert measured.quality.outliers == 1


# --- resets, wraps, stuck counters ---------------------------------------------------


def test_a_reset_is_bridged_by_the_power_around_it():
    measured = meter(period_s=None)

    found = feed(
        measured,
        [
            (0.0, counter(50_000.0)),
            (1.0, counter(50_100.0)),
            (2.0, counter(40.0)),
            (3.0, counter(140.0)),
        ],
    )

    assert energy_j(found) == pytest.approx(300.0)
    assert found[-1].method is Method.BRIDGED
    assert found[-1].error_j >= 100.0
    assert measured.quality.resets == 1
    assert measured.quality.outliers == 0


def test_a_reset_is_bridged_by_power_readings_where_there_are_any():
    measured = meter(period_s=None)
    values = [(0.0, 50_000.0), (1.0, 50_100.0), (2.0, 0.0), (3.0, 250.0), (4.0, 500.0)]
    powers_w = [100.0, 100.0, 250.0, 250.0, 250.0]

    found = feed(
        measured,
        [
            (at_s, counter(j, power_w=w))
            for (at_s, j), w in zip(values, powers_w, strict=True)
        ],
    )

    # 100, then the line from 100 to 250, then 250 W.
    assert energy_j(found) == pytest.approx(100 + 175 + 250 + 250)
    assert measured.quality.resets == 1


@given(
    start_j=st.floats(0, WRAP_J),
    powers_w=st.lists(st.floats(1, 290), min_size=1, max_size=30),
)
def test_wraps_at_any_place_lose_nothing(start_j, powers_w):
    measured = meter(period_s=None)
    total_j, readings = 0.0, []
    for at_s, power_w in enumerate([0.0, *powers_w]):
        total_j += power_w
        now_j = (start_j + total_j) % WRAP_J
        readings.append((float(at_s), counter(now_j, wraps_at_j=WRAP_J)))

    found = feed(measured, readings)

    assert energy_j(found) == pytest.approx(total_j, abs=1e-6)
    assert measured.quality.outliers == 0


def test_a_gap_long_enough_for_several_wraps_is_bridged_by_the_power_before():
    measured = meter(period_s=None)
    spent_j = 100.0 * 6000  # more than two wraps at the power seen before

    found = feed(
        measured,
        [
            (0.0, counter(0.0, wraps_at_j=WRAP_J)),
            (1.0, counter(100.0, wraps_at_j=WRAP_J)),
            (6001.0, counter((100.0 + spent_j) % WRAP_J, wraps_at_j=WRAP_J)),
        ],
    )

    assert found[-1].method is Method.BRIDGED
    assert found[-1].energy_j == pytest.approx(spent_j)
    assert found[-1].error_j > WRAP_J


def test_a_stuck_counter_gives_way_to_power():
    measured = meter(period_s=0.1, source="nvml_counter")
    stuck_j = 1000.0
    readings = [
        (float(at_s), counter(min(200.0 * at_s, stuck_j), power_w=200.0))
        for at_s in range(12)
    ]

    found = feed(measured, readings)
    last = measured.finish(11.5)

    assert energy_j([*found, last]) == pytest.approx(2300.0, rel=1e-6)
    assert found[-1].method is Method.INTEGRAL
    assert measured.quality.stuck >= 5


@pytest.mark.parametrize("power_w", [50.0, 200.0], ids=["believable", "beyond limit"])
def test_a_counter_that_catches_up_is_not_charged_twice(power_w):
    measured = meter(period_s=0.1, source="nvml_counter")
    units = [
        0,
        1,
        2,
        2,
        2,
        5,
        6,
        7,
    ]  # stands still from 2 s to 4 s, all is there at 5 s

    found = feed(
        measured,
        [
            (float(t), counter(power_w * n, power_w=power_w))
            for t, n in enumerate(units)
        ],
    )
    last = measured.finish(7.0)

    assert energy_j([*found, last]) == pytest.approx(7 * power_w, rel=0.01)


def test_a_counter_slower_than_the_sampling_is_waited_for():
    measured = meter(interval_s=0.1, period_s=1.0)
    readings = [
        (tick / 10, counter(100.0 * (tick // 10), power_w=100.0)) for tick in range(51)
    ]

    found = feed(measured, readings)

    assert measured.quality.stuck == 0
    assert {interval.method for interval in found} == {Method.COUNTER}


def test_a_counter_stuck_without_a_second_opinion_widens_the_bounds():
    measured = meter(period_s=None)
    values_j = [0.0, 100.0, 200.0, 200.0, 200.0, 200.0, 300.0]

    found = feed(measured, [(float(t), counter(j)) for t, j in enumerate(values_j)])

    last = found[-1]
    assert last.method is Method.BRIDGED
    assert last.energy_j - last.error_j <= 100.0
    assert last.energy_j + last.error_j >= 400.0
    assert measured.quality.stuck == 1


def test_a_counter_that_vanishes_leaves_the_power():
    measured = meter(period_s=None, source="nvml_counter")
    readings = [(float(t), counter(100.0 * t, power_w=100.0)) for t in range(4)]
    readings += [(float(t), power(100.0)) for t in range(4, 20)]

    found = feed(measured, readings)
    last = measured.finish(20.0)

    assert energy_j([*found, last]) == pytest.approx(2000.0)
    assert found[-1].method is Method.INTEGRAL


# --- edges ---------------------------------------------------------------------------


def test_the_edges_of_a_run_are_filled_by_the_known_power_with_their_error():
    measured = meter(start_s=10.0, period_s=None)

    found = feed(measured, [(10.1, counter(500.0)), (11.1, counter(600.0))])
    last = measured.finish(11.5)

    assert found[0].start_s == 10.0
    assert found[0].energy_j == pytest.approx(110.0)
    assert found[0].error_j == pytest.approx(20.0)  # the limit is 300 W
    assert (last.start_s, last.stop_s) == (11.1, 11.5)
    assert last.energy_j == pytest.approx(40.0)
    assert last.error_j == pytest.approx(80.0)
    assert measured.quality.gaps == 0


def test_counter_differences_span_the_times_the_hardware_renewed_it():
    measured = meter(period_s=0.1)

    found = feed(
        measured,
        [
            (0.10, counter(0.0, counter_at_s=0.02)),
            (1.10, counter(100.0, counter_at_s=1.02)),
            (1.14, counter(100.0, counter_at_s=1.02)),
            (2.10, counter(300.0, counter_at_s=2.02)),
        ],
    )

    spans = [(interval.start_s, interval.stop_s) for interval in found]
    assert spans == [(0.0, 1.02), (1.02, 2.02)]
    assert found[1].energy_j == pytest.approx(200.0)
    assert found[1].error_j == 0


def test_a_counter_renewed_before_the_start_is_not_charged_for_that_time():
    measured = meter(start_s=10.0, period_s=0.1)

    found = feed(
        measured,
        [
            (10.05, counter(0.0, counter_at_s=9.95)),
            (11.05, counter(100.0, counter_at_s=10.95)),
        ],
    )

    assert found[0].start_s == 10.0
    assert found[0].energy_j == pytest.approx(95.0)


def test_nothing_is_left_to_finish_after_a_reading_from_after_the_end():
    measured = meter(period_s=None)
    feed(measured, [(0.0, counter(0.0)), (2.0, counter(200.0))])

    assert measured.finish(1.95) is None


def test_a_period_without_the_time_of_renewal_is_an_error_of_both_ends():
    measured = meter(period_s=0.1)

    found = feed(measured, [(0.05, counter(0.0)), (1.05, counter(100.0))])

    assert found[0].error_j == pytest.approx(100 * 0.05 * 2**0.5)


@pytest.mark.parametrize("at_s", [0.02, 0.2])
def test_a_run_of_one_power_reading_is_that_power_throughout(at_s):
    measured = meter()

    found = feed(measured, [(at_s, power(120.0, averaged_over_s=1.0))])
    last = measured.finish(0.5)

    assert energy_j([*found, last]) == pytest.approx(60.0)
    assert last.error_j >= 60.0


def test_a_window_from_before_the_start_does_not_fill_the_edge():
    """An idle GPU's 1 s average says nothing of the job's first tenth of a second."""
    measured = meter()

    found = feed(
        measured,
        [
            (0.1, power(20.0, averaged_over_s=1.0)),
            (1.1, power(300.0, averaged_over_s=1.0)),
        ],
    )

    assert energy_j(found) == pytest.approx(330.0)


def test_sleep_passes_without_energy():
    measured = meter(period_s=None)
    before = feed(measured, [(0.0, counter(0.0)), (1.0, counter(100.0))])

    measured.skip(5000.0)
    after = feed(measured, [(5000.0, counter(3.0)), (5001.0, counter(103.0))])

    assert energy_j(before + after) == pytest.approx(200.0)
    assert after[0].start_s == 5000.0
    assert measured.quality.resets == 0
    assert measured.quality.gap_s == 0


def test_a_stopped_wrapper_loses_nothing_that_a_counter_saw():
    measured = meter(period_s=None)

    found = feed(
        measured,
        [(0.0, counter(0.0)), (1.0, counter(100.0)), (61.0, counter(6100.0))],
    )

    assert energy_j(found) == pytest.approx(6100.0)
    assert found[-1].method is Method.COUNTER
    assert measured.quality.gap_s == 60.0


# --- the whole -----------------------------------------------------------------------


@given(
    powers_w=st.lists(st.floats(0.5, 299), min_size=3, max_size=40),
    data=st.data(),
)
def test_failed_reads_in_any_order_leave_an_exact_counter_exact(powers_w, data):
    """Whatever fails, energy is exact as long as the first and last read worked."""
    measured = meter(period_s=None)
    readings, total_j = [(0.0, counter(0.0, wraps_at_j=WRAP_J))], 0.0
    for at_s, power_w in enumerate(powers_w, start=1):
        total_j += power_w
        failed = at_s < len(powers_w) and data.draw(st.booleans())
        reading = counter(total_j % WRAP_J, wraps_at_j=WRAP_J)
        readings.append((float(at_s), None if failed else reading))

    found = feed(measured, readings)

    assert energy_j(found) == pytest.approx(total_j)
    assert {interval.method for interval in found} == {Method.COUNTER}
    assert measured.quality.failed_reads == sum(r is None for _, r in readings)


SEEN = st.one_of(
    st.none(),
    st.builds(counter, st.sampled_from([0.0, 10.0, 150.0, 1e5, 3e5, nan])),
    st.builds(power, st.sampled_from([0.0, 100.0, 290.0, 1e4, nan])),
    st.builds(
        counter,
        st.floats(0, 1000),
        power_w=st.floats(0, 300),
        averaged_over_s=st.sampled_from([None, 0.1, 1.0, 5.0]),
        wraps_at_j=st.sampled_from([None, 1000.0]),
        counter_at_s=st.none() | st.floats(-1, 30),
    ),
)


@given(
    ticks=st.lists(st.tuples(st.floats(0, 8), SEEN), max_size=30),
    end_s=st.floats(0, 5),
)
def test_whatever_comes_in_the_intervals_touch_and_are_possible(ticks, end_s):
    measured = meter(start_s=0.0)
    at_s, found = 0.0, []
    for step_s, reading in ticks:
        at_s += step_s
        found += feed(measured, [(at_s, reading)])
    last = measured.finish(at_s + end_s)
    found += [last] if last is not None else []

    position_s = 0.0
    for interval in found:
        assert interval.start_s == position_s
        assert interval.stop_s > interval.start_s
        assert 0 <= interval.energy_j < inf
        assert 0 <= interval.error_j < inf
        position_s = interval.stop_s
    quality = measured.quality
    assert quality.bridged_j <= energy_j(found) + 1e-6


def test_peak_and_utilisation_are_those_of_the_readings():
    measured = meter(period_s=None)

    feed(
        measured,
        [
            (0.0, counter(0.0, power_w=90.0, utilization=0.0)),
            (1.0, counter(100.0, power_w=240.0, utilization=1.0)),
            (4.0, counter(400.0, power_w=100.0, utilization=0.2)),
        ],
    )

    assert measured.peak_w == 240.0
    assert measured.mean_utilization == pytest.approx((1.0 + 3 * 0.2) / 4)


@pytest.mark.parametrize("source", ["model", "my_model"])
def test_a_modelled_power_is_called_a_model(source):
    found = feed(meter(source=source), [(0.0, power(10.0)), (1.0, power(10.0))])

    assert found[-1].method is Method.MODEL


def test_an_advance_takes_microseconds():
    measured = meter(source="nvml_counter", period_s=0.1)
    readings = [counter(100.0 * t, power_w=100.0, utilization=0.5) for t in range(2000)]

    fastest_s = inf
    for block in range(0, 2000, 200):
        begin_s = perf_counter()
        for at_s in range(block, block + 200):
            measured.advance(readings[at_s], float(at_s))
        fastest_s = min(fastest_s, (perf_counter() - begin_s) / 200)

    assert fastest_s < 50e-6  # about 6 us alone; five times that on a busy machine


# --- glances ------------------------------------------------------------------------


def test_a_glance_between_two_ticks_is_handed_out_by_the_later_one():
    measured = meter(period_s=None)
    measured.advance(power(100.0), 0.0)

    measured.glance(power(300.0), 0.5)
    interval = measured.advance(power(100.0), 1.0)

    assert (interval.start_s, interval.stop_s) == (0.0, 1.0)
    assert interval.energy_j == pytest.approx(200.0)
    assert interval.method is Method.INTEGRAL
    assert measured.peak_w == 300.0


def test_glances_narrow_the_bound():
    def bound_j(glances):
        measured = meter(period_s=None)
        measured.advance(power(100.0), 0.0)
        for i in range(1, glances + 1):
            measured.glance(power(100.0 + i % 2), i / (glances + 1))
        return measured.advance(power(100.0), 1.0).error_j

    assert bound_j(19) < bound_j(1) < bound_j(0)


def test_an_impossible_glance_is_dropped_and_counted():
    measured = meter(period_s=None)
    measured.advance(power(100.0), 0.0)

    measured.glance(power(9e9), 0.5)
    interval = measured.advance(power(100.0), 1.0)

    assert interval.energy_j == pytest.approx(100.0)
    assert measured.quality.outliers == 1


def test_a_glance_at_the_time_of_the_tick_says_nothing_new():
    measured = meter(period_s=None)
    measured.advance(power(100.0), 1.0)

    measured.glance(power(300.0), 1.0)

    assert measured.quality.duplicates == 1
    assert measured.advance(power(100.0), 2.0).energy_j == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("stop_s", "gap_s"), [(2.0, 0.0), (9.1, 8.0), (inf, 10.0)], ids=str
)
def test_what_comes_after_the_end_is_no_gap_of_the_job(stop_s, gap_s):
    measured = meter(period_s=None)
    measured.advance(counter(0.0), 0.1)
    measured.advance(counter(100.0), 1.1)

    measured.stop_s = stop_s
    measured.advance(counter(1000.0), 11.1)

    assert measured.quality.gap_s == pytest.approx(gap_s)
