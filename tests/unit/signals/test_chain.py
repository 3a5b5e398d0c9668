import logging
import threading
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import (
    ConfigError,
    SignalBusyError,
    SignalError,
    SignalRefusedError,
    UnknownZoneError,
)
from greenops.model import Basis, IntensityKind, Provenance
from greenops.signals.chain import ChainSignal
from greenops.signals.sources import SourceState
from greenops.signals.spread import BRIDGE_AT_MOST, gaps_in
from greenops.testing import FixedClock
from tests.unit.signals.fakes import MIDNIGHT, ScriptedSignal, at, hourly, point


def failing(name, error, **options):
    return ScriptedSignal(name, error, **options)


def chain(*members, **options):
    options.setdefault("now", lambda: at(4))
    return ChainSignal(members, **options)


def ask(signal, start=0, stop=4, zone="FR"):
    return list(signal.intensity(zone, at(start), at(stop)))


def states(signal):
    return {s.name: s.state for s in signal.status()}


def test_the_first_that_answers_counts_and_the_rest_is_not_asked():
    first, second = hourly("first", range(4)), hourly("second", range(4))

    points = ask(chain(first, second))

    assert {p.source for p in points} == {"first"}
    assert second.asked == []


@pytest.mark.parametrize(
    "error",
    [
        SignalError("truncated"),
        SignalBusyError("too many", retry_after_s=5),
        SignalRefusedError("no key"),
        UnknownZoneError("not my zone"),
        KeyError("data"),
        ZeroDivisionError(),
    ],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.parametrize("offline", [True, False], ids=["offline", "networked"])
def test_whatever_the_first_raises_the_next_is_asked(error, offline):
    signal = chain(failing("first", error, offline=offline), hourly("second", range(4)))

    assert {p.source for p in ask(signal)} == {"second"}


def test_an_empty_answer_is_none():
    signal = chain(ScriptedSignal("first", []), hourly("second", range(4)))

    assert {p.source for p in ask(signal)} == {"second"}
    assert states(signal)["first"] is SourceState.FAILED


def test_an_answer_of_the_other_kind_is_refused():
    liar = ScriptedSignal("liar", [point(0, hours=4, kind=IntensityKind.MARGINAL)])
    signal = chain(liar, hourly("second", range(4)))

    assert {p.source for p in ask(signal)} == {"second"}
    assert "liar" in next(s.detail for s in signal.status() if s.name == "liar")


def test_an_order_of_two_kinds_is_a_mistake_of_the_configuration():
    marginal = hourly("moer", range(4), kind=IntensityKind.MARGINAL)

    with pytest.raises(ConfigError, match=r"moer is marginal.*never mixed"):
        chain(hourly("first", range(4)), marginal)
    with pytest.raises(ConfigError, match="first is average"):
        chain(marginal, hourly("first", range(4)), kind=IntensityKind.MARGINAL)


def test_a_marginal_chain_states_its_kind():
    marginal = hourly("moer", range(4), kind=IntensityKind.MARGINAL)

    signal = chain(marginal, kind=IntensityKind.MARGINAL)

    assert signal.traits.kind is IntensityKind.MARGINAL
    assert {p.kind for p in ask(signal)} == {IntensityKind.MARGINAL}


def test_a_short_gap_is_bridged_without_asking_the_next():
    second = hourly("second", range(4))

    points = ask(chain(hourly("first", [0, 2, 3]), second))

    assert [p.provenance for p in points] == [
        Provenance.MEASURED,
        Provenance.BRIDGED,
        Provenance.MEASURED,
        Provenance.MEASURED,
    ]
    assert second.asked == []


def test_a_long_gap_is_filled_from_the_next_of_the_same_basis():
    first = hourly("first", [0, 1, 7])
    second = ScriptedSignal("second", [point(0, hours=10, g=300.0, source="second")])

    points = ask(chain(first, second), 0, 8)

    assert [(p.source, p.start, p.stop) for p in points] == [
        ("first", at(0), at(1)),
        ("first", at(1), at(2)),
        ("second", at(2), at(7)),
        ("first", at(7), at(8)),
    ]


def test_a_long_gap_is_not_filled_from_another_basis_the_next_answers_for_all():
    first = hourly("first", [0, 1, 7])
    second = hourly("second", range(8), basis=Basis.DIRECT)

    points = ask(chain(first, second), 0, 8)

    assert {p.source for p in points} == {"second"}
    assert {p.basis for p in points} == {Basis.DIRECT}


def test_the_third_may_fill_what_the_second_could_not():
    first = hourly("first", [0])
    second = hourly("second", [0, 6, 7], basis=Basis.DIRECT)
    third = hourly("third", range(8))

    points = ask(chain(first, second, third), 0, 8)

    assert [p.source for p in points] == ["first", *["third"] * 7]
    assert all(a.stop == b.start for a, b in pairwise(points))


def test_a_gap_that_nobody_fills_stays_one():
    points = ask(chain(hourly("first", [0, 1, 7]), hourly("second", [0])), 0, 8)

    assert [p.start for p in points] == [at(0), at(1), at(7)]


def test_a_gap_that_is_filled_was_asked_of_everybody_only_once():
    second = hourly("second", range(8))

    ask(chain(hourly("first", [0, 7]), second), 0, 8)

    assert len(second.asked) == 1


def test_a_refusal_is_not_asked_for_again():
    refusing = failing("first", SignalRefusedError("no key"))
    signal = chain(refusing, hourly("second", range(4)))

    for _ in range(3):
        ask(signal)

    assert len(refusing.asked) == 1
    assert states(signal) == {
        "first": SourceState.REFUSED,
        "second": SourceState.WORKS,
    }


def test_a_busy_source_is_asked_again_when_its_time_has_come():
    clock = FixedClock(MIDNIGHT)
    busy = failing("first", SignalBusyError("later", retry_after_s=600))
    signal = chain(busy, hourly("second", range(4)), clock=clock.monotonic)

    ask(signal)
    clock.sleep(599)
    ask(signal)
    assert len(busy.asked) == 1

    clock.sleep(2)
    busy.answer = [point(h) for h in range(4)]
    assert {p.source for p in ask(signal)} == {"acme"}
    assert states(signal)["first"] is SourceState.WORKS


def test_a_zone_nobody_serves_is_an_unknown_zone():
    signal = chain(
        failing("first", UnknownZoneError("first has no Atlantis")),
        failing("second", UnknownZoneError("did you mean Atlanta?")),
    )

    with pytest.raises(UnknownZoneError, match="Atlanta"):
        ask(signal, zone="Atlantis")


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ([SignalRefusedError("no key"), UnknownZoneError("?")], SignalRefusedError),
        ([SignalRefusedError("no key"), SignalBusyError("later")], SignalBusyError),
        ([SignalRefusedError("no key"), SignalError("broken")], SignalError),
    ],
    ids=["refused", "busy", "failed"],
)
def test_when_none_answers_the_caller_learns_whether_to_ask_again(errors, raised):
    signal = chain(*[failing(f"s{i}", e) for i, e in enumerate(errors)])

    with pytest.raises(SignalError) as caught:
        ask(signal)

    assert type(caught.value) is raised
    assert "no key" in str(caught.value)
    assert str(errors[1]) in str(caught.value)


