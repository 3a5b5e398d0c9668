from datetime import timedelta

import pytest

from greenops.errors import (
    SignalBusyError,
    SignalError,
    SignalRefusedError,
    UnknownZoneError,
)
from greenops.model import Provenance
from greenops.signals.answer_store import AnswerStore
from greenops.signals.cache import CachedSignal
from tests.unit.signals.fakes import HOUR, ScriptedSignal, at, hourly, point


class Cached:
    """A cached signal, its source and its clock."""

    def __init__(self, folder, source, hour=100.0):
        self.source = source
        self.hour = hour
        self.folder = folder
        self.signal = self.again()

    def again(self):
        """Return what another process would have."""
        return CachedSignal(
            self.source,
            AnswerStore(self.folder, time_s=lambda: at(self.hour).timestamp()),
            now=lambda: at(self.hour),
        )

    def ask(self, start, stop, zone="FR"):
        return list(self.signal.intensity(zone, at(start), at(stop)))

    @property
    def asked(self):
        return [
            ((start - at(0)) / HOUR, (stop - at(0)) / HOUR)
            for _, start, stop in self.source.asked
        ]


@pytest.fixture
def cached(tmp_path):
    return lambda source, **options: Cached(tmp_path / "kept", source, **options)


def test_a_fresh_answer_is_asked_for_once_by_all_processes(cached):
    c = cached(hourly("acme", range(90, 110)))

    first = c.ask(98, 99.5)
    c.signal = c.again()
    second = c.ask(98.2, 99.9)

    assert first == second == [point(98), point(99)]
    assert c.asked == [(98, 99.5)]


def test_spellings_of_one_zone_share_an_answer(cached):
    c = cached(hourly("acme", range(90, 110)))

    c.ask(98, 99, zone="fra")
    c.ask(98, 99, zone="FR")

    assert len(c.asked) == 1


def test_only_what_is_missing_is_asked_for(cached):
    c = cached(hourly("acme", range(80, 120)))
    c.ask(96, 98)

    points = c.ask(94, 98)

    assert [p.start for p in points] == [at(h) for h in range(94, 98)]
    assert c.asked == [(96, 98), (94, 96)]


def test_what_has_grown_old_is_asked_for_again(cached):
    c = cached(hourly("acme", range(90, 110)))
    c.ask(99, 100)
    c.source.answer = [point(99, g=120.0)]
    c.hour = 101.1

    (revised,) = c.ask(99, 100)

    assert revised.intensity_g_per_kwh == 120.0


FAILURES = [
    SignalError("HTML"),
    SignalBusyError("429", retry_after_s=9),
    SignalRefusedError("expired"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_while_the_source_fails_older_answers_are_served_as_older(cached, error):
    c = cached(hourly("acme", range(90, 100)))
    (fresh,) = c.ask(99, 100)
    c.source.answer = error
    c.hour = 103

    (old,) = c.ask(102, 103)

    assert old.provenance is Provenance.BRIDGED
    assert old.intensity_g_per_kwh == fresh.intensity_g_per_kwh
    assert old.high_g_per_kwh > fresh.high_g_per_kwh
    assert "kept, 3 h old" in old.source


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_what_is_kept_does_not_hide_the_failure_from_who_wants_fresh_points(
    cached, error
):
    c = cached(hourly("acme", range(90, 100)))
    c.ask(99, 100)
    c.source.answer = error
    c.hour = 103

    with pytest.raises(type(error)):
        c.signal.fresh("FR", at(102), at(103))
    assert c.signal.kept("FR", at(102), at(103))


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_with_nothing_kept_the_failure_is_raised(cached, error):
    c = cached(ScriptedSignal("acme", error))

    with pytest.raises(type(error), match=str(error)):
        c.ask(99, 100)


def test_an_unknown_zone_is_never_answered_from_what_is_kept(cached):
    c = cached(ScriptedSignal("acme", UnknownZoneError("no such zone")))

    with pytest.raises(UnknownZoneError):
        c.ask(99, 100)


def test_a_refusal_is_not_asked_again_by_another_process(cached):
    c = cached(ScriptedSignal("acme", SignalRefusedError("no key")))
    for _ in range(3):
        c.signal = c.again()
        with pytest.raises(SignalRefusedError, match="no key"):
            c.ask(99, 100)

    assert len(c.asked) == 1


def test_a_source_that_lags_is_asked_for_the_hours_before(cached):
    def lagging(_zone, start, stop):
        found = [point(h) for h in range(90, 98) if at(h) < stop and start < at(h + 1)]
        return found or SignalError("nothing yet")

    c = cached(ScriptedSignal("acme", lagging), hour=100.5)

    (carried,) = c.ask(100.2, 100.5)

    assert c.asked == [(100.2, 100.5), (94.2, 100.2)]
    assert carried.provenance is Provenance.BRIDGED
    assert (carried.start, carried.stop) == (at(100.2), at(100.5))


def test_a_question_about_long_ago_is_asked_once(cached):
    c = cached(ScriptedSignal("acme", SignalError("nothing")), hour=1000)

    with pytest.raises(SignalError):
        c.ask(99, 100)

    assert len(c.asked) == 1


def test_a_span_without_a_point_is_an_error_and_not_asked_again_at_once(cached):
    c = cached(ScriptedSignal("acme", [point(90), point(98)]))
    c.ask(90, 99)
    with pytest.raises(SignalError, match="has nothing"):
        c.ask(95, 96)

    assert len(c.asked) == 1


def test_forecasts_are_kept_and_serve_when_their_hour_has_come(cached):
    ahead = [point(h, provenance=Provenance.FORECAST) for h in range(100, 124)]
    c = cached(ScriptedSignal("acme", ahead))
    c.ask(100, 124)
    c.source.answer = SignalBusyError("down")
    c.hour = 110

    (old,) = c.ask(110, 111)

    assert old.provenance is Provenance.FORECAST
    assert "10 h old" in old.source
    assert old.high_g_per_kwh > point(110).high_g_per_kwh


def test_it_states_what_its_source_states(cached):
    source = hourly("acme", [99])

    signal = cached(source).signal

    assert (signal.name, signal.traits) == ("acme", source.traits)


def test_where_nothing_can_be_kept_it_asks_every_time(tmp_path):
    (tmp_path / "kept").write_text("in the way")
    c = Cached(tmp_path / "kept", hourly("acme", range(90, 110)))

    assert c.ask(98, 99) == c.ask(98, 99) == [point(98)]
    assert len(c.asked) == 2


def test_a_span_that_is_none_is_refused(cached):
    c = cached(hourly("acme", [99]))

    with pytest.raises(ValueError, match="not a span"):
        c.signal.intensity("FR", at(1), at(1) - timedelta(hours=1))


def test_a_source_nobody_waits_for_any_longer_is_left_alone_by_all(cached):
    c = cached(hourly("acme", range(90, 110)))
    c.signal.late("FR", at(99), at(100))

    with pytest.raises(SignalBusyError, match="acme did not answer in time"):
        c.again().fresh("DE", at(99), at(100))
    assert c.asked == []


def test_an_answer_that_came_late_is_kept_and_ends_the_silence(cached):
    def given_up(zone, start, stop):
        c.signal.late(zone, start, stop)
        return [point(99)]

    c = cached(ScriptedSignal("acme", given_up))
    c.ask(99, 100)

    assert c.again().fresh("FR", at(99), at(100)) == [point(99)]
    assert c.again().fresh("DE", at(99), at(100))
    assert len(c.asked) == 2
