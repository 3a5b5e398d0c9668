"""Forecasts for those who cannot wait: nobody is asked, and what is old says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from greenops.config import Config
from greenops.errors import SignalError
from greenops.model import (
    Basis,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)
from greenops.signals.answer_store import AnswerStore
from greenops.signals.at_hand import AtHand
from greenops.signals.cache import CachedSignal
from greenops.wire.at_hand import forecasts_at_hand
from greenops.wire.outlook_file import FILE, keep_outlook
from tests.unit.agent.worlds import forecast

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def config(tmp_path):
    return Config(
        ledger_path=tmp_path / "ledger.db",
        state_path=tmp_path,
        signals_cache_path=tmp_path / "cache",
    )


def at(age):
    return forecast("DE", [100.0 + i for i in range(200)], issued_at=NOW - age)


def test_the_daemons_are_taken_while_they_are_new(tmp_path, config):
    new = at(timedelta(minutes=20))
    keep_outlook(tmp_path, {"DE": new})

    assert forecasts_at_hand(config, ["DE"], tmp_path, NOW, keep=True) == {"DE": new}


def test_without_a_daemon_hours_are_as_the_own_model_states_them(tmp_path, config):
    found = forecasts_at_hand(config, ["DE", "FR"], tmp_path, NOW, keep=False)

    assert {zone: f.zone for zone, f in found.items()} == {"DE": "DE", "FR": "FR"}
    assert all("as stated" in f.method for f in found.values())
    assert not (tmp_path / FILE).exists()


def test_what_was_made_is_left_for_the_next_one(tmp_path, config):
    made = forecasts_at_hand(config, ["DE"], tmp_path, NOW, keep=True)
    later = NOW + timedelta(minutes=5)

    assert forecasts_at_hand(config, ["DE"], tmp_path, later, keep=True) == made


def test_what_others_keep_is_not_lost_by_that(tmp_path, config):
    new = at(timedelta(minutes=20))
    keep_outlook(tmp_path, {"DE": new})

    found = forecasts_at_hand(config, ["DE", "FR"], tmp_path, NOW, keep=True)

    assert found["DE"] == new
    assert forecasts_at_hand(config, ["DE"], tmp_path, NOW, keep=True)["DE"] == new


def test_a_folder_that_cannot_be_written_costs_the_next_one_time_only(tmp_path, config):
    gone = tmp_path / "not" / "there"

    assert "DE" in forecasts_at_hand(config, ["DE"], gone, NOW, keep=True)


def test_an_old_one_is_better_than_none(tmp_path):
    csv = tmp_path / "hours.csv"
    csv.write_text("datetime_utc,zone,intensity_g_per_kwh\n2020-01-01T00:00:00Z,SE,1\n")
    alone = Config(
        ledger_path=tmp_path / "ledger.db",
        signals_order=("csv",),
        signal_tables={"csv": {"path": str(csv)}},
        signals_cache_path=tmp_path / "cache",
    )
    old = at(timedelta(days=2))
    keep_outlook(tmp_path, {"DE": old})

    found = forecasts_at_hand(alone, ["DE", "FR"], tmp_path, NOW, keep=True)

    assert found == {"DE": old}


def test_signals_that_do_not_exist_leave_nothing_at_hand(tmp_path):
    broken = Config(signals_order=("no_such_signal",), ledger_path=tmp_path / "l.db")

    assert forecasts_at_hand(broken, ["DE"], tmp_path, NOW, keep=True) == {}


class Provider:
    """A networked signal that answers once, and must not be asked again."""

    name = "provider"
    traits = SignalTraits(
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        resolution=HOUR,
        history=None,
        horizon=None,
        attribution="",
    )

    def __init__(self):
        self.asked = 0

    def intensity(self, zone, start, stop):
        self.asked += 1
        assert self.asked == 1, "somebody was asked"
        return [a_point(zone, start, stop)]


def a_point(zone, start, stop):
    return IntensityPoint(
        zone=zone,
        start=start,
        stop=stop,
        intensity_g_per_kwh=100.0,
        low_g_per_kwh=90.0,
        high_g_per_kwh=110.0,
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        provenance=Provenance.FORECAST,
        source="provider",
        issued_at=start,
    )


def test_of_a_provider_the_last_answers_are_read_and_nobody_is_asked(tmp_path):
    cached = CachedSignal(Provider(), AnswerStore(tmp_path), now=lambda: NOW)
    cached.intensity("DE", NOW, NOW + HOUR)

    at_hand = AtHand(cached)

    (point,) = at_hand.intensity("DE", NOW, NOW + HOUR)
    assert point.intensity_g_per_kwh == 100.0
    with pytest.raises(SignalError, match="no answer of provider about FR"):
        at_hand.intensity("FR", NOW, NOW + HOUR)
    assert at_hand.traits.offline


def test_of_a_file_that_ends_now_the_hours_ahead_are_learnt(tmp_path, config):
    csv = tmp_path / "hours.csv"
    first = NOW - timedelta(days=60)
    rows = [
        f"{first + i * HOUR:%Y-%m-%dT%H:%MZ},SE,{100 + 50 * ((i % 24) < 6)}"
        for i in range(60 * 24)
    ]
    csv.write_text("datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(rows) + "\n")
    alone = replace(
        config, signals_order=("csv",), signal_tables={"csv": {"path": str(csv)}}
    )

    found = forecasts_at_hand(alone, ["SE"], tmp_path, NOW, keep=False)

    assert len(found["SE"].hours) == 168
    assert "as stated" not in found["SE"].method
