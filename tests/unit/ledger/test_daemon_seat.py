"""One seat per ledger, free again when its holder is dead."""

import os
import signal
import subprocess
import sys

import pytest

from greenops.errors import LedgerUnavailableError
from greenops.ledger import daemon_seat
from greenops.ledger.daemon_seat import LOCK, SAID, DaemonSeat

SITS = """
import sys, time, pathlib
from greenops.ledger import daemon_seat
from greenops.ledger.daemon_seat import DaemonSeat
seat = DaemonSeat(pathlib.Path(sys.argv[1]))
print(seat.take(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.db"


def test_a_seat_is_taken_once(ledger):
    one, other = DaemonSeat(ledger), DaemonSeat(ledger)
    assert not one.held()
    assert one.take()
    assert one.take()
    assert not other.take()
    assert other.held()
    one.leave()
    one.leave()
    assert not other.held()
    assert other.take()
    other.leave()


def test_who_only_looks_at_a_seat_keeps_nobody_from_it(ledger, monkeypatch):
    """The first try falls into the moment of a look."""
    seat, tries = DaemonSeat(ledger), [False, True]
    monkeypatch.setattr(daemon_seat, "try_lock", lambda _fd: tries.pop(0))

    assert seat.take()
    seat.leave()


def test_a_seat_is_free_when_its_holder_was_killed(ledger):
    holder = subprocess.Popen(
        [sys.executable, "-c", SITS, str(ledger)], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    seat = DaemonSeat(ledger)
    assert not seat.take()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert seat.take()
    seat.leave()


def test_what_is_said_is_private_whole_and_gone_with_its_speaker(ledger):
    seat = DaemonSeat(ledger)
    assert seat.said() == ""
    seat.take()
    seat.say("x" * 3000)
    seat.say("short")
    path = ledger.with_name(ledger.name + SAID)
    assert seat.said() == "short"
    assert path.stat().st_mode & 0o077 == 0
    assert {p.name for p in ledger.parent.iterdir()} == {path.name, ledger.name + LOCK}
    seat.leave()
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LedgerUnavailableError, match="may write"):
        DaemonSeat(tmp_path / "ledger.db").take()


def test_a_link_in_place_of_the_lock_is_not_followed(ledger, tmp_path):
    (tmp_path / "elsewhere").touch()
    ledger.with_name(ledger.name + LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerUnavailableError):
        DaemonSeat(ledger).take()
