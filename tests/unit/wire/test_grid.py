import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from greenops import plugins
from greenops.config import Config
from greenops.errors import SignalError, SignalRefusedError, UnknownZoneError
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import IntensityKind, Provenance
from greenops.tracking.identity import boot_id, host_name
from greenops.wire.grid import Grid
from greenops.wire.tend import tend
from tests.unit.ledger.records import CPU, a_run, a_sample
from tests.unit.signals.fakes import ScriptedSignal, at, point

DAY = [point(h, source="acme") for h in range(24)]
MARGINAL = [replace(p, kind=IntensityKind.MARGINAL) for p in DAY]
slept = threading.Event()


class _Plugin(ScriptedSignal):
    called = ""
    says: Any = ()
    kind = IntensityKind.AVERAGE

    @classmethod
    def from_settings(cls, settings):
        return cls(cls.called, settings.get("answer", cls.says), kind=cls.kind)


class Acme(_Plugin):
    called, says = "acme", DAY


class Slow(_Plugin):
    called = "slow"

    @staticmethod
    def says(_zone, _start, _stop):
        slept.wait(10.0)
        return DAY


class SlowMarginal(Slow):
    called, kind = "slow_marginal", IntensityKind.MARGINAL


class Marginal(_Plugin):
    called = "marginal"
    says: Any = MARGINAL
    kind = IntensityKind.MARGINAL


class Refused(Marginal):
    called = "refused"
    says = SignalRefusedError("no credential; set ACME_TOKEN")


@pytest.fixture(autouse=True)
def installed(monkeypatch, tmp_path):
    """Let entry points of the group `greenops.signals` name classes of this module."""
    from importlib import metadata

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = metadata.EntryPoints(
        EntryPoint(cls.called, f"{__name__}:{cls.__name__}", plugins.SIGNALS)
        for cls in (Acme, Slow, SlowMarginal, Marginal, Refused)
    )
    monkeypatch.setattr(
        metadata, "entry_points", lambda group: found.select(group=group)
    )
    slept.clear()
    yield
    slept.set()


@pytest.mark.parametrize("zone", ["DE", None])
def test_by_default_nothing_leaves_the_machine(monkeypatch, zone):
    monkeypatch.setattr(socket, "socket", None)

    answer = Grid(Config()).ask(zone, at(0), at(2))

    assert answer.points
    assert answer.marginal == ()


def test_without_a_zone_it_is_the_worlds_average_as_the_chain_has_it():
    order = (*Config().signals_order, "annual", "hourly_model")

    asked = [
        Grid(c).ask(None, at(0), at(2)) for c in (Config(), Config(signals_order=order))
    ]

    assert [p.zone for p in asked[0].points] == ["world"]
    assert list(asked[0].points) == list(asked[1].points)


def test_the_end_of_a_job_without_a_zone_loads_no_more_than_it_needs():
    code = (
        "import sys, datetime as d; from greenops.config import Config; "
        "import greenops.wire.account; from greenops.wire.grid import Grid; "
        "at = d.datetime(2026, 3, 1, tzinfo=d.UTC); "
        "Grid(Config()).ask(None, at, at + d.timedelta(hours=1)); "
        "print({'greenops.signals.hourly_model', 'greenops.signals.chain', 'zoneinfo',"
        " 'http.client', 'httpx', 'sqlalchemy'} & set(sys.modules))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "set()"


def test_an_unknown_zone_is_an_error():
    with pytest.raises(UnknownZoneError, match="Atlantis"):
        Grid(Config()).ask("Atlantis", at(0), at(1))


def test_a_signal_that_does_not_answer_delays_nobody_for_longer_than_it_may():
    config = Config(signals_order=("slow", "annual"), signals_wait_s=0.2)
    begun_s = time.monotonic()

    answer = Grid(config).ask("FR", at(0), at(2))

    assert time.monotonic() - begun_s < 1.0
    assert {p.provenance for p in answer.points} == {Provenance.ANNUAL}


def test_both_kinds_together_wait_no_longer_than_one():
    config = Config(
        signals_order=("slow", "annual"),
        signals_marginal_order=("slow_marginal",),
        signals_wait_s=0.8,
    )
    begun_s = time.monotonic()

    answer = Grid(config).ask("FR", at(0), at(2))

    assert time.monotonic() - begun_s < 1.4
    assert answer.marginal == ()


def test_a_question_may_be_given_more_time_than_configured():
    config = Config(signals_order=("slow",), signals_wait_s=0.1)
    threading.Timer(0.3, slept.set).start()

    assert Grid(config, wait_s=5.0).ask("FR", at(0), at(2)).points == DAY[:2]


def test_where_none_of_the_order_answers_nothing_is_made_up():
    with pytest.raises(SignalError, match="no average carbon intensity of DE"):
        Grid(Config(signals_order=("slow",), signals_wait_s=0.1)).ask(
            "DE", at(0), at(1)
        )


def test_offline_means_offline_whatever_is_configured(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    config = Config(signals_order=("acme",), signals_marginal_order=("marginal",))

    answer = Grid(config, offline=True).ask("FR", at(0), at(2))

    assert {p.source for p in answer.points} != {"acme"}
    assert answer.marginal == ()


def test_a_marginal_signal_answers_beside_the_average_one():
    config = Config(signals_order=("acme",), signals_marginal_order=("marginal",))

    answer = Grid(config).ask("FR", at(0), at(2))

    assert list(answer.points) == DAY[:2]
    assert list(answer.marginal) == MARGINAL[:2]


def test_who_answered_is_named_and_not_the_order():
    config = Config(signals_order=("slow", "acme"), signals_wait_s=0.2)
    config = replace(config, signals_marginal_order=("refused", "marginal"))

    answer = Grid(config).ask("FR", at(0), at(2))

    assert answer.signal == "acme"
    assert answer.marginal_signal == "marginal"


def test_of_two_who_filled_each_others_gaps_both_are_named():
    config = Config(
        signals_order=("acme", "hourly_model"),
        signal_tables={"acme": {"answer": DAY[:2]}},
    )

    assert Grid(config).ask("FR", at(0), at(9)).signal == "acme and hourly_model"


def test_a_marginal_signal_that_refuses_costs_its_own_figure_only():
    config = Config(signals_order=("acme",), signals_marginal_order=("refused",))

    answer = Grid(config).ask("FR", at(0), at(2))

    assert list(answer.points) == DAY[:2]
    assert answer.marginal == ()


def test_closing_a_lost_run_waits_for_no_network(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path)
    gone = a_run(zone="DE", host=host_name(), boot_id=boot_id(), recorder_pid=2**22 + 1)
    recorder.begin(gone)
    recorder.add_devices(gone.run_id, [CPU])
    recorder.add(gone.run_id, [a_sample(0)], None)
    assert recorder.flush(10.0)
    recorder.close()
    begun_s = time.monotonic()

    closed = tend(Config(ledger_path=path, signals_order=("slow",), signals_wait_s=8.0))

    assert closed == 1
    assert time.monotonic() - begun_s < 4.0
    footprint = Ledger(path).get("last").footprint
    assert footprint is not None
    assert footprint.provenances == (Provenance.MODELLED,)
