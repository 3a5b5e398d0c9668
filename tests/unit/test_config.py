import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.cli.config import template
from greenops.config import (
    Config,
    config_files,
    load_config,
    load_config_leniently,
    settings_of,
)
from greenops.config_keys import KEYS
from greenops.errors import ConfigError

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


@pytest.fixture
def cwd(tmp_path):
    """A project folder below a home."""
    folder = tmp_path / "home" / "project" / "deep"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def environ(cwd):
    return {"HOME": str(cwd.parents[1])}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_any_source_everything_is_at_its_default(cwd, environ):
    assert load_config(environ=environ, cwd=cwd) == Config()


def test_higher_sources_win_and_are_named(cwd, environ):
    user = write(
        cwd.parents[1] / ".config/greenops/config.toml",
        'zone = "DE"\npue = 1.1\nteam = "red"\nproject = "p1"\n',
    )
    project = write(cwd.parent / "greenops.toml", 'pue = 1.2\nzone = "FR"\n')
    named = write(cwd / "named.toml", 'zone = "SE"\n')
    environ |= {"GREENOPS_CONFIG": "named.toml", "GREENOPS_PROJECT": "p2"}

    config = load_config(environ=environ, cwd=cwd).with_options({"team": "blue"})

    assert (config.zone, config.pue) == ("SE", 1.2)
    assert (config.project, config.team) == ("p2", "blue")
    assert config.origin("zone") == f"{named}:1"
    assert config.origin("pue") == f"{project}:1"
    assert config.origin("project") == "GREENOPS_PROJECT"
    assert config.origin("team") == "--team"
    assert config.origin("interval_s") == "default"
    assert config_files(environ=environ, cwd=cwd) == [user, project, named]


def test_tags_of_all_sources_add_up(cwd, environ):
    write(cwd / "greenops.toml", '[tags]\nstage = "pretrain"\nseed = 7\n')
    environ["GREENOPS_TAGS"] = "seed=8, node = a"

    tags = load_config(environ=environ, cwd=cwd).with_options({"tags": {"x": "y"}}).tags

    assert tags == {"stage": "pretrain", "seed": "8", "node": "a", "x": "y"}


def test_a_file_given_by_option_stands_for_the_named_one(cwd, environ):
    environ["GREENOPS_CONFIG"] = "not there"
    given_file = write(cwd / "given.toml", "pue = 1.3")

    assert load_config(environ=environ, cwd=cwd, file=given_file).pue == 1.3


@pytest.mark.parametrize("stop", ["home", "git"])
def test_the_search_for_a_project_file_stops(cwd, environ, stop):
    write(cwd.parents[2] / "greenops.toml", "pue = 1.9")
    if stop == "git":
        environ["HOME"] = "/nonexistent"
        (cwd.parents[1] / ".git").mkdir()

    assert load_config(environ=environ, cwd=cwd).pue is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users")
def test_a_file_that_anybody_may_have_planted_is_left_alone(cwd, environ, monkeypatch):
    write(cwd / "greenops.toml", "pue = 1.9")
    cwd.chmod(0o1777)
    assert load_config(environ=environ, cwd=cwd).pue == 1.9

    real_uid = os.getuid()
    os.chown(cwd / "greenops.toml", 4242, -1) if real_uid == 0 else monkeypatch.setattr(
        os, "getuid", lambda: real_uid + 1
    )

    assert load_config(environ=environ, cwd=cwd).pue is None


def test_paths_are_relative_to_the_file_that_names_them(cwd, environ):
    write(cwd.parent / "greenops.toml", '[ledger]\npath = "runs/ledger.db"')

    config = load_config(environ=environ, cwd=cwd)

    assert config.ledger_path == cwd.parent / "runs" / "ledger.db"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("pue = 0.9", ":1: pue = 0.9: must be a number of at", id="pue"),
        pytest.param("pue = nan", "pue = nan", id="nan"),
        pytest.param("pue = true", "pue = True", id="bool-is-no-number"),
        pytest.param("interval_s = -1", "from 0.05 to 3600", id="negative-interval"),
        pytest.param("interval_s = 1e9", "from 0.05 to 3600", id="long-interval"),
        pytest.param('zone = ""', "not empty", id="empty-zone"),
        pytest.param("zone = 3", "must be text", id="zone-is-text"),
        pytest.param("quiet = 1", "true or false", id="switch"),
        pytest.param("tags = 3", "must be a table", id="tags"),
        pytest.param("[tags]\na = [1]", "plain values", id="nested-tags"),
        pytest.param("[cpu]\ntdp_w = 0", ":2: cpu.tdp_w = 0: ", id="tdp"),
        pytest.param("[node]\nbase_power_w = -5", "at least 0", id="base-power"),
        pytest.param("[sensors]\ndisable = [1]", "list of names", id="names"),
        pytest.param("ledger = 3", "unknown key 'ledger'", id="table-as-value"),
        pytest.param(
            "\n\nintervall_s = 3", ":3: unknown key 'intervall_s'; did", id="near-match"
        ),
        pytest.param("tdp_w = 3", "'cpu.tdp_w'", id="key-of-a-table"),
        pytest.param("[cpu]\ntdp = 3", ":2: unknown key 'cpu.tdp'", id="in-a-table"),
        pytest.param("qqq = 3", "`greenops config` lists all keys", id="nothing-near"),
        pytest.param("zone = ", "not valid TOML", id="broken"),
        pytest.param("zone = \x00", "not valid TOML", id="nul"),
        pytest.param("a = " + "[" * 5000, "not valid TOML", id="deep"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_place(cwd, environ, text, said):
    path = write(cwd / "greenops.toml", text)

    with pytest.raises(ConfigError) as caught:
        load_config(environ=environ, cwd=cwd)

    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_job_starts_with_what_is_right_of_a_broken_file(cwd, environ):
    write(cwd / "greenops.toml", 'zone = "DE"\npue = 0.5\nnonsense = 1\n')
    environ["GREENOPS_CONFIG"] = "broken.toml"
    write(cwd / "broken.toml", "= =")

    config, complaints = load_config_leniently(environ=environ, cwd=cwd)

    assert config.zone == "DE"
    assert config.pue is None
    assert len(complaints) == 3


def test_a_named_file_that_is_missing_is_said(cwd, environ):
    environ["GREENOPS_CONFIG"] = "missing.toml"

    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read"):
        load_config(environ=environ, cwd=cwd)


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("GREENOPS_PUE", "fast", "GREENOPS_PUE: pue = 'fast'"),
        ("GREENOPS_TAGS", "novalue", "key=value"),
        ("GREENOPS_QUIET", "maybe", "true or false"),
        ("GREENOPS_ZONES", "DE", "did you mean 'GREENOPS_ZONE'"),
    ],
)
def test_what_is_wrong_in_a_variable_is_said(cwd, environ, variable, text, said):
    with pytest.raises(ConfigError) as caught:
        load_config(environ={**environ, variable: text}, cwd=cwd)

    assert said in str(caught.value)


