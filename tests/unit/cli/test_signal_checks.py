import pytest

from greenops.cli.checks import State
from greenops.cli.signal_checks import check_signals, check_unused, signals_unopened
from greenops.errors import ConfigError
from greenops.signals.sources import SourceState, SourceStatus
from tests.unit.signals.fakes import at

OFFLINE = SourceStatus(name="annual", state=SourceState.WORKS, offline=True)


def checked(*statuses, key="signals.order"):
    return list(check_signals(key, ("neso", "csv", "annual"), statuses, at(10)))


def test_a_signal_that_answers_has_its_place_and_its_age():
    works = SourceStatus(name="neso", state=SourceState.WORKS, issued_at=at(9))

    first, second = checked(works, OFFLINE)

    assert (first.state, second.state) == (State.GOOD, State.GOOD)
    assert first.detail.startswith("answers; no. 1 in signals.order, newest figure")
    assert first.detail.endswith("1 h 00 min ago")
    assert "ago" not in second.detail


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        (SourceState.REFUSED, "set its credential"),
        (SourceState.UNUSABLE, "mend [signals.neso]"),
        (SourceState.BUSY, ""),
        (SourceState.FAILED, ""),
    ],
)
def test_one_that_does_not_says_why_and_what_to_do(state, remedy):
    silent = SourceStatus(name="neso", state=state, detail="because")

    finding = checked(silent, OFFLINE)[0]

    assert finding.state is State.ABSENT
    assert "because" in finding.detail
    assert finding.remedy.startswith(remedy)


def test_an_average_order_wants_a_signal_that_cannot_fail():
    works = SourceStatus(name="neso", state=SourceState.WORKS)

    assert checked(works)[-1].remedy == 'end signals.order with "hourly_model"'
    assert len(checked(works, OFFLINE)) == 2
    files = SourceStatus(name="csv", state=SourceState.WORKS, offline=True)
    assert checked(works, files)[-1].remedy == 'end signals.order with "hourly_model"'
    assert len(checked(works, key="signals.marginal_order")) == 1


def test_what_is_installed_and_not_asked_is_named():
    (finding,) = check_unused({"neso", "eia"})

    assert finding.detail == "eia, neso: installed, in no order"
    assert list(check_unused(set())) == []


def test_an_order_that_cannot_be_opened_is_broken():
    finding = signals_unopened("signals.order", ConfigError("never mixed"))

    assert finding.state is State.BROKEN
    assert "never mixed" in finding.detail
