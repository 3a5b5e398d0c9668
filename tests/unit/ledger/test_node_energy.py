import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.take_in import take_in_spool
from tests.contracts.test_recorder_contract import HOUR, kept, node_energy


def test_a_figure_that_is_none_is_left_out_and_the_others_are_kept(tmp_path):
    recorder = LedgerRecorder(tmp_path / "ledger.db")

    recorder.keep([replace(node_energy(), energy_j=float("nan")), node_energy(1)])
    assert recorder.flush(10.0)
    recorder.close()

    assert [e.hour for e in kept(Ledger(tmp_path / "ledger.db"))] == [
        HOUR + timedelta(hours=1)
    ]


def test_a_name_of_any_kind_reads_back(tmp_path):
    odd = "no\0de'; DROP TABLE runs; --\udcff"
    recorder = LedgerRecorder(tmp_path / "ledger.db")

    recorder.keep([node_energy(host=odd)])
    assert recorder.flush(10.0)
    recorder.close()

    assert [e.host for e in kept(Ledger(tmp_path / "ledger.db"), host=odd)] == [odd]


def test_while_the_ledger_cannot_be_written_the_balance_is_set_aside_and_taken_in(
    tmp_path,
):
    path = tmp_path / "data" / "ledger.db"
    LedgerRecorder(path).keep([])
    path.parent.mkdir(exist_ok=True)
    blocked = tmp_path / "data" / "blocked"
    blocked.write_text("")
    recorder = LedgerRecorder(blocked / "ledger.db", spool_dir=tmp_path / "spool")
    recorder.keep([node_energy()])
    recorder.keep([node_energy(idle_j=50.0)])
    recorder.flush(10.0)
    recorder.close()
    assert list((tmp_path / "spool").iterdir())

    assert take_in_spool(path, spool_dir=tmp_path / "spool") == 1

    assert [e.energy_j for e in kept(Ledger(path))] == [110.0]


def test_a_ledger_that_is_not_there_has_no_node(tmp_path):
    start = datetime(2026, 3, 1, tzinfo=UTC)

    assert list(Ledger(tmp_path / "none.db").node_energy(start, HOUR)) == []


def test_an_hour_is_found_without_reading_the_others(tmp_path):
    recorder = LedgerRecorder(tmp_path / "ledger.db")
    recorder.keep([node_energy()])
    assert recorder.flush(10.0)
    recorder.close()

    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM node_energy"
            " WHERE hour_epoch_s >= 1 AND hour_epoch_s < 2"
        ).fetchall()
    connection.close()

    assert "node_energy_by_hour" in plan[0][3]