def test_other_variables_and_empty_ones_are_no_business_of_ours(cwd, environ):
    environ |= {"GREENOPS_RUN_ID": "x", "GREENOPS_ACME_TOKEN": "x", "GREENOPS_PUE": ""}

    assert load_config(environ=environ, cwd=cwd) == Config()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"pue": 0.5}, "--pue 0.5: must be"), ({"interval_s": -1.0}, "--interval -1.0")],
)
def test_options_are_held_to_the_same_bounds(options, said):
    with pytest.raises(ConfigError, match=said):
        Config().with_options(options)


@given(st.dictionaries(st.sampled_from(list(KEYS)), st.text(max_size=30)))
def test_no_environment_makes_the_lenient_reader_fail(given_texts):
    environ = {KEYS[name].variable: text for name, text in given_texts.items()}

    config, complaints = load_config_leniently(environ=environ, cwd=Path("/"))

    assert isinstance(config, Config)
    for name in config.origins:
        assert name in given_texts
    assert len(config.origins) + len(complaints) <= len(given_texts) + 1


@given(st.binary(max_size=60))
def test_no_file_makes_the_lenient_reader_fail(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("config") / "any.toml"
    path.write_bytes(content)

    load_config_leniently(environ={"HOME": "/"}, cwd=path.parent, file=path)


def test_every_key_has_its_field_its_default_and_a_valid_example():
    listed = {key.name for key, _, _ in settings_of(Config())}
    assert listed == set(KEYS)

    examples = "".join(
        line.removeprefix("# ") + "\n" if " = " in line else f"{line}\n"
        for line in template().splitlines()
        if not line.startswith("# ") or " = " in line
    )
    tree = tomllib.loads(examples)
    assert tree["footprint"]["embodied_kg"]["gpu"] > 0


def test_the_written_file_is_valid_and_sets_nothing(cwd, environ):
    path = write(cwd / "template.toml", template())

    assert tomllib.loads(template())
    assert load_config(environ=environ, cwd=cwd, file=path) == Config()


def test_every_example_is_accepted(cwd, environ):
    for key in KEYS.values():
        table, _, last = key.name.rpartition(".")
        header = f"[{table}]\n" if table else ""
        path = write(cwd / "one.toml", f"{header}{last} = {key.example}\n")
        config = load_config(environ=environ, cwd=cwd, file=path)
        assert config.origin(key.name) == f"{path}:{2 if table else 1}"


@pytest.mark.parametrize("name", KEYS)
def test_every_key_and_its_variable_are_documented(name):
    text = DOCUMENT.read_text()

    assert f"`{name}`" in text
    assert f"`{KEYS[name].variable}`" in text


def test_reading_nothing_loads_no_parser(cwd):
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from greenops.config import load_config\n"
        "load_config(environ={'GREENOPS_PUE': '1.2'}, cwd=Path('/'))\n"
        "heavy = {'tomllib', 'pydantic', 'difflib', 'json'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=cwd)


def test_init_writes_a_private_file_once(cwd, monkeypatch):
    from click.testing import CliRunner

    from greenops.cli import cli

    monkeypatch.chdir(cwd)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(cwd / "xdg"))
    first = CliRunner().invoke(cli, ["config", "init"])
    path = cwd / "xdg" / "greenops" / "config.toml"
    path.write_text("pue = 1.5")
    second = CliRunner().invoke(cli, ["config", "init"])

    assert first.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert second.exit_code == 2
    assert path.read_text() == "pue = 1.5"


def test_settings_are_shown_before_what_is_wrong_with_them(cwd, monkeypatch):
    from click.testing import CliRunner

    from greenops.cli import cli

    monkeypatch.chdir(cwd)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(cwd / "xdg"))
    write(cwd / "greenops.toml", 'zone = "DE"\npue = 0.5\n')

    result = CliRunner().invoke(cli, ["config"])

    assert result.exit_code == 2
    assert "greenops.toml:1" in result.stdout
    assert "pue = 0.5" in result.stderr
