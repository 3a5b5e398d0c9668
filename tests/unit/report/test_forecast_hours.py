from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.report.forecast_hours import HOUR, MOST_ROWS, cleanest, steps
from tests.unit.report.forecasts import MONDAY, forecast


@pytest.mark.parametrize(
    ("hours", "size", "rows"),
    [(1, 1, 1), (30, 1, 30), (31, 3, 11), (48, 3, 16), (90, 3, 30), (168, 6, 28)],
)
def test_hours_are_drawn_together_into_at_most_thirty_rows(hours, size, rows):
    found = steps(forecast(range(hours)), UTC)

    assert len(found) == rows <= MOST_ROWS
    assert {s.length for s in found[:-1]} <= {size * HOUR}
    assert sum((s.length for s in found), timedelta(0)) == hours * HOUR
    assert [s.start for s in found] == [MONDAY + i * size * HOUR for i in range(rows)]


def test_a_row_holds_the_means_of_its_hours():
    row = steps(forecast([100.0, 200.0, 600.0] + [0.0] * 45), UTC)[0].hour

    assert row.intensity_g_per_kwh == pytest.approx(300.0)
    assert row.low80_g_per_kwh == pytest.approx(240.0)
    assert row.high95_g_per_kwh == pytest.approx(450.0)


def test_rows_are_in_local_time_on_both_sides_of_a_clock_change():
    start = MONDAY.replace(month=3, day=28, hour=22)
    berlin = ZoneInfo("Europe/Berlin")

    found = steps(forecast([100.0] * 8, start=start), berlin)

    assert [s.start.hour for s in found] == [23, 0, 1, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [100.0] * 7,
        [300.0] * 3 + [1.0] * 4,
        [100.0] * 168,
        [100.0] * 4 + [200.0] * 20,
        [100.0] * 4 + [99.5] * 4,
        [0.0] * 168,
    ],
    ids=["none", "7 h", "too short to wait", "flat", "now", "below 1 %", "all zero"],
)
def test_where_starting_now_is_as_good_there_is_no_cleanest_stretch(values):
    assert cleanest(forecast(values)) is None


def test_the_cleanest_four_hours_are_found():
    values = [400.0] * 10 + [100.0, 200.0, 200.0, 100.0] + [400.0] * 10

    found = cleanest(forecast(values))

    assert found is not None
    assert found.start == MONDAY + 10 * HOUR
    assert (found.hours, found.mean_g_per_kwh) == (4, 150.0)
    assert found.saved == pytest.approx(0.625)


def test_of_equally_clean_stretches_the_first_is_taken():
    values = ([400.0] * 6 + [100.0] * 6) * 3

    found = cleanest(forecast(values))

    assert found is not None
    assert found.start == MONDAY + 6 * HOUR


@given(st.lists(st.floats(0, 900), min_size=8, max_size=60))
def test_no_other_four_hours_are_cleaner(values):
    found = cleanest(forecast(values))
    means = [sum(values[i : i + 4]) / 4 for i in range(len(values) - 3)]

    if found is None:
        assert min(means) >= 0.99 * means[0] - 1e-9
    else:
        assert found.mean_g_per_kwh == pytest.approx(min(means))
        assert 0 < found.saved <= 1
