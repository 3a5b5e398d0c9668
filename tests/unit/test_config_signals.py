import pytest

from greenops.config import Config, load_config, load_config_leniently
from greenops.errors import ConfigError


@pytest.fixture
def cwd(tmp_path):
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def environ(cwd):
    return {"HOME": str(cwd.parent)}


def own_file(cwd, text):
    path = cwd.parent / ".config" / "greenops" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nothing_that_needs_the_network_is_in_the_default_order():
    assert Config().signals_order == ("hourly_model", "annual")
    assert Config().signals_marginal_order == ()


def test_a_signals_table_reaches_it_as_it_is_written(cwd, environ):
    path = own_file(
        cwd,
        '[signals.acme]\nmix = "ipcc"\nretries = 3\n[signals.acme.map]\nFR = "fr1"\n',
    )

    config = load_config(environ=environ, cwd=cwd)

    table = {"mix": "ipcc", "retries": 3, "map": {"FR": "fr1"}}
    assert dict(config.signal_tables["acme"]) == table
    assert config.origin("signals.acme.mix").startswith(str(path))


def test_tables_of_several_files_add_up_and_the_nearer_file_wins(cwd, environ):
    own_file(cwd, '[signals.acme]\nmix = "ipcc"\nretries = 3\n')
    (cwd / "greenops.toml").write_text("[signals.acme]\nretries = 5\n")

    config = load_config(environ=environ, cwd=cwd)

    assert dict(config.signal_tables["acme"]) == {"mix": "ipcc", "retries": 5}


def test_what_options_change_leaves_the_tables_alone(cwd, environ):
    own_file(cwd, '[signals.acme]\nmix = "ipcc"\n')

    config = load_config(environ=environ, cwd=cwd).with_options({"zone": "FR"})

    assert dict(config.signal_tables["acme"]) == {"mix": "ipcc"}


def test_paths_are_relative_to_the_file_that_names_them(cwd, environ):
    path = own_file(cwd, '[signals.csv]\npath = "traces"\nkey_file = "~/keys/acme"\n')

    table = load_config(environ=environ, cwd=cwd).signal_tables["csv"]

    assert table["path"] == str(path.parent / "traces")
    assert str(table["key_file"]).endswith("keys/acme")
    assert "~" not in str(table["key_file"])


@pytest.mark.parametrize(
    "line",
    [
        'token = "s3cr3t"',
        'api_key = "s3cr3t"',
        'auth-token = "s3cr3t"',
        'PASSWORD = "s3cr3t"',
        'url = "https://user:s3cr3t@host/"',
        'urls = ["https://s3cr3t@host/"]',
        'login = { password = "s3cr3t" }',
    ],
)
def test_a_secret_is_refused_and_never_repeated(cwd, environ, line):
    path = own_file(cwd, f'[signals.acme]\nmix = "ipcc"\n{line}\n')

    config, complaints = load_config_leniently(environ=environ, cwd=cwd)

    assert dict(config.signal_tables["acme"]) == {"mix": "ipcc"}
    assert len(complaints) == 1
    assert complaints[0].startswith(f"{path}:1: signals.acme.")
    assert "key_file" in complaints[0]
    assert "s3cr3t" not in complaints[0] + repr(config)


@pytest.mark.parametrize("line", ['url = "http://x.example"', 'key_file = "~/.ssh/id"'])
def test_a_projects_file_cannot_send_credentials_elsewhere(cwd, environ, line):
    (cwd / "greenops.toml").write_text(f"[signals.acme]\n{line}\n")

    with pytest.raises(ConfigError, match="stranger"):
        load_config(environ=environ, cwd=cwd)

    own_file(cwd, f"[signals.acme]\n{line}\n")
    (cwd / "greenops.toml").unlink()
    assert load_config(environ=environ, cwd=cwd).signal_tables["acme"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[signals]\nordr = ['annual']", "did you mean 'signals.order'"),
        ("[signals]\norder = 'x'\nwait_s = -1", "signals.wait_s = -1"),
        ("[signals.order]\na = 1", "must be a list of names"),
        ("[location]\ncloud = 'perhaps'", "one of auto, on, off"),
        ("[location]\ncloud = 3", "one of auto, on, off"),
        ("[location]\ncloud = [1]", "one of auto, on, off"),
    ],
)
def test_what_is_wrong_is_said(cwd, environ, text, said):
    own_file(cwd, text)

    with pytest.raises(ConfigError) as caught:
        load_config(environ=environ, cwd=cwd)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"), [("true", "on"), ("false", "off"), ("'AUTO'", "auto")]
)
def test_a_switch_may_be_spelt_as_one(cwd, environ, written, meant):
    own_file(cwd, f"[location]\ncloud = {written}\n")

    assert load_config(environ=environ, cwd=cwd).location_cloud == meant


def test_an_order_can_be_given_as_a_variable(cwd, environ):
    environ["GREENOPS_SIGNALS_ORDER"] = "neso, annual"

    config = load_config(environ=environ, cwd=cwd)

    assert config.signals_order == ("neso", "annual")


def test_the_tables_are_among_the_settings_that_are_shown(cwd, environ, monkeypatch):
    from click.testing import CliRunner

    from greenops.cli import cli

    own_file(cwd, '[signals.acme]\nmix = "ipcc"\nurls = ["a", "b"]\n')
    monkeypatch.chdir(cwd)
    for name, value in (environ | {"XDG_CONFIG_HOME": "", "COLUMNS": "200"}).items():
        monkeypatch.setenv(name, value)

    shown = CliRunner().invoke(cli, ["config"]).stdout

    assert "signals.acme.mix" in shown
    assert "a, b" in shown
