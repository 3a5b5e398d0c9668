from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError, SignalError
from greenops.forecast import hours as module
from greenops.forecast.hours import (
    HOUR,
    WEEK_H,
    History,
    filled,
    history_of,
    hourly,
    whole_hour,
)
from greenops.model import Basis, IntensityKind
from tests.unit.forecast.grids import FIRST, history, minutes, point

NAN = float("nan")


def test_nothing_known_is_an_error_that_says_when():
    with pytest.raises(SignalError, match="2024-01-15 00:00"):
        history_of([], known_at=FIRST)
    with pytest.raises(SignalError, match="nothing is known"):
        history_of([point(FIRST)], known_at=FIRST)


def test_a_quarter_of_an_hour_is_no_hour():
    with pytest.raises(SignalError, match="no whole hour"):
        history_of([point(FIRST, length=minutes(15))], known_at=FIRST + HOUR)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": IntensityKind.MARGINAL},
        {"basis": Basis.DIRECT},
        {"zone": "FR"},
    ],
    ids=["kind", "basis", "zone"],
)
def test_a_history_is_of_one_kind_one_basis_one_zone(other):
    points = [point(FIRST), point(FIRST + HOUR, **other)]

    with pytest.raises(MixedSignalsError):
        history_of(points, known_at=FIRST + 2 * HOUR)


@pytest.mark.parametrize(
    "first", [FIRST + minutes(30), FIRST.replace(tzinfo=None)], ids=["half", "naive"]
)
def test_a_history_starts_on_a_whole_hour(first):
    with pytest.raises(ValueError, match="whole hour"):
        history([1.0], first=first)


def test_a_mix_is_as_long_as_its_hours():
    with pytest.raises(ValueError, match="another length"):
        history([1.0, 2.0], mix=np.zeros((3, 1)))


@pytest.mark.parametrize(
    ("lengths", "grams", "means"),
    [
        ([60, 60], [100, 200], [100, 200]),
        ([30, 30, 15, 15, 15, 15], [100, 200, 100, 200, 300, 400], [150, 250]),
        ([60, 30, 30], [100, 200, 400], [100, 300]),
        ([20, 40], [90, 300], [230]),
        ([120], [70], [70, 70]),
        ([60, 15], [100, 900], [100, NAN]),
        ([60, 30], [100, 900], [100, 900]),
    ],
    ids=["hours", "30 and 15 min", "60 to 30", "20 and 40", "long", "15 left", "half"],
)
def test_points_of_any_length_make_hours(lengths, grams, means):
    points, at = [], FIRST
    for length, g in zip(lengths, grams, strict=True):
        points.append(point(at, g, length=minutes(length)))
        at += minutes(length)

    np.testing.assert_allclose(hourly(points, FIRST, len(means)), means)


@given(
    st.lists(
        st.tuples(st.sampled_from([5, 15, 20, 30, 60, 180]), st.integers(0, 900)),
        min_size=1,
        max_size=30,
    ),
    st.sets(st.integers(0, 29)),
    st.integers(-120, 120),
)
def test_hours_are_what_counting_minutes_says(parts, missing, offset):
    points, at = [], FIRST + minutes(offset)
    by_minute: dict[int, int] = {}
    for i, (length, g) in enumerate(parts):
        if i not in missing:
            points.append(point(at, float(g), length=minutes(length)))
            start = (at - FIRST) // minutes(1)
            by_minute |= dict.fromkeys(range(start, start + length), g)
        at += minutes(length)

    found = hourly(points, FIRST, 12)

    for hour, mean in enumerate(found):
        inside = [
            by_minute[m] for m in range(60 * hour, 60 * hour + 60) if m in by_minute
        ]
        if len(inside) == 30:  # on the edge, where rounding decides
            continue
        naive = sum(inside) / len(inside) if len(inside) > 30 else NAN
        assert mean == pytest.approx(naive, nan_ok=True)


def test_hours_without_a_point_are_gaps_and_not_zero():
    points = [point(FIRST), point(FIRST + 3 * HOUR)]

    found = history_of(points, known_at=FIRST + 5 * HOUR).g_per_kwh

    np.testing.assert_array_equal(found, [100.0, NAN, NAN, 100.0, NAN])


def test_the_same_point_twice_counts_as_once():
    found = hourly([point(FIRST, 50.0), point(FIRST, 50.0)], FIRST, 1)

    np.testing.assert_allclose(found, [50.0])


def test_points_outside_the_span_do_not_count():
    points = [point(FIRST - 2 * HOUR), point(FIRST + 5 * HOUR), point(FIRST, 7.0)]

    np.testing.assert_array_equal(hourly(points, FIRST, 2), [7.0, NAN])


def test_a_clock_that_was_put_forward_leaves_no_gap_in_utc():
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    points = [
        point(datetime(2024, 3, 31, 1, tzinfo=winter), 1.0),
        point(datetime(2024, 3, 31, 3, tzinfo=summer), 2.0),
    ]

    found = history_of(points, known_at=datetime(2024, 3, 31, 2, tzinfo=UTC))

    assert found.first == datetime(2024, 3, 31, 0, tzinfo=UTC)
    np.testing.assert_array_equal(found.g_per_kwh, [1.0, 2.0])


