from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.checked import IntensityUnit, RawPoint, checked_points
from greenops.errors import SignalError
from greenops.model import Basis, IntensityKind, Provenance

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
FETCHED = MIDNIGHT + 12 * HOUR


def check(rows, **changes):
    return checked_points(
        rows,
        **{
            "zone": "FR",
            "source": "a grid",
            "kind": IntensityKind.AVERAGE,
            "basis": Basis.LIFE_CYCLE,
            "provenance": Provenance.MEASURED,
            "issued_at": FETCHED,
            "rel_uncertainty": 0.1,
            **changes,
        },
    )


def hours(*values, start=MIDNIGHT, **more):
    return [
        RawPoint(start=start + i * HOUR, stop=start + (i + 1) * HOUR, value=v, **more)
        for i, v in enumerate(values)
    ]


def values_of(checked):
    return [p.intensity_g_per_kwh for p in checked.points]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (None, "no number"),
        ("", "no number"),
        ("null", "no number"),
        (float("nan"), "no number"),
        ("NaN", "no number"),
        (float("inf"), "no number"),
        (True, "no number"),
        ([], "no number"),
        ("1_0", "no number"),
        (10**400, "no number"),
        (-3, "below zero"),
        (0, "stands for a missing value"),
        (9999, "above what any plant emits"),
    ],
)
def test_one_unusable_value_is_a_gap_that_is_told(bad, said):
    checked = check(hours(50, bad, 60))

    assert values_of(checked) == [50, 60]
    assert checked.points[0].stop < checked.points[1].start
    assert len(checked.problems) == 1
    assert said in checked.problems[0]
    assert "2026-03-01T01:00Z" in checked.problems[0]


def test_zero_is_a_value_where_the_source_may_reach_it():
    checked = check(
        hours(0, 3), zero_possible=True, basis=Basis.DIRECT, abs_uncertainty_g_per_kwh=5
    )

    assert values_of(checked) == [0, 3]
    assert checked.points[0].high_g_per_kwh == 5
    assert checked.problems == ()


@pytest.mark.parametrize(
    ("values", "unit"),
    [((1700, 1900, 2100), "lbs/MWh"), ((0.05, 0.31, 0.6), "kg/kWh")],
)
def test_an_answer_in_another_unit_is_refused_and_the_unit_named(values, unit):
    with pytest.raises(SignalError, match=unit):
        check(hours(*values))


def test_small_fractions_are_no_direct_emissions_either():
    with pytest.raises(SignalError, match="kg/kWh"):
        check(hours(0.05, 0.31, 0), zero_possible=True, basis=Basis.DIRECT)


def test_whole_grams_near_zero_are_believed_of_a_direct_source():
    assert values_of(check(hours(1, 0, 1), zero_possible=True)) == [1, 0, 1]


@pytest.mark.parametrize(
    ("unit", "value", "g_per_kwh"),
    [
        (IntensityUnit.LB_PER_MWH, 1000, 453.59237),
        (IntensityUnit.KG_PER_MWH, 400, 400),
        (IntensityUnit.KG_PER_KWH, "0.4", 400),
        (IntensityUnit.T_PER_MWH, 0.4, 400),
    ],
)
def test_every_unit_becomes_g_per_kwh_once(unit, value, g_per_kwh):
    checked = check(hours(value), unit=unit)

    assert values_of(checked) == pytest.approx([g_per_kwh])
    assert checked.points[0].high_g_per_kwh == pytest.approx(1.1 * g_per_kwh)


def test_bounds_of_the_source_are_kept_in_its_unit():
    rows = hours(1000, low=900, high="1200")

    (point,) = check(rows, unit=IntensityUnit.LB_PER_MWH).points

    assert point.low_g_per_kwh == pytest.approx(408.2, abs=0.1)
    assert point.high_g_per_kwh == pytest.approx(544.3, abs=0.1)


def test_bounds_that_do_not_hold_their_value_are_replaced():
    checked = check(hours(50, low=60, high=70))

    assert checked.points[0].low_g_per_kwh < 50 < checked.points[0].high_g_per_kwh
    assert "bounds" in checked.problems[0]


def test_unordered_rows_come_out_in_order_and_repeats_once():
    rows = hours(50, 60, 70)

    checked = check([rows[2], rows[0], rows[1], rows[0]])

    assert values_of(checked) == [50, 60, 70]
    assert checked.problems == ()


def test_of_contradicting_rows_the_one_issued_last_holds():
    old = hours(50, 60, issued_at=FETCHED - HOUR)
    new = hours(55, issued_at=FETCHED)

    assert values_of(check([*new, *old])) == [55, 60]
    assert values_of(check([*old, *new])) == [55, 60]


