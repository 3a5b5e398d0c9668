"""A kill or a rival while restating leaves each run restated once and wholly, or not."""

import contextlib
import json
import random
import sqlite3
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from greenops.errors import LedgerError
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from tests.unit.ledger.records import (
    a_footprint,
    a_point,
    a_run,
    a_stated_footprint,
    a_total,
    an_end,
)

RUNS = 60
HOURS = 4
KILLS = 8
NEVER_LINKED = (
    "SELECT count(*) FROM intensities i WHERE NOT EXISTS"
    " (SELECT 1 FROM footprint_points p WHERE p.intensity_key = i.intensity_key)"
)


@pytest.fixture
def old_runs(cli):
    """Runs of four hours in Germany whose points nobody kept; return the ledger."""
    path = cli.home / "data" / "greenops" / "ledger.db"
    recorder = LedgerRecorder(path)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for i in range(RUNS):
        begun = now - timedelta(days=2, hours=i)
        run = a_run(f"run-{i:03d}", started_at=begun, zone="DE", recorder_pid=1)
        recorder.begin(run)
        duration_s = 3600.0 * HOURS
        end = an_end(
            run.run_id,
            stopped_at=begun + timedelta(seconds=duration_s),
            duration_s=duration_s,
        )
        recorder.finish(end, [a_total()], a_footprint())
    assert recorder.flush(20.0)
    recorder.close()
    return path


def statements(path):
    """Return for each run how many points each of its statements has."""
    ledger = Ledger(path)
    return {
        run_id: [len(s.footprint.points) for s in ledger.get(run_id).statements]
        for run_id in ledger.run_ids()
    }


def ask(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchone()[0]


def test_each_run_is_restated_wholly_or_not_at_all(cli, old_runs):
    dice = random.Random()
    partly = 0

    for _ in range(KILLS):
        process = cli.start("restate", "--since", "9d", stdout=subprocess.DEVNULL)
        begun_s = time.monotonic()
        before = ask(old_runs, "SELECT count(*) FROM footprints")
        while (
            ask(old_runs, "SELECT count(*) FROM footprints") == before
            and process.poll() is None
            and time.monotonic() - begun_s < 20
        ):
            time.sleep(0.005)
        time.sleep(dice.uniform(0.0, 0.1))
        process.kill()
        process.wait()

        found = statements(old_runs)
        assert all(kept in ([0], [0, HOURS]) for kept in found.values()), found
        assert ask(old_runs, NEVER_LINKED) == 0
        assert ask(old_runs, "PRAGMA integrity_check") == "ok"
        restated = sum(kept == [0, HOURS] for kept in found.values())
        partly += 0 < restated < RUNS

    assert partly > 0  # else the kills came too late to tell anything
    document = json.loads(cli.run("restate", "--since", "9d", "--json", check=0).stdout)
    assert {run["outcome"] for run in document["runs"]} <= {"restated", "unchanged"}
    assert all(kept == [0, HOURS] for kept in statements(old_runs).values())


def test_many_that_restate_at_once_state_each_run_once(cli, old_runs):
    crowd = [
        cli.start(
            "restate", "--since", "9d", "--json", stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]

    documents = [json.loads(process.communicate(timeout=60)[0]) for process in crowd]

    assert [process.returncode for process in crowd] == [0] * 4
    outcomes = [run["outcome"] for document in documents for run in document["runs"]]
    assert outcomes.count("restated") == RUNS
    assert outcomes.count("unchanged") == 3 * RUNS
    assert all(kept == [0, HOURS] for kept in statements(old_runs).values())


@pytest.mark.parametrize("table", ["footprints", "intensities", "footprint_points"])
def test_a_write_that_fails_half_way_leaves_nothing(old_runs, table):
    with contextlib.closing(sqlite3.connect(old_runs)) as connection:
        connection.execute(
            f"CREATE TRIGGER no_more BEFORE INSERT ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
        connection.commit()
    restated = a_stated_footprint(3.0, a_point(), a_point(hour=1))

    with pytest.raises(LedgerError, match="no more"):
        Ledger(old_runs).add_footprint("run-000", restated)

    assert statements(old_runs)["run-000"] == [0]
    assert ask(old_runs, "SELECT count(*) FROM intensities") == 0
    assert ask(old_runs, "SELECT count(*) FROM energy_hours") == 0
