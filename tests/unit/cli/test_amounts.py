"""Durations, moments and sizes as people write them."""

import time
from datetime import UTC, datetime

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.cli import amounts
from greenops.model import Bounded


def read(callback, given):
    """Return what click would get of an option."""
    return callback(None, None, given)


@pytest.fixture
def berlin(monkeypatch):
    """A machine whose clocks are put forward and back."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("90min", 5400.0),
        ("4h", 14400.0),
        ("1d12h", 129600.0),
        (" 1.5 H ", 5400.0),
        ("2w", 1209600.0),
        ("0h", 0.0),
    ],
)
def test_durations_are_read(text, seconds):
    assert read(amounts.seconds, text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "4", "h", "-4h", "4x", "4h!", "1e9h", "4h 3", "nan h", "inf", "400d"),
        *("4h\0", "4,5h", "٤h", "9" * 400 + "h"),
    ],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(click.BadParameter) as e:
        read(amounts.seconds, text)

    assert len(str(e.value)) < 200


@pytest.mark.parametrize(
    ("text", "low", "high"), [("4h", 14400.0, 14400.0), ("3h..6h", 10800.0, 21600.0)]
)
def test_a_duration_may_be_a_span(text, low, high):
    assert read(amounts.between, text) == Bounded(
        central=(low + high) / 2, low=low, high=high
    )


@pytest.mark.parametrize("text", ["0h", "6h..3h", "3h..", "..3h", "1h..2h..3h"])
def test_a_span_runs_from_less_to_more(text):
    with pytest.raises(click.BadParameter):
        read(amounts.between, text)


@pytest.mark.parametrize(
    ("text", "gib"),
    [
        ("16", 16.0),
        ("16G", 16.0),
        ("16GiB", 16.0),
        ("512M", 0.5),
        ("1T", 1024.0),
        ("10GB", 10e9 / 2**30),
    ],
)
def test_sizes_of_memory_are_read(text, gib):
    assert read(amounts.gib, text) == pytest.approx(gib)


@pytest.mark.parametrize("text", ["", "-1G", "16X", "G", "nan", "1e3G", "9" * 400])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(click.BadParameter):
        read(amounts.gib, text)


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param(
            "2026-12-01T08:00", datetime(2026, 12, 1, 7, tzinfo=UTC), id="local"
        ),
        pytest.param(
            "2026-12-01 08:00", datetime(2026, 12, 1, 7, tzinfo=UTC), id="with a space"
        ),
        pytest.param(
            "2026-12-01T08:00Z", datetime(2026, 12, 1, 8, tzinfo=UTC), id="in UTC"
        ),
        pytest.param(
            "2026-12-01T08:00+09:00",
            datetime(2026, 11, 30, 23, tzinfo=UTC),
            id="elsewhere",
        ),
        pytest.param(
            "2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), id="twice"
        ),
        pytest.param(
            "2026-03-29T03:00", datetime(2026, 3, 29, 1, tzinfo=UTC), id="after a gap"
        ),
    ],
)
def test_moments_are_local_unless_they_say_otherwise(text, at):
    assert read(amounts.ahead, text) == at


@pytest.mark.usefixtures("berlin")
def test_a_moment_that_the_clock_skips_is_refused():
    with pytest.raises(click.BadParameter, match="clocks are put forward"):
        read(amounts.ahead, "2026-03-29T02:30")


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "24h", "2026-13-01", "2026-12-01T25:00", "1" * 5000]
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(click.BadParameter, match="2026-12-01T08:00"):
        read(amounts.ahead, text)


@pytest.mark.parametrize("given", ["nan", "inf", "-1", "x", "1e12"])
def test_numbers_are_finite_and_within_limits(given):
    with pytest.raises(click.BadParameter):
        amounts.number(0.0, 1e9, "W").convert(given, None, None)


def test_names_come_one_by_one_or_with_commas():
    given = ("a,b", " c ", ",", "")

    assert read(amounts.names, given) == ("a", "b", "c")


@given(st.text())
def test_no_text_crashes_a_reader(text):
    for callback in (amounts.seconds, amounts.between, amounts.gib, amounts.ahead):
        try:
            read(callback, text)
        except click.BadParameter:
            continue
