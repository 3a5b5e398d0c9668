import contextlib
import sqlite3

import pytest

from greenops.errors import LedgerError
from greenops.ledger import pruning
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from tests.bench.make_ledger import make_ledger
from tests.unit.ledger.records import a_run, an_end


@pytest.fixture
def path(tmp_path):
    """A ledger of three runs, 4 MB of samples in all."""
    path = tmp_path / "ledger.db"
    make_ledger(path, runs=3, samples=8000)
    return path


def ids(ledger):
    return [row.run_id for row in ledger.find_runs()]


def test_a_running_run_keeps_its_samples_and_so_do_all_others(path):
    recorder = LedgerRecorder(path)
    recorder.begin(a_run("live"))
    assert recorder.flush(10.0)
    ledger = Ledger(path)

    with pytest.raises(LedgerError, match="live is still running"):
        ledger.delete_samples(ids(ledger))

    assert ledger.course("last", width_s=1e6).stretches == ()
    assert any(ledger.samples(ids(ledger)[1]))
    recorder.finish(an_end("live"), [], None)
    recorder.close()


def test_samples_go_and_totals_emissions_and_devices_stay(path):
    ledger = Ledger(path)
    first, *others = ids(ledger)
    before, hours = ledger.get(first), ledger.hours(first)

    assert ledger.delete_samples([first]) == 2 * 8000

    after = ledger.get(first)
    assert (after.run, after.end, after.totals) == (
        before.run,
        before.end,
        before.totals,
    )
    assert after.footprint is not None
    assert before.footprint is not None
    assert after.footprint.total_g == before.footprint.total_g
    assert hours
    assert ledger.hours(first) == hours
    assert not any(ledger.samples(first))
    assert not any(ledger.job_use(first))
    assert all(any(ledger.samples(other)) for other in others)


def test_what_is_deleted_is_given_back_to_the_disk(path):
    before_bytes = path.stat().st_size
    ledger = Ledger(path)

    ledger.delete_samples(ids(ledger))

    assert path.stat().st_size < before_bytes / 10
    assert len(ids(ledger)) == 3


def test_a_ledger_in_use_keeps_its_size_and_its_reader(path):
    before_bytes = path.stat().st_size
    ledger = Ledger(path)
    with contextlib.closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        counted = reader.execute("SELECT count(*) FROM samples").fetchone()

        ledger.delete_samples(ids(ledger))

        assert reader.execute("SELECT count(*) FROM samples").fetchone() == counted
        assert path.stat().st_size >= before_bytes / 2
    assert not any(ledger.samples("last"))


def test_little_room_is_not_worth_a_copy(path):
    ledger = Ledger(path)
    with contextlib.closing(sqlite3.connect(path)) as plain, plain:
        plain.execute("DELETE FROM samples WHERE run_key = 1 AND start_epoch_s < 2e9")
    before_bytes = path.stat().st_size
    assert pruning.shrink(path) > 0  # a third of the file
    assert path.stat().st_size < before_bytes
    assert pruning.shrink(path) == 0
    ledger.close()


def test_a_recorder_that_is_at_work_goes_on_after_the_file_has_shrunk(path):
    recorder = LedgerRecorder(path)
    recorder.begin(a_run("live"))
    assert recorder.flush(10.0)
    ledger = Ledger(path)

    ledger.delete([i for i in ids(ledger) if i != "live"])
    recorder.finish(an_end("live"), [], None)

    assert recorder.flush(10.0)
    assert not recorder.complaints()
    recorder.close()
    assert ids(ledger) == ["live"]


def test_very_many_runs_are_deleted_in_steps(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    make_ledger(path, runs=7)
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    ledger = Ledger(path)

    assert ledger.delete(ids(ledger)) == 7
    assert ids(ledger) == []
