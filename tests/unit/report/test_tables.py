import csv
import io
import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import ConfigError
from greenops.report.cells import guarded
from greenops.report.tables import Row, write_csv, write_file, write_json_lines

ROWS: list[Row] = [
    {"run_id": "a", "energy_j": 1.5, "tags": {"k": "=cmd()"}},
    {"run_id": "=2+5", "energy_j": None, "tags": {}},
]
FIELDS = ("run_id", "energy_j", "tags")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  =", "\uff1d"])
def test_text_that_a_spreadsheet_would_run_is_guarded(start):
    assert str(guarded(f"{start}cmd|' /C calc'!A0")).startswith("'")


def test_numbers_and_plain_text_stay_what_they_are():
    assert guarded(-1.5) == -1.5
    assert guarded("train.py") == "train.py"
    assert guarded(None) is None


@given(st.text(st.characters() | st.sampled_from("=\x00\n\r\",'\ud800")))
def test_a_csv_reader_gets_back_one_cell_per_cell(name):
    stream = io.StringIO(newline="")
    write_csv([{"name": name, "n": 1}], ("name", "n"), stream)

    rows = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))

    assert len(rows) == 2
    assert rows[1][1] == "1"
    assert not rows[1][0].startswith(("=", "+", "@"))
    stream.getvalue().encode()


def test_what_is_not_known_is_an_empty_cell():
    stream = io.StringIO()
    assert write_csv(ROWS, FIELDS, stream) == 2
    assert stream.getvalue().splitlines()[2] == "'=2+5,,{}"


def test_json_lines_read_back():
    stream = io.StringIO()
    write_json_lines(ROWS, FIELDS, stream)

    assert [json.loads(line) for line in stream.getvalue().splitlines()] == ROWS


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_failure_leaves_the_older_file_and_no_other(tmp_path, form):
    target = tmp_path / "out"
    target.write_text("older")

    def failing():
        yield ROWS[0]
        raise RuntimeError("the ledger went away")

    with pytest.raises(RuntimeError, match="went away"):
        write_file(failing(), FIELDS, target, form)

    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_gets_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path):
    target = tmp_path / "out.csv"
    write_file(ROWS, FIELDS, target, "csv")
    (tmp_path / "plain").write_text("")
    usual = (tmp_path / "plain").stat().st_mode
    assert target.stat().st_mode == usual

    target.chmod(0o640)
    write_file(ROWS, FIELDS, target, "csv")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        write_file(ROWS, FIELDS, tmp_path / "nowhere" / "out.csv", "csv")


def test_parquet_has_typed_columns_even_without_rows(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_file(iter(ROWS), FIELDS, tmp_path / "full.parquet", "parquet")
    write_file(iter([]), FIELDS, tmp_path / "empty.parquet", "parquet")

    full = parquet.read_table(tmp_path / "full.parquet")
    empty = parquet.read_table(tmp_path / "empty.parquet")

    assert full.column("energy_j").to_pylist() == [1.5, None]
    assert full.column("run_id").to_pylist() == ["a", "=2+5"]
    assert full.schema == empty.schema
    assert str(full.schema.field("energy_j").type) == "double"
