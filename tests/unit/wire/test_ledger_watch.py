"""A daemon's ledger that is damaged before it starts, or while it works."""

from datetime import UTC, datetime

import pytest

from greenops.agent.lifecycle import submitted
from greenops.errors import LedgerTooNewError
from greenops.ledger.damage import move_aside
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.store import open_ledger
from greenops.model import JobSpec
from greenops.wire.ledger_watch import DaemonLedgerError, LedgerWatch


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger.db"
    store = LedgerJobs(path, tmp_path / "jobs")
    spec = JobSpec(name="j", argv=("true",), cwd="/", user="ada")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    store.add("j", spec, submitted("j", at, "ada", held=False))
    store.close()
    return path


def damage(path):
    with path.open("r+b") as file:
        file.write(b"\xff" * 4096)


def test_a_sound_ledger_and_none_at_all_are_fine(ledger, tmp_path):
    for path in (ledger, tmp_path / "other" / "ledger.db"):
        watch = LedgerWatch(path, tmp_path / "jobs")
        watch.begin()
        watch.check()


def test_damage_before_the_start_is_moved_aside_and_refused(ledger, tmp_path):
    damage(ledger)
    watch = LedgerWatch(ledger, tmp_path / "jobs")
    with pytest.raises(DaemonLedgerError, match=r"ledger\.damaged-.*recover"):
        watch.begin()
    LedgerWatch(ledger, tmp_path / "jobs").begin()  # once a person has seen it


def test_damage_that_somebody_else_found_meanwhile_is_not_passed_over(ledger, tmp_path):
    watch = LedgerWatch(ledger, tmp_path / "jobs")
    watch.begin()
    damage(ledger)
    assert move_aside(ledger)
    open_ledger(ledger).close()  # a run begins the next one
    with pytest.raises(DaemonLedgerError, match="start the daemon again"):
        watch.check()


def test_the_ledger_of_a_newer_greenops_is_refused(ledger, tmp_path):
    connection = open_ledger(ledger)
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    with pytest.raises(LedgerTooNewError, match="upgrade"):
        LedgerWatch(ledger, tmp_path / "jobs").begin()
