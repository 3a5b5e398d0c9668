from datetime import UTC, datetime, timedelta

import pytest

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops.signals.silence import (
    PAUSE_AT_MOST_S,
    PAUSE_S,
    Silences,
    pause_of,
    reach_of,
)
from greenops.testing import FixedClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    return FixedClock(NOW)


@pytest.fixture
def silences(clock):
    return Silences(clock.monotonic)


@pytest.mark.parametrize(
    ("start_h", "stop_h", "reach"),
    [
        (-1, 0, "now"),
        (0, 0.5, "now"),
        (0, 24, "ahead"),
        (-48, -47, "past"),
        (-48, 24, "past ahead"),
    ],
)
def test_how_far_a_question_reaches(start_h, stop_h, reach):
    assert reach_of(NOW + start_h * HOUR, NOW + stop_h * HOUR, NOW) == reach


def test_nobody_is_silent_at_first(silences):
    silences.check("acme", "FR", "now")


def test_a_refusal_holds_for_good_but_only_for_its_question(silences, clock):
    silences.heard("acme", "FR", "ahead", SignalRefusedError("not in your plan"))
    clock.sleep(1e6)

    with pytest.raises(SignalRefusedError, match="not in your plan"):
        silences.check("acme", "FR", "ahead")
    silences.check("acme", "FR", "now")
    silences.check("acme", "DE", "ahead")
    silences.check("other", "FR", "ahead")


def test_a_busy_source_is_left_alone_for_as_long_as_it_said(silences, clock):
    silences.heard("acme", "FR", "now", SignalBusyError("slow down", retry_after_s=300))

    clock.sleep(299)
    with pytest.raises(SignalBusyError) as caught:
        silences.check("acme", "DE", "ahead")
    assert caught.value.retry_after_s == pytest.approx(1)
    clock.sleep(2)
    silences.check("acme", "FR", "now")


def test_a_failure_of_another_kind_silences_nobody(silences):
    silences.heard("acme", "FR", "now", SignalError("no data"))

    silences.check("acme", "FR", "now")


@pytest.mark.parametrize(
    ("wanted_s", "pause_s"),
    [(None, PAUSE_S), (5.0, 5.0), (-3.0, 0.0), (1e9, PAUSE_AT_MOST_S)],
)
def test_the_pause_has_bounds(wanted_s, pause_s):
    assert pause_of(SignalBusyError("", retry_after_s=wanted_s)) == pause_s
