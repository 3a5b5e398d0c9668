import csv
import json
import sys

import pytest

pytestmark = pytest.mark.usefixtures("ledger")


def test_samples_are_exported_with_their_run(greenops, tmp_path):
    target = tmp_path / "samples.csv"

    result = greenops(
        "export", "--csv", "--samples", "-o", str(target), "--name", "base"
    )

    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert "wrote 20 rows" in result.stderr
    assert len(rows) == 20
    assert {row["device_id"] for row in rows} == {"gpu:GPU-1", "cpu:model"}
    assert sum(float(row["job_energy_j"]) for row in rows) == pytest.approx(3100)
    assert {row["method"] for row in rows} == {"counter"}


def test_the_form_follows_from_the_name_of_the_file(greenops, tmp_path):
    target = tmp_path / "runs.json"

    assert greenops("export", "-o", str(target)).exit_code == 0
    assert len([json.loads(line) for line in target.read_text().splitlines()]) == 3


def test_parquet_holds_the_same_as_json(greenops, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "runs.parquet"

    assert greenops("export", "--parquet", "-o", str(target)).exit_code == 0

    lines = greenops("export", "--json", "-o", "-").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    table = parquet.read_table(target)
    assert table.column("energy_j").to_pylist() == [row["energy_j"] for row in rows]
    begun = [moment.isoformat() for moment in table.column("started_at").to_pylist()]
    assert begun == [row["started_at"] for row in rows]


def test_parquet_without_pyarrow_says_what_to_install(greenops, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    result = greenops("export", "--parquet", "-o", str(tmp_path / "a.parquet"))

    assert result.exit_code == 2
    assert "pip install 'greenops[parquet]'" in result.stderr
    assert list(tmp_path.glob("*.parquet")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "choose --csv"),
        (["--parquet"], "needs -o FILE"),
        (["--csv", "-o", "/no/such/folder/a.csv"], "no folder"),
        (["-o", "runs.xlsx"], "choose --csv"),
    ],
)
def test_what_cannot_be_written_is_said(greenops, words, said):
    result = greenops("export", *words)

    assert result.exit_code == 2
    assert said in result.stderr


def test_an_export_may_go_to_a_device(greenops):
    assert greenops("export", "--csv", "-o", "/dev/null").exit_code == 0
