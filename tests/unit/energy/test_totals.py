from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.totals import DeviceTotals, combine, from_samples
from greenops.model import (
    Device,
    DeviceKind,
    DeviceTotal,
    Interval,
    Method,
    Quality,
    Sample,
)

EPOCH_S = datetime(2026, 1, 1, 10, 0, tzinfo=UTC).timestamp()


def device(*, source="rapl", rel_uncertainty=0.0):
    return Device(
        device_id="dev",
        kind=DeviceKind.CPU,
        name="Device",
        source=source,
        rel_uncertainty=rel_uncertainty,
    )


def interval(start_s, *, energy_j=100.0, error_j=0.0, method=Method.COUNTER, **more):
    return Interval(
        device_id="dev",
        start_s=start_s,
        stop_s=start_s + more.pop("duration_s", 1.0),
        energy_j=energy_j,
        error_j=error_j,
        method=method,
        **more,
    )


def summed(intervals, *, share=1.0, share_error=0.0):
    totals = DeviceTotals()
    for one in intervals:
        totals.add(
            one, share, start_epoch_s=EPOCH_S + one.start_s, share_error=share_error
        )
    return totals


def half_j(totals, **options):
    total = totals.total(device(**options), Quality())
    return total.job_high_j - total.job_energy_j


def test_nothing_added_is_empty_and_not_a_measured_zero():
    totals = DeviceTotals()

    total = totals.total(device(), Quality())

    assert totals.empty
    assert total.method is Method.BRIDGED
    assert total.peak_w is None
    assert totals.hours() == []


@pytest.mark.parametrize(
    ("method", "expected_j"),
    [
        (Method.COUNTER, 2**0.5 * 3),
        (Method.INTEGRAL, 10 * 3),
        (Method.MODEL, 10 * 3),
        (Method.BRIDGED, 100 * 3),
    ],
    ids=["telescopes", "in quadrature", "in quadrature (model)", "linearly"],
)
def test_errors_of_a_hundred_intervals_combine_by_method(method, expected_j):
    totals = summed(interval(float(s), error_j=3.0, method=method) for s in range(100))

    assert half_j(totals) == pytest.approx(expected_j)


def test_a_lone_counter_interval_keeps_its_error():
    assert half_j(summed([interval(0.0, error_j=3.0)])) == pytest.approx(3.0)


def test_counter_errors_telescope_only_between_intervals_that_touch():
    totals = summed(
        interval(start_s, error_j=error_j)
        for start_s, error_j in [(0.0, 3.0), (1.0, 3.0), (50.0, 4.0)]
    )

    assert half_j(totals) == pytest.approx((9 + 9 + 16) ** 0.5)


def test_a_share_that_changes_keeps_its_part_of_the_error_between():
    totals = DeviceTotals()
    for start_s, share in [(0.0, 1.0), (1.0, 1.0), (2.0, 0.0), (3.0, 0.0)]:
        one = interval(start_s, error_j=5.0)
        totals.add(one, share, start_epoch_s=EPOCH_S + start_s)

    # The first end, and the tick at which the share fell from all to nothing.
    assert half_j(totals) == pytest.approx((25 + 25) ** 0.5)


def test_a_systematic_error_does_not_average_out():
    totals = summed(interval(float(s)) for s in range(1000))

    assert half_j(totals, rel_uncertainty=0.05) == pytest.approx(5000.0)


def test_the_error_of_a_share_adds_linearly():
    totals = summed((interval(float(s)) for s in range(10)), share_error=0.1)

    assert half_j(totals) == pytest.approx(100.0)


def test_bounds_never_go_below_nothing():
    totals = summed([interval(0.0, error_j=500.0, method=Method.BRIDGED)])

    total = totals.total(device(), Quality())

    assert (total.job_low_j, total.job_high_j) == (0.0, 600.0)


def test_a_total_can_be_asked_for_while_the_run_goes_on():
    totals = summed(interval(float(s), error_j=3.0) for s in range(5))
    asked_once = totals.total(device(), Quality())

    assert totals.total(device(), Quality()) == asked_once
    totals.add(interval(5.0, error_j=3.0), 1.0, start_epoch_s=EPOCH_S + 5)
    assert half_j(totals) == pytest.approx(2**0.5 * 3)


def test_a_total_says_what_most_of_its_time_was_and_what_it_peaked_at():
    totals = summed(
        [
            interval(0.0, energy_j=50.0, utilization=0.5),
            interval(1.0, energy_j=200.0, utilization=1.0),
            interval(2.0, energy_j=900.0, method=Method.BRIDGED, duration_s=0.5),
        ],
        share=0.5,
    )

    total = totals.total(device(), Quality(gaps=1))

    assert total.method is Method.COUNTER
    assert total.peak_w == 1800.0
    assert total.mean_utilization == pytest.approx(0.75)
    assert total.node_energy_j == pytest.approx(1150.0)
    assert total.job_energy_j == pytest.approx(575.0)
    assert total.quality.gaps == 1
    assert totals.total(device(), Quality(), peak_w=2000.0).peak_w == 2000.0


