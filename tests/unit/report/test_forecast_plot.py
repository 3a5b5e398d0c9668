import re
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.report.forecast_plot import AXIS_COLUMNS, ROWS, chart
from greenops.report.look import Look
from tests.unit.report.forecasts import MONDAY, forecast

PLAIN = Look(unicode=False)


def drawn(values, look=PLAIN, zone=UTC, **fields):
    lines = chart(forecast(values, **fields), look, zone)
    return [line[AXIS_COLUMNS + 1 :] for line in lines[:-1]], lines


@pytest.mark.parametrize("width", [1, 40, 60, 80, 200])
@pytest.mark.parametrize("hours", [1, 2, 24, 48, 168])
def test_a_chart_fits_the_screen(width, hours):
    look = Look(width=width, unicode=False)

    _, lines = drawn([100.0 + i for i in range(hours)], look)

    assert len(lines) == ROWS + 1
    assert max(map(len, lines)) <= look.columns


@pytest.mark.parametrize("g", [0.0, 0.0004, 1.0, 123456.0])
def test_any_size_can_be_drawn(g):
    _, lines = drawn([g] * 24)

    assert len(lines) == ROWS + 1
    assert lines[-2].startswith("  0 g/kWh|")


def test_the_axis_begins_at_zero_and_ends_above_the_band():
    cells, lines = drawn([100.0] * 24)

    assert lines[0].split("|")[0].strip() == "120"
    assert lines[ROWS - 1].split("|")[0].strip() == "0 g/kWh"
    assert set(cells[0]) == {"."}
    assert set(cells[ROWS - 1]) <= {" "}


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=168))
def test_every_column_has_its_line_once(values):
    cells, _ = drawn(values)

    for column in zip(*cells, strict=True):
        assert column.count("#") == 1


def test_what_is_half_as_dirty_is_half_as_high():
    cells, _ = drawn([100.0] * 12 + [50.0] * 12)
    height = [
        ROWS - [row[x] for row in cells].index("#") for x in (0, len(cells[0]) - 1)
    ]

    assert height[1] == pytest.approx(height[0] / 2, abs=1)


def test_a_day_is_named_where_it_begins():
    cells, lines = drawn([100.0] * 48, start=MONDAY.replace(hour=18))

    axis = lines[-1]
    per_hour = len(cells[0]) / 48
    assert "18:00" in axis
    assert axis.index("Tue 03") == pytest.approx(10 + 6 * per_hour, abs=2)
    assert axis.index("Wed 04") == pytest.approx(10 + 30 * per_hour, abs=2)


@pytest.mark.parametrize("width", [40, 80])
def test_a_week_has_its_days_named_on_a_narrow_screen_too(width):
    _, lines = drawn([100.0] * 168, Look(width=width, unicode=False))

    assert len(re.findall(r"[A-Z][a-z]{2} \d\d", lines[-1])) >= (3 if width < 80 else 6)


def test_times_are_local():
    _, lines = drawn([100.0] * 24, zone=timezone(timedelta(hours=5, minutes=30)))

    assert "05:30" in lines[-1]


def test_without_unicode_and_colours_a_chart_is_plain_ascii():
    _, lines = drawn([100.0] * 24)

    assert "".join(lines).isascii()
    assert "\x1b" not in "".join(lines)


def test_with_them_it_is_not():
    _, lines = drawn([100.0] * 24, Look(color=True))

    assert "█" in "".join(lines)
    assert "\x1b[32m" in "".join(lines)
