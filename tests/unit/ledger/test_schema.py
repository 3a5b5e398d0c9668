"""The layout by `migrations/`, the MetaData and the statements are one and the same."""

import contextlib

import pytest
from sqlalchemy import Integer, create_engine, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from greenops.ledger.schema import metadata
from greenops.ledger.statements import COLUMNS, insert
from greenops.ledger.store import open_ledger

TABLES = sorted(metadata.tables)
OWN_KEYS = {
    "runs": {"run_key"},
    "marks": {"mark_key"},
    "footprints": {"footprint_key"},
    "intensities": {"intensity_key"},
    "jobs": {"job_key"},
    "decision_inputs": {"inputs_key"},
    "decisions": {"decision_key"},
    "job_requests": {"request_key"},
    "job_outcomes": {"outcome_key"},
}
"""Keys that the database hands out."""
WITHOUT_NUMBERS = (
    "open_runs",
    "tags",
    "footprint_points",
    "open_jobs",
    "decision_inputs",
    "open_requests",
)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """What SQLAlchemy finds in a ledger made by the migrations."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    engine = create_engine("sqlite://", creator=lambda: open_ledger(path))
    yield inspect(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def declared():
    """What SQLAlchemy finds in a database made from the MetaData."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    yield inspect(engine)
    engine.dispose()


def columns(inspector, table):
    keys = inspector.get_pk_constraint(table)["constrained_columns"]
    return [
        (c["name"], _kind(c["type"]), c["nullable"] and c["name"] not in keys)
        for c in inspector.get_columns(table)
    ]


def foreign_keys(inspector, table):
    # SQLAlchemy reads no ON DELETE of a key that stands with its column.
    with inspector.engine.connect() as connection:
        found = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})")
        return [tuple(row) for row in found]


def _kind(column_type):
    # SQLite keeps whole numbers alike; only INTEGER can be the key of a rowid.
    return "INTEGER" if isinstance(column_type, Integer) else str(column_type)


def test_both_have_the_same_tables(migrated):
    tables = [t for t in migrated.get_table_names() if not t.startswith("sqlite_")]

    assert sorted(tables) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_both_have_the_same_columns_keys_and_indexes(migrated, declared, table):
    assert columns(migrated, table) == columns(declared, table)
    for ask in ("get_pk_constraint", "get_indexes"):
        assert getattr(migrated, ask)(table) == getattr(declared, ask)(table), ask
    assert foreign_keys(migrated, table) == foreign_keys(declared, table)
    unique = [sorted(u["column_names"]) for u in migrated.get_unique_constraints(table)]
    assert unique == [
        sorted(u["column_names"]) for u in declared.get_unique_constraints(table)
    ]
    options = ("sqlite_with_rowid", "sqlite_autoincrement")
    assert {k: migrated.get_table_options(table).get(k) for k in options} == {
        k: declared.get_table_options(table).get(k) for k in options
    }


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_the_statements_fill_the_columns_that_the_metadata_knows(table):
    own_keys = OWN_KEYS.get(table, set())
    known = [c.name for c in metadata.tables[table].columns if c.name not in own_keys]
    compiled = metadata.tables[table].insert().values(dict.fromkeys(known))

    assert sorted(COLUMNS[table]) == sorted(known)
    if list(COLUMNS[table]) == known:
        expected = str(compiled.compile(dialect=sqlite.dialect()))
        assert insert(table).split(" ON CONFLICT")[0] == expected


def test_every_statement_is_one_that_the_migrated_ledger_takes(tmp_path):
    with contextlib.closing(open_ledger(tmp_path / "ledger.db")) as connection:
        for table, names in COLUMNS.items():
            connection.execute(f"EXPLAIN {insert(table)}", [None] * len(names))


def test_postgresql_would_take_the_same_tables():
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "DOUBLE PRECISION" in text or table.name in WITHOUT_NUMBERS
        for index in table.indexes:
            assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))
