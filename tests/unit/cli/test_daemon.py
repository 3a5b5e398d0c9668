"""`greenops daemon` as people and systemd meet it."""

import json
import socket
import subprocess
import sys

import pytest

from greenops.cli.daemon_notify import notify
from greenops.cli.daemon_unit import quoted, unit_path, unit_text


def test_without_a_daemon_the_status_says_how_to_start_one(cli):
    done = cli.run("daemon", "status")
    assert done.returncode == 3
    assert "greenops daemon install" in done.stdout
    assert (
        json.loads(cli.run("daemon", "status", "--json").stdout)["state"]
        == "not running"
    )


def test_a_file_of_places_that_is_wrong_is_refused_with_its_line(cli):
    (cli.home / "places.toml").write_text('[[place]]\nname = "a"\nzone = "Atlantis"\n')
    cli.env["GREENOPS_PLACES_PATH"] = str(cli.home / "places.toml")
    done = cli.run("daemon")
    assert done.returncode == 2
    assert "Atlantis" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_detached_daemon_that_does_not_start_says_why(cli):
    (cli.home / "places.toml").write_text("[[place]]\n")
    cli.env["GREENOPS_PLACES_PATH"] = str(cli.home / "places.toml")
    done = cli.run("daemon", "--detach")
    assert done.returncode == 1
    assert "places.toml" in done.stderr


def test_a_dry_run_of_install_writes_nothing(cli):
    done = cli.run("daemon", "install", "--dry-run", check=0)
    assert "Type=notify" in done.stdout
    assert not list(cli.home.rglob("*.service"))


def test_install_writes_the_unit_and_says_what_to_type_next(cli):
    done = cli.run("daemon", "install", check=0)
    unit = cli.home / "config" / "systemd" / "user" / "greenops.service"
    assert sys.executable in unit.read_text()
    assert "systemctl --user enable --now greenops" in done.stdout


def test_a_daemon_of_the_whole_machine_never_runs_jobs_as_root(cli):
    cli.env.pop("SUDO_USER", None)
    assert cli.run("daemon", "install", "--system", "--dry-run").returncode == 2
    done = cli.run(
        "daemon", "install", "--system", "--as", "trainer", "--dry-run", check=0
    )
    assert "User=trainer\n" in done.stdout
    assert cli.run("daemon", "install", "--as", "trainer").returncode == 2


def test_a_unit_leaves_jobs_running_and_their_devices_alone():
    text = unit_text("/usr/bin/python3", user=None)
    assert "KillMode=process" in text
    assert "NoNewPrivileges=yes" in text
    assert "PrivateDevices" not in text
    assert "ProtectClock" not in text


@pytest.mark.parametrize("user", [None, "trainer"])
def test_systemd_takes_the_unit(tmp_path, user):
    path = tmp_path / "greenops.service"
    path.write_text(unit_text(sys.executable, user=user and "root"))
    try:
        done = subprocess.run(
            ["systemd-analyze", "verify", str(path)], capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("there is no systemd-analyze here")
    assert "greenops.service" not in done.stderr


def test_words_of_a_command_line_cannot_act():
    assert quoted('/a b/"%n$x\\') == '"/a b/\\"%%n$$x\\\\"'
    with pytest.raises(ValueError, match="cannot hold"):
        quoted("a\nExecStartPre=/bin/evil")


def test_units_lie_where_systemd_looks():
    user = unit_path({"XDG_CONFIG_HOME": "/c"}, system=False)
    assert str(user) == "/c/systemd/user/greenops.service"
    assert str(unit_path({}, system=True)) == "/etc/systemd/system/greenops.service"


def test_a_supervisor_hears_that_the_daemon_is_ready(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hears:
        hears.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert notify("READY=1")
        assert hears.recv(100) == b"READY=1"
    (tmp_path / "notify").unlink()
    assert not notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not notify("READY=1")
