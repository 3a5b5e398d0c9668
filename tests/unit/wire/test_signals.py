from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from greenops import plugins
from greenops.config import Config
from greenops.errors import ConfigError, SignalRefusedError, UnknownZoneError
from greenops.model import IntensityKind, Provenance
from greenops.signals.sources import SourceState
from greenops.wire.signals import open_signal
from tests.unit.signals.fakes import ScriptedSignal, at, hourly


class Acme(ScriptedSignal):
    """A plugin's signal; the class knows what the last one was made from."""

    made_from = None

    def __init__(self, settings):
        super().__init__("acme", hourly("acme", range(24)).answer, offline=True)
        Acme.made_from = settings

    @classmethod
    def from_settings(cls, settings):
        return cls(settings)


class Picky(Acme):
    @classmethod
    def from_settings(cls, settings):
        raise ConfigError(f"unknown key {next(iter(settings))!r}; did you mean 'mix'?")


class Broken(Acme):
    @classmethod
    def from_settings(cls, settings):
        return settings["never"]


class Renamed(Acme):
    def __init__(self, settings):
        super().__init__(settings)
        self.name = "other"


class Marginal(Acme):
    def __init__(self, settings):
        super().__init__(settings)
        self.traits = replace(self.traits, kind=IntensityKind.MARGINAL)


@pytest.fixture
def installed(monkeypatch):
    """Let entry points of the group `greenops.signals` name classes of this module."""
    from importlib import metadata

    def install(**classes):
        points = metadata.EntryPoints(
            EntryPoint(name, f"{__name__}:{cls}", plugins.SIGNALS)
            for name, cls in classes.items()
        )
        monkeypatch.setattr(
            metadata, "entry_points", lambda group: points.select(group=group)
        )

    return install


def configured(*order, **fields):
    return Config(signals_order=order, **fields)


def names(signal):
    return [s.name for s in signal.status()]


def why(signal, name):
    return next(s.detail for s in signal.status() if s.name == name)


def test_by_default_this_machine_answers_alone_and_at_once(monkeypatch):
    import socket

    monkeypatch.setattr(socket, "socket", None)
    signal = open_signal(Config())

    points = signal.intensity("DE", at(0), at(24))

    assert signal.traits.offline
    assert {p.provenance for p in points} == {Provenance.MODELLED}
    assert names(signal) == ["hourly_model", "annual"]


def test_without_a_zone_it_is_the_world():
    (point,) = open_signal(Config()).intensity(None, at(0), at(1))

    assert point.zone == "world"


def test_an_unknown_zone_is_an_error_with_near_matches():
    with pytest.raises(UnknownZoneError, match="France"):
        open_signal(Config()).intensity("Frnce", at(0), at(1))


def test_the_order_is_the_configured_one():
    assert names(open_signal(configured("annual", "hourly_model", "annual"))) == [
        "annual",
        "hourly_model",
    ]


def test_a_plugin_gets_its_table_and_answers(installed):
    installed(acme="Acme")
    config = configured("acme", "annual", signal_tables={"acme": {"mix": "ipcc"}})

    signal = open_signal(config)

    assert {p.source for p in signal.intensity("FR", at(0), at(2))} == {"acme"}
    assert Acme.made_from == {"mix": "ipcc"}


def test_a_plugin_that_is_not_in_the_order_is_not_even_loaded(installed):
    installed(acme="no_such_class")

    assert names(open_signal(configured("annual"))) == ["annual"]


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        ("Picky", "'mix'"),
        ("Broken", "KeyError: 'never'"),
        ("Renamed", "calls itself 'other'"),
        ("no_such_class", "AttributeError"),
        ("configured", "has no from_settings"),
    ],
)
def test_a_plugin_that_cannot_be_made_is_reported_and_the_next_answers(
    installed, cls, said
):
    installed(acme=cls)
    config = configured(
        "acme",
        "annual",
        signal_tables={"acme": {"mixx": "ipcc"}},
        origins={"signals.acme.mixx": "/etc/greenops/config.toml:3"},
    )

    signal = open_signal(config)

    assert signal.intensity("FR", at(0), at(1))[0].provenance is Provenance.ANNUAL
    assert said in why(signal, "acme")
    assert signal.status()[-1].state is SourceState.UNUSABLE


def test_what_is_wrong_in_a_table_is_said_with_its_place(installed):
    installed(acme="Picky")
    config = configured(
        "acme",
        signal_tables={"acme": {"mixx": "ipcc"}},
        origins={"signals.acme.mixx": "/etc/greenops/config.toml:3"},
    )

    assert why(open_signal(config), "acme").startswith("/etc/greenops/config.toml:3, ")


def test_an_unknown_name_is_reported_with_near_matches(installed):
    installed(acme="Acme", neso="Acme")

    signal = open_signal(configured("nesoo", "annual"))

    assert why(signal, "nesoo") == "no such signal; did you mean neso?"


def test_when_nothing_of_the_order_can_be_used_questions_are_refused():
    signal = open_signal(configured("acmee"))

    with pytest.raises(SignalRefusedError, match="no such signal"):
        signal.intensity("FR", at(0), at(1))


def test_settings_of_a_signal_that_has_none_are_refused():
    signal = open_signal(configured("annual", signal_tables={"annual": {"year": 2020}}))

    assert "unknown key 'year'" in why(signal, "annual")


def test_without_a_marginal_order_there_is_no_marginal_signal():
    with pytest.raises(ConfigError, match=r"signals\.marginal_order"):
        open_signal(Config(), kind=IntensityKind.MARGINAL)


def test_an_order_that_holds_two_kinds_is_refused(installed):
    installed(moer="Marginal", acme="Marginal")

    with pytest.raises(ConfigError, match="never mixed"):
        open_signal(configured("annual", "acme"))


def test_marginal_signals_have_an_order_of_their_own(installed):
    installed(acme="Marginal")

    signal = open_signal(
        Config(signals_marginal_order=("acme",)), kind=IntensityKind.MARGINAL
    )

    assert signal.traits.kind is IntensityKind.MARGINAL


PLUGINS = {
    IntensityKind.AVERAGE: ("electricitymaps", "neso", "eia", "entsoe"),
    IntensityKind.MARGINAL: ("watttime",),
}


@pytest.mark.parametrize("kind", list(IntensityKind))
def test_every_plugin_that_ships_can_be_made_without_network_or_credential(
    kind, monkeypatch
):
    import socket

    monkeypatch.setattr(socket, "socket", None)
    config = Config(
        signals_order=PLUGINS[IntensityKind.AVERAGE],
        signals_marginal_order=PLUGINS[IntensityKind.MARGINAL],
    )

    signal = open_signal(config, kind=kind)

    assert [(s.name, s.state, s.detail) for s in signal.status()] == [
        (name, SourceState.UNASKED, "") for name in PLUGINS[kind]
    ]
    assert not signal.traits.offline


class Far(Acme):
    """A signal that has to be asked over the network, and must not be."""

    def __init__(self, settings):
        super().__init__(settings)
        self.traits = replace(self.traits, offline=False)

    def intensity(self, zone, start, stop):
        raise AssertionError(f"asked for {zone} from {start} to {stop}")


def test_where_nobody_is_to_be_asked_nobody_is(installed, tmp_path):
    installed(acme="Far")
    config = configured("acme", "annual", signals_cache_path=tmp_path)
    signal = open_signal(config, asks=False)

    (point,) = signal.intensity("DE", at(0), at(1))

    assert signal.answered_by("DE") == "annual"
    assert point.intensity_g_per_kwh > 0.0
    assert "no answer of acme about DE is at hand" in why(signal, "acme")