def test_a_history_ends_with_the_last_whole_hour():
    found = history_of([point(FIRST)], known_at=FIRST + 2 * HOUR + minutes(59))

    assert found.stop == FIRST + 2 * HOUR


def test_hours_older_than_five_years_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "MOST_HOURS", 3)
    points = [point(FIRST + i * HOUR, float(i)) for i in range(9)]

    found = history_of(points, known_at=FIRST + 9 * HOUR)

    np.testing.assert_array_equal(found.g_per_kwh, [6.0, 7.0, 8.0])


@pytest.mark.parametrize(
    ("late", "counts"), [(-minutes(1), True), (0 * HOUR, True), (minutes(1), False)]
)
def test_what_was_stated_later_does_not_count(late, counts):
    known_at = FIRST + 2 * HOUR
    points = [point(FIRST), point(FIRST + HOUR, 900.0, issued_at=known_at + late)]

    found = history_of(points, known_at=known_at).g_per_kwh

    assert np.isnan(found[1]) == (not counts)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 500)), max_size=8),
    st.integers(1, 30),
)
def test_whatever_comes_after_changes_no_history(later, hour):
    known_at = FIRST + hour * HOUR
    before = [point(FIRST + i * HOUR, 10.0 + i) for i in range(hour)]
    after = [point(known_at + h * HOUR, float(g)) for h, g in later]
    revised = [
        point(FIRST, float(g), issued_at=known_at + HOUR + h * HOUR) for h, g in later
    ]

    found = history_of([*before, *after, *revised], known_at=known_at)

    np.testing.assert_array_equal(
        found.g_per_kwh, history_of(before, known_at=known_at).g_per_kwh
    )
    assert found.stop == known_at


@pytest.mark.parametrize(
    ("stop_h", "length"), [(-3, 0), (0, 0), (2, 2), (4, 4), (99, 4)]
)
def test_a_history_until_a_moment_is_cut_there(stop_h, length):
    full = history([1.0, 2.0, 3.0, 4.0], mix=np.ones((4, 2)))

    cut = full.until(FIRST + stop_h * HOUR)

    assert len(cut.g_per_kwh) == length
    assert cut.mix.shape == (length, 2)


def test_an_hour_that_is_under_way_is_not_over():
    assert len(history([1.0, 2.0]).until(FIRST + minutes(119)).g_per_kwh) == 1


def test_the_whole_hour_is_that_of_utc():
    at = datetime(2024, 3, 1, 5, 50, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert whole_hour(at) == datetime(2024, 3, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, NAN, 3.0], [1.0, 2.0, 3.0]),
        ([1.0, NAN, NAN, NAN, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0]),
        ([NAN, 4.0], [4.0, 4.0]),
        ([4.0, NAN], [4.0, 4.0]),
    ],
    ids=["one", "three", "leading", "trailing"],
)
def test_short_gaps_are_bridged_and_ends_take_what_there_is(values, expected):
    np.testing.assert_allclose(filled(np.array(values)), expected)


def test_a_long_gap_takes_the_same_hour_of_the_week_before():
    values = np.tile(np.arange(24.0), 10)
    values[8 * 24 : 9 * 24] = NAN

    np.testing.assert_allclose(filled(values), np.tile(np.arange(24.0), 10))


def test_a_gap_of_a_month_is_carried_through_from_the_days_before():
    values = np.tile(np.arange(24.0), 45)
    values[10 * 24 : 40 * 24] = NAN
    values[40 * 24 :] = 500.0

    np.testing.assert_allclose(
        filled(values)[10 * 24 : 40 * 24],
        values[: 30 * 24][[i % 24 for i in range(30 * 24)]],
    )


def test_a_long_gap_sees_nothing_of_what_came_after():
    values = np.tile(np.arange(24.0), 10)
    values[-24:] = NAN
    longer = np.concatenate((values, np.full(48, 900.0)))

    np.testing.assert_array_equal(filled(values), filled(longer)[: len(values)])


def test_not_one_known_hour_is_an_error():
    with pytest.raises(SignalError, match="without one known hour"):
        filled(np.full(5, NAN))


@given(st.lists(st.one_of(st.just(NAN), st.floats(0, 2000)), min_size=1, max_size=400))
def test_what_is_filled_has_no_gap_and_leaves_the_known_and_their_range(values):
    given_values = np.array(values)
    known = ~np.isnan(given_values)
    if not known.any():
        return

    out = filled(given_values)

    assert not np.isnan(out).any()
    np.testing.assert_array_equal(out[known], given_values[known])
    tolerance = 1e-9 * given_values[known].max()
    assert out.min() >= given_values[known].min() - tolerance
    assert out.max() <= given_values[known].max() + tolerance


def test_a_history_of_nothing_has_no_length():
    empty = History(first=FIRST, g_per_kwh=np.empty(0))

    assert empty.stop == FIRST
    assert len(empty.until(FIRST + WEEK_H * HOUR).g_per_kwh) == 0