def test_the_soonest_of_several_waits_is_stated():
    signal = chain(
        failing("a", SignalBusyError("x", retry_after_s=90)),
        failing("b", SignalBusyError("y", retry_after_s=30)),
    )

    with pytest.raises(SignalBusyError) as caught:
        ask(signal)

    assert caught.value.retry_after_s == 30


def test_a_chain_without_signals_refuses_and_says_what_became_of_them():
    signal = chain(unusable={"acme": "no such signal; did you mean acne?"})

    with pytest.raises(SignalRefusedError, match="did you mean acne"):
        ask(signal)
    assert states(signal) == {"acme": SourceState.UNUSABLE}


def test_a_slow_source_does_not_hold_up_the_answer():
    released = threading.Event()

    def slow(*_):
        released.wait(30)
        return []

    signal = chain(
        ScriptedSignal("a", slow),
        ScriptedSignal("b", slow),
        hourly("second", range(4), offline=True),
        wait_s=0.3,
    )
    begun = time.monotonic()

    points = ask(signal)

    assert time.monotonic() - begun < 2.0
    assert {p.source for p in points} == {"second"}
    assert states(signal)["a"] is SourceState.BUSY
    released.set()


def test_a_file_that_takes_for_ever_to_read_holds_up_nobody_for_ever():
    released = threading.Event()
    huge = ScriptedSignal("csv", lambda *_: released.wait(30) and [], offline=True)
    signal = chain(
        huge, hourly("second", range(4), offline=True), wait_s=0.1, own_wait_s=0.3
    )
    begun = time.monotonic()

    points = ask(signal)

    assert time.monotonic() - begun < 2.0
    assert {p.source for p in points} == {"second"}
    released.set()


def test_own_signals_have_their_time_after_slow_sources_too():
    released = threading.Event()

    def own(*_):
        time.sleep(0.3)
        return [point(0, hours=4, source="own")]

    slow = ScriptedSignal("a", lambda *_: released.wait(30) and [])
    signal = chain(slow, ScriptedSignal("csv", own, offline=True), wait_s=0.1)

    assert {p.source for p in ask(signal)} == {"own"}
    released.set()


def test_a_source_that_got_no_time_is_asked_again_at_once():
    released = threading.Event()

    def late(*_):
        time.sleep(0.3)
        return [point(0, hours=4)]

    slow = ScriptedSignal("a", lambda *_: released.wait(30) and [])
    tardy = ScriptedSignal("b", late)
    signal = chain(slow, tardy, hourly("c", range(4), offline=True), wait_s=0.2)
    ask(signal)
    assert "no time left" in next(s.detail for s in signal.status() if s.name == "b")
    time.sleep(0.4)  # its first answer has come by now, too late

    ask(signal)

    assert len(slow.asked) == 1
    assert len(tardy.asked) == 2
    released.set()


