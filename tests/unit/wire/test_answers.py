from pathlib import Path

import pytest

from greenops.config import Config
from greenops.errors import SignalRefusedError
from greenops.wire.answers import cache_folder, credential_mark, folder_of
from greenops.wire.signals import open_signal
from tests.unit.signals.fakes import ScriptedSignal, at


def test_the_cache_lies_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "greenops" / "signals"

    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "greenops" / "signals"


def test_other_settings_have_another_folder():
    folders = {
        folder_of(Path("/c"), "acme", settings)
        for settings in ({}, {"mix": "ipcc"}, {"mix": "unece"})
    }

    assert len(folders) == 3
    assert all(f.parent == Path("/c") and f.name.startswith("acme-") for f in folders)


def test_the_order_of_settings_does_not_matter():
    one = folder_of(None, "acme", {"a": 1, "b": 2})

    assert one == folder_of(None, "acme", {"b": 2, "a": 1})


def test_a_credential_that_is_set_or_edited_makes_another_mark(monkeypatch, tmp_path):
    key = tmp_path / "key"
    settings = {"key_file": str(key)}
    marks = [credential_mark("electricity_maps", settings)]
    monkeypatch.setenv("ELECTRICITYMAPS_TOKEN", "s3cr3t")
    marks.append(credential_mark("electricity_maps", settings))
    key.write_text("one")
    marks.append(credential_mark("electricity_maps", settings))
    key.write_text("three")
    marks.append(credential_mark("electricity_maps", settings))

    assert len(set(marks)) == 4


def test_other_variables_and_values_are_no_part_of_the_mark(monkeypatch):
    monkeypatch.setenv("ACME_TOKEN", "one")
    before = credential_mark("acme", {})
    monkeypatch.setenv("ACME_TOKEN", "two")
    monkeypatch.setenv("OTHER_TOKEN", "x")

    assert credential_mark("acme", {}) == before


class Networked(ScriptedSignal):
    """A plugin that needs a network, and a key it never gets."""

    asked_in_all = 0

    @classmethod
    def from_settings(cls, settings):
        assert dict(settings) == {"mix": "ipcc"}
        return cls("acme", cls._refuse)

    @classmethod
    def _refuse(cls, *_):
        cls.asked_in_all += 1
        return SignalRefusedError("no credential: set ACME_TOKEN")


@pytest.fixture
def networked(monkeypatch):
    from importlib import metadata

    points = metadata.EntryPoints(
        [metadata.EntryPoint("acme", f"{__name__}:Networked", "greenops.signals")]
    )
    monkeypatch.setattr(
        metadata, "entry_points", lambda group: points.select(group=group)
    )
    Networked.asked_in_all = 0
    return Networked


def test_a_refusal_of_a_networked_signal_is_remembered_and_holds_no_secret(
    networked, tmp_path, monkeypatch
):
    monkeypatch.setenv("ACME_TOKEN", "s3cr3t")
    config = Config(
        signals_order=("acme", "annual"),
        signals_cache_path=tmp_path / "kept",
        signal_tables={"acme": {"mix": "ipcc"}},
    )
    for _ in range(3):  # as three processes would
        open_signal(config).intensity("FR", at(0), at(1))

    assert networked.asked_in_all == 1
    written = [p.read_text() for p in tmp_path.rglob("*.json")]
    assert written
    assert not any("s3cr3t" in text for text in written)

    monkeypatch.setenv("ACME_TOKEN_2", "another")
    open_signal(config).intensity("FR", at(0), at(1))
    assert networked.asked_in_all == 2


def test_this_machines_own_signals_keep_nothing(tmp_path):
    config = Config(signals_cache_path=tmp_path / "kept")

    open_signal(config).intensity("FR", at(0), at(1))

    assert not (tmp_path / "kept").exists()
