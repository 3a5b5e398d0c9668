import contextlib
import json
import shutil
import sqlite3
import threading

import pytest

from greenops.errors import LedgerTooNewError, LedgerUnavailableError
from greenops.ledger import migrate as migrate_module
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.migrate import MIGRATIONS, SCHEMA_VERSION, migrate, statements_of
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.rows import end_entry, footprint_row, run_entry
from greenops.ledger.statements import COLUMNS, insert
from greenops.ledger.store import open_ledger
from greenops.ledger.take_in import take_in_spool
from tests.unit.ledger.job_records import JOB_ID, a_spec, an_event
from tests.unit.ledger.records import a_footprint, a_run, a_stated_footprint, an_end

ADDED_SINCE = 10
"""Columns that `footprints` has gained since the first layout."""


@pytest.fixture
def next_layout(tmp_path, monkeypatch):
    """A greenops that knows one more step than this one."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    number = SCHEMA_VERSION + 1
    (folder / f"{number:04d}_next.sql").write_text(
        "ALTER TABLE runs ADD COLUMN mood TEXT;\nCREATE TABLE moods (mood TEXT);\n"
    )
    monkeypatch.setattr(migrate_module, "SCHEMA_VERSION", number)
    return folder


def version_of(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_the_newest_file_is_the_version_that_is_known():
    numbers = sorted(int(f.name[:4]) for f in MIGRATIONS.glob("*.sql"))

    assert numbers == list(range(1, SCHEMA_VERSION + 1))


def test_an_older_ledger_is_brought_up_to_date_and_keeps_its_runs(
    tmp_path, next_layout
):
    path = tmp_path / "ledger.db"
    with pytest.MonkeyPatch.context() as older:
        older.setattr(migrate_module, "SCHEMA_VERSION", SCHEMA_VERSION)
        recorder = LedgerRecorder(path)
        recorder.begin(a_run())
        assert recorder.flush(10.0)
        recorder.close()

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert migrate(connection, path, folder=next_layout) == 1
        assert migrate(connection, path, folder=next_layout) == 0

    assert version_of(path) == SCHEMA_VERSION + 1
    assert Ledger(path).get("last").run == a_run()


def test_a_ledger_of_the_first_layout_keeps_its_footprints_and_can_be_restated(
    tmp_path,
):
    path = tmp_path / "ledger.db"
    first = tmp_path / "first"
    first.mkdir()
    shutil.copy(MIGRATIONS / "0001_first.sql", first)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.MonkeyPatch.context() as older:
            older.setattr(migrate_module, "SCHEMA_VERSION", 1)
            migrate(connection, path, folder=first)
        fill_first_layout(connection)

    record = Ledger(path).get("last")

    assert version_of(path) == SCHEMA_VERSION
    assert record.footprint == a_footprint()
    assert [s.why for s in record.statements] == [None]
    assert Ledger(path).add_footprint("last", a_stated_footprint(3.0), why="revised")
    assert Ledger(path).get("last").footprint == a_stated_footprint(3.0)


def fill_first_layout(connection):
    """Write one run as the first layout has it."""
    entries = {
        "runs": run_entry(a_run(), namespace="", version="0.1.0").rows["runs"][0],
        "run_ends": (1, *end_entry(an_end(), []).rows["run_ends"][0]),
    }
    written = footprint_row(a_footprint(), computed_epoch_s=1.0, version="0.1.0")
    kept = len(COLUMNS["footprints"]) - ADDED_SINCE
    entries["footprints"] = (1, *written)[:kept]
    for table, row in entries.items():
        names = ", ".join(COLUMNS[table][: len(row)])
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


def test_a_spool_file_of_the_first_layout_is_taken_in(tmp_path):
    path, spool = tmp_path / "ledger.db", tmp_path / "spool"
    spool.mkdir(mode=0o700)
    end = end_entry(an_end(), [])
    written = footprint_row(a_footprint(), computed_epoch_s=1.0, version="0.1.0")
    short = [*written][: len(written) - ADDED_SINCE]
    lines = [
        [1, a_run().run_id, run_entry(a_run(), namespace="", version="0.1.0").rows],
        [1, a_run().run_id, end.rows | {"footprints": [short]}],
    ]
    file = spool / "1-1-aa.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    file.chmod(0o600)

    assert take_in_spool(path, spool_dir=spool) == 1

    assert Ledger(path).get("last").footprint == a_footprint()


def test_a_step_that_fails_leaves_the_ledger_as_it_was(tmp_path, next_layout):
    path = tmp_path / "ledger.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, folder=next_layout)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        # The column is there already, so the first statement of the step fails.
        with pytest.raises(sqlite3.OperationalError, match="duplicate column"):
            migrate(connection, path, folder=next_layout)

    assert version_of(path) == SCHEMA_VERSION


def test_of_many_that_migrate_at_once_each_finds_the_ledger_sound(
    tmp_path, next_layout
):
    path = tmp_path / "ledger.db"
    applied, failed = [], []

    def one():
        try:
            connection = sqlite3.connect(path, isolation_level=None, timeout=20.0)
            applied.append(migrate(connection, path, folder=next_layout))
            connection.close()
        except sqlite3.Error as e:
            failed.append(e)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sum(applied) == SCHEMA_VERSION + 1


def test_the_ledger_of_a_newer_greenops_is_refused_unchanged(tmp_path):
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(LedgerTooNewError, match=r"layout 99.*upgrade greenops"):
        open_ledger(path)
    with pytest.raises(LedgerTooNewError):
        Ledger(path).find_runs()

    assert version_of(path) == 99


def test_the_database_of_another_program_is_refused_unchanged(tmp_path):
    path = tmp_path / "places.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.commit()

    with pytest.raises(LedgerUnavailableError, match="another program"):
        open_ledger(path)

    assert version_of(path) == 0


def test_a_script_is_split_where_its_statements_end():
    script = "CREATE TABLE a (b TEXT);\n-- why; or not\nINSERT INTO a VALUES (';');\n"

    assert [s.strip() for s in statements_of(script)] == [
        "CREATE TABLE a (b TEXT);",
        "-- why; or not\nINSERT INTO a VALUES (';');",
    ]


def test_a_ledger_of_the_second_layout_keeps_its_runs_and_takes_jobs(tmp_path):
    path, second = tmp_path / "ledger.db", tmp_path / "second"
    second.mkdir()
    for script in ("0001_first.sql", "0002_intensities.sql"):
        shutil.copy(MIGRATIONS / script, second)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.MonkeyPatch.context() as older:
            older.setattr(migrate_module, "SCHEMA_VERSION", 2)
            migrate(connection, path, folder=second)
        row = run_entry(a_run(), namespace="", version="0.2.0").rows["runs"][0]
        connection.execute(insert("runs"), row)
    assert version_of(path) == 2

    with contextlib.closing(LedgerJobs(path, tmp_path / "jobs")) as jobs:
        jobs.add(JOB_ID, a_spec(), an_event())

        assert jobs.job("last")[1] == a_spec()
    assert version_of(path) == SCHEMA_VERSION
    assert Ledger(path).get("last").run == a_run()
