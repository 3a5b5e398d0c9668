from datetime import UTC, datetime, timedelta

import pytest

from greenops.checked import Checked, points_within, span_utc
from greenops.errors import SignalError
from greenops.model import IntensityPoint

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def point(start):
    return IntensityPoint(
        start=start,
        stop=start + HOUR,
        intensity_g_per_kwh=50,
        low_g_per_kwh=40,
        high_g_per_kwh=60,
        zone="FR",
        source="a grid",
    )


def test_points_that_touch_the_span_come_whole():
    points = tuple(point(NOON + i * HOUR) for i in range(-2, 3))

    touching = points_within(
        Checked(points=points), NOON + HOUR / 2, NOON + HOUR, asked="x: FR"
    )

    assert list(touching) == [point(NOON)]


def test_nothing_left_says_what_was_wrong_with_the_answer():
    checked = Checked(points=(), problems=("3 x a value that is no number",))

    with pytest.raises(SignalError, match=r"x: FR: no usable point.*3 x a value"):
        points_within(checked, NOON, NOON + HOUR, asked="x: FR")


@pytest.mark.parametrize(
    ("start", "stop"),
    [(NOON, NOON), (NOON + HOUR, NOON), (NOON.replace(tzinfo=None), NOON)],
)
def test_a_span_that_is_none_is_refused(start, stop):
    with pytest.raises(ValueError, match="not a span"):
        span_utc(start, stop)
