"""A daemon runs what a ledger holds, so that ledger has to be its own user's alone."""

import os
import sys

import pytest

from greenops.config import Config
from greenops.errors import ConfigError
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.ownership import why_not_ours
from greenops.wire.agent import Daemon

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no owners there")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def ledger(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    path = folder / "ledger.db"
    path.touch(mode=0o600)
    return path


def test_a_ledger_of_our_own_is_ours(ledger):
    assert why_not_ours(ledger) == ""


def test_a_ledger_that_is_not_there_yet_is_ours_to_make(tmp_path):
    assert why_not_ours(tmp_path / "not" / "there.db") == ""


@pytest.mark.parametrize(("what", "mode"), [("file", 0o620), ("folder", 0o777)])
def test_a_ledger_that_others_may_write_is_not_ours_and_it_says_how_to_close_it(
    ledger, what, mode
):
    place = ledger if what == "file" else ledger.parent
    place.chmod(mode)
    assert f"{place}" in why_not_ours(ledger)
    assert "chmod" in why_not_ours(ledger)


def test_in_a_shared_folder_that_nobody_can_move_files_in_it_is_ours(ledger):
    ledger.parent.chmod(0o1777)
    assert why_not_ours(ledger) == ""


@as_root
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_another_user_owns_is_not_ours(ledger, what):
    os.chown(ledger if what == "file" else ledger.parent, 65534, 65534)
    assert "another user" in why_not_ours(ledger)


def test_a_daemon_does_not_start_on_a_ledger_that_others_may_write(ledger, tmp_path):
    ledger.unlink()
    config = Config(
        ledger_path=ledger,
        state_path=tmp_path / "state",
        daemon_sample_node=False,
        zone="SE",
        signals_order=("annual",),
    )
    daemon = Daemon(config)
    ledger.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="others may write"):
        daemon.run(None, lambda: None)  # type: ignore[arg-type]
    assert not DaemonSeat(ledger).held()