def test_contradicting_rows_of_one_issue_are_a_gap():
    checked = check([*hours(50, 60, 70), *hours(99, start=MIDNIGHT + HOUR)])

    assert values_of(checked) == [50, 70]
    assert "contradict" in checked.problems[0]


def test_hours_half_hours_and_quarters_keep_their_lengths():
    steps = [60, 60, 30, 30, 15, 15, 60, 60, 60]
    starts = [MIDNIGHT + timedelta(minutes=sum(steps[:i])) for i in range(9)]

    checked = check([RawPoint(start=s, value=50) for s in starts])

    assert [(p.stop - p.start).seconds // 60 for p in checked.points] == steps


def test_a_row_without_a_stop_never_reaches_across_a_gap():
    starts = [MIDNIGHT + i * QUARTER for i in (0, 1, 2, 4, 5, 30)]

    checked = check([RawPoint(start=s, value=50) for s in starts])

    assert {p.stop - p.start for p in checked.points} == {QUARTER}


def test_a_lone_row_lasts_as_long_as_the_source_says():
    row = RawPoint(start=MIDNIGHT, value=50)

    assert check([row], longest=QUARTER).points[0].stop == MIDNIGHT + QUARTER
    assert check([row]).points == ()
    assert "unknown length" in check([row]).problems[0]


@pytest.mark.parametrize("field", ["start", "stop", "issued_at"])
def test_a_time_without_a_zone_refuses_the_whole_answer(field):
    (row,) = hours(50, issued_at=FETCHED)
    naive = replace(row, **{field: getattr(row, field).replace(tzinfo=None)})

    with pytest.raises(SignalError, match="no time zone"):
        check([naive])


@pytest.mark.parametrize(
    ("start", "provenance", "said"),
    [
        (FETCHED + 3 * HOUR, Provenance.MEASURED, "measurement of the future"),
        (FETCHED + timedelta(days=40), Provenance.FORECAST, "too far ahead"),
        (datetime(1970, 1, 1, tzinfo=UTC), Provenance.MEASURED, "before or after"),
        (
            datetime.max.replace(tzinfo=UTC) - HOUR,
            Provenance.FORECAST,
            "before or after",
        ),
    ],
    ids=["future", "far-future", "epoch", "end-of-calendar"],
)
def test_times_that_cannot_be_are_gaps(start, provenance, said):
    checked = check(hours(50, start=start), provenance=provenance)

    assert checked.points == ()
    assert said in checked.problems[0]


def test_a_source_ahead_of_our_clock_does_not_win_for_ever():
    rows = hours(50, issued_at=FETCHED + timedelta(days=9))

    checked = check(rows)

    assert checked.points[0].issued_at == FETCHED
    assert "in the future" in checked.problems[0]


def test_rows_that_end_before_they_start_are_gaps():
    row = RawPoint(start=MIDNIGHT, stop=MIDNIGHT, value=50)

    assert check([row, *hours(60, start=MIDNIGHT + HOUR)]).problems


def test_a_thousand_faults_make_one_sentence():
    checked = check(hours(*[None] * 1000, 50, start=FETCHED - 1001 * HOUR))

    assert len(checked.problems) == 1
    assert checked.problems[0].startswith("1000 x ")


def test_problems_outside_of_the_question_are_not_told():
    rows = hours(None, 50, 60, None)
    asked = (MIDNIGHT + 1.5 * HOUR, MIDNIGHT + 3 * HOUR)

    assert check(rows, within=asked).problems == ()
    assert len(check(rows, within=(MIDNIGHT, MIDNIGHT + HOUR)).problems) == 1


def test_an_empty_answer_has_no_points_and_no_problems():
    assert check([]).points == ()


_any_time = st.datetimes(timezones=st.just(UTC))
_rows = st.builds(
    RawPoint,
    start=st.integers(0, 20).map(lambda i: MIDNIGHT + i * QUARTER) | _any_time,
    stop=st.none()
    | st.integers(0, 24).map(lambda i: MIDNIGHT + i * QUARTER)
    | _any_time,
    value=st.none() | st.integers(-5, 900) | st.text(max_size=3) | st.floats(),
    issued_at=st.none()
    | st.integers(0, 3).map(lambda i: FETCHED - i * HOUR)
    | _any_time,
)


@given(
    rows=st.lists(_rows, max_size=30),
    order=st.randoms(),
    fetched=st.none() | st.just(FETCHED),
)
def test_whatever_comes_in_points_never_overlap_nor_read_zero(rows, order, fetched):
    try:
        checked = check(rows, issued_at=fetched)
    except SignalError:
        return

    assert all(a.stop <= b.start for a, b in pairwise(checked.points))
    assert all(p.intensity_g_per_kwh > 0 for p in checked.points)
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert values_of(check(shuffled, issued_at=fetched)) == values_of(checked)