def test_an_interval_across_the_hour_is_split_by_time():
    totals = DeviceTotals()
    one = interval(0.0, energy_j=400.0, duration_s=7200.0)
    totals.add(one, 0.5, start_epoch_s=EPOCH_S - 1800)

    hours = [(h.hour.hour, h.energy_j) for h in totals.hours()]

    assert hours == [(9, 50.0), (10, 100.0), (11, 50.0)]


def test_memory_of_a_week_at_1_hz_is_hours_not_seconds():
    totals = DeviceTotals()
    one = interval(0.0)
    for second in range(0, 7 * 86_400, 60):
        totals.add(one, 1.0, start_epoch_s=EPOCH_S + second)

    assert len(totals.hours()) == 7 * 24
    sizes = [len(v) for v in vars(totals).values() if hasattr(v, "__len__")]
    assert max(sizes) == 7 * 24


intervals_and_shares = st.lists(
    st.tuples(
        st.floats(0.1, 5),
        st.one_of(st.just(0.0), st.floats(0.1, 1000)),
        st.floats(0, 50),
        st.sampled_from(list(Method)),
        st.floats(0, 1),
    ),
    max_size=30,
)


@given(intervals_and_shares)
def test_totals_rebuilt_from_samples_agree_with_the_live_ones(rows):
    live, samples, start_s = DeviceTotals(), [], 0.0
    for duration_s, energy_j, error_j, method, share in rows:
        one = interval(
            start_s,
            energy_j=energy_j,
            error_j=error_j,
            method=method,
            duration_s=duration_s,
            utilization=share,
        )
        live.add(one, share, start_epoch_s=EPOCH_S + start_s)
        samples.append(
            Sample(
                device_id="dev",
                start_epoch_s=EPOCH_S + start_s,
                duration_s=one.duration_s,
                node_energy_j=energy_j,
                job_energy_j=share * energy_j,
                error_j=error_j,
                method=method,
                utilization=share,
            )
        )
        start_s = one.stop_s

    again = from_samples(samples)

    assert again.total(device(), Quality()) == live.total(device(), Quality())
    assert again.hours() == live.hours()


def test_a_brief_interval_across_the_full_hour_loses_nothing_to_rounding():
    totals = DeviceTotals()
    one = interval(0.0, energy_j=1.0, duration_s=0.10176145989956298)
    totals.add(one, 1.0, start_epoch_s=1_767_225_600.0 - 0.05)

    assert sum(h.energy_j for h in totals.hours()) == pytest.approx(1.0, rel=1e-12)


@given(intervals_and_shares)
def test_hours_hold_all_of_the_job_and_bounds_hold_the_estimate(rows):
    totals, start_s = DeviceTotals(), 3590.0
    for duration_s, energy_j, error_j, method, share in rows:
        one = interval(
            start_s,
            energy_j=energy_j,
            error_j=error_j,
            method=method,
            duration_s=duration_s,
        )
        totals.add(one, share, start_epoch_s=EPOCH_S + start_s)
        start_s = one.stop_s

    total = totals.total(device(rel_uncertainty=0.1), Quality())

    assert sum(h.energy_j for h in totals.hours()) == pytest.approx(total.job_energy_j)
    assert 0 <= total.job_low_j <= total.job_energy_j <= total.job_high_j
    assert total.job_energy_j <= total.node_energy_j + 1e-9


def total_of(source, energy_j, half_j):
    return DeviceTotal(
        device=device(source=source),
        node_energy_j=energy_j,
        job_energy_j=energy_j,
        job_low_j=max(energy_j - half_j, 0.0),
        job_high_j=energy_j + half_j,
        peak_w=None,
        mean_utilization=None,
        method=Method.COUNTER,
        quality=Quality(),
    )


def test_devices_of_one_source_err_together_and_sources_apart():
    totals = [
        total_of("nvml_counter", 100.0, 10.0),
        total_of("nvml_counter", 100.0, 20.0),
        total_of("rapl", 100.0, 40.0),
    ]

    whole = combine(totals)

    assert whole.central == 300.0
    assert whole.high - whole.central == pytest.approx(50.0)
    assert whole.central - whole.low == pytest.approx(50.0)


def test_no_device_at_all_combines_to_nothing():
    whole = combine([])

    assert (whole.low, whole.central, whole.high) == (0.0, 0.0, 0.0)