class Keeping(ScriptedSignal):
    """A source that has an older answer at hand."""

    def fresh(self, zone, start, stop):
        return self.intensity(zone, start, stop)

    def __init__(self, name, answer, *, has=True):
        super().__init__(name, answer)
        self.has = has
        self.told = []

    def late(self, *question):
        self.told.append(question)

    def kept(self, zone, start, stop):
        whole = point(0, hours=4, zone=zone, source="kept")
        touches = whole.start < stop and start < whole.stop
        return [whole] if self.has and touches else []


def test_what_a_failing_source_has_kept_goes_before_the_next_source():
    keeping = Keeping("first", SignalBusyError("later"))
    signal = chain(keeping, hourly("second", range(4)))

    assert {p.source for p in ask(signal)} == {"kept"}


def test_only_a_source_that_had_its_time_is_told_that_it_was_late():
    released = threading.Event()
    slow = Keeping("a", lambda *_: released.wait(30) and [], has=False)
    robbed = Keeping("b", lambda *_: released.wait(30) and [], has=False)
    busy = Keeping("c", SignalBusyError("later"), has=False)
    members = (slow, robbed, busy)
    signal = chain(*members, wait_s=0.3)

    with pytest.raises(SignalBusyError):
        ask(signal)

    assert [len(m.told) for m in members] == [1, 0, 0]
    released.set()


def test_a_change_of_source_is_logged_once(caplog):
    caplog.set_level(logging.INFO, "greenops")
    flaky = failing("first", SignalError("truncated JSON"))
    signal = chain(flaky, hourly("second", range(4)))

    for _ in range(3):
        ask(signal)
    assert len(caplog.records) == 1
    assert "from second now; truncated JSON" in caplog.text

    flaky.answer = [point(h) for h in range(4)]
    for _ in range(3):
        ask(signal)
    assert len(caplog.records) == 2
    assert "from first now" in caplog.text


def test_as_long_as_the_first_answers_nothing_is_logged(caplog):
    caplog.set_level(logging.INFO, "greenops")

    ask(chain(hourly("first", range(4))))

    assert caplog.records == []


def test_the_status_has_the_age_and_the_attribution_of_the_last_answer():
    signal = chain(hourly("first", range(4), issued_at=at(3)), hourly("second", [0]))

    before = {s.name: s.state for s in signal.status()}
    ask(signal)
    first, second = signal.status()

    assert set(before.values()) == {SourceState.UNASKED}
    assert (first.state, first.issued_at) == (SourceState.WORKS, at(3))
    assert first.attribution == "figures of first"
    assert second.state is SourceState.UNASKED


@pytest.mark.parametrize(
    ("start", "stop"),
    [(at(1), at(1)), (at(2), at(1)), (at(0).replace(tzinfo=None), at(1))],
    ids=["empty", "backwards", "naive"],
)
def test_a_span_that_is_none_is_refused_before_anyone_is_asked(start, stop):
    member = hourly("first", range(4))

    with pytest.raises(ValueError, match="not a span"):
        chain(member).intensity("FR", start, stop)
    assert member.asked == []


def test_a_check_asks_every_signal_even_after_one_has_answered():
    works = hourly("first", range(4))
    refuses = failing("second", SignalRefusedError("no key"))
    elsewhere = failing("third", UnknownZoneError("not my zone"))
    signal = chain(works, refuses, elsewhere)

    statuses = signal.check("FR", at(0), at(1))

    assert {s.name: s.state for s in statuses} == {
        "first": SourceState.WORKS,
        "second": SourceState.REFUSED,
        "third": SourceState.FAILED,
    }
    assert statuses[2].detail == "not my zone"


@given(
    st.sets(st.integers(0, 11)),
    st.sets(st.integers(0, 11)),
    st.sets(st.integers(0, 11)),
)
def test_an_hour_is_covered_exactly_where_it_can_be(first, second, third):
    members = [
        hourly(name, sorted(hours))
        for name, hours in (("a", first), ("b", second), ("c", third))
    ]
    signal = chain(*members)
    if not first | second | third:
        with pytest.raises(SignalError):
            ask(signal, 0, 12)
        return

    points = ask(signal, 0, 12)

    assert all(a.stop <= b.start for a, b in pairwise(points))
    measured = [p for p in points if p.provenance is Provenance.MEASURED]
    stated = {(p.start - at(0)) // (at(1) - at(0)) for p in measured}
    covered = {h for h in range(12) for p in points if p.start <= at(h) < p.stop}
    assert stated <= first | second | third
    assert first <= covered
    for gap_start, gap_stop in gaps_in(points, at(0), at(12)):
        assert gap_stop - gap_start > BRIDGE_AT_MOST
