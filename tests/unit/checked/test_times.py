from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from greenops.checked import local_time, utc_time
from greenops.errors import SignalError

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00.000Z",
        "2026-03-01T13:00:00+01:00",
        " 2026-03-01 12:00:00+00:00 ",
    ],
)
def test_a_time_with_an_offset_is_one_moment(text):
    assert utc_time(text) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_time_without_an_offset_needs_a_format_that_promises_utc():
    with pytest.raises(SignalError, match="without a time zone"):
        utc_time("2026-03-01T12")

    assert utc_time("2026-03-01T12", states_utc=True).hour == 12


@pytest.mark.parametrize(
    "text", ["", "noon", None, 12, "0001-01-01T00:00+14:00", "9999-12-31T23:59Z"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(SignalError, match="not a time"):
        utc_time(text)


def test_the_hour_that_clocks_show_twice_is_refused():
    with pytest.raises(SignalError, match="twice"):
        local_time(datetime.fromisoformat("2026-10-25T02:30"), BERLIN)


def test_the_hour_that_clocks_skip_is_refused():
    with pytest.raises(SignalError, match="skip"):
        local_time(datetime.fromisoformat("2026-03-29T02:30"), BERLIN)


def test_other_local_hours_are_one_moment():
    at = local_time(datetime.fromisoformat("2026-07-01T14:00"), BERLIN)

    assert at == datetime(2026, 7, 1, 12, tzinfo=UTC)
