import contextlib
import json
import sqlite3

import pytest

from greenops.ledger.recorder import LedgerRecorder
from greenops.model import RunStatus
from tests.unit.cli.conftest import write_run
from tests.unit.report import records as r

pytestmark = pytest.mark.usefixtures("ledger")


def test_a_run_is_shown_in_full(greenops):
    text = greenops("show", "base").output

    for said in (
        "base  finished in 10.0 s",
        "3100 J",
        "GPU NVIDIA H200",
        "CPU AMD EPYC 9654",
        "CPU 2.0 of 16 cores, memory 1.00 GiB",
        "python train.py",
        "by ada on node1",
        "project vision",
        "stage=pretrain",
        "lifetime: 5 years",
        "(before the first mark)",
        "epoch 1",
        "1240 J",
        "300 W┤",
        "~/data/greenops/ledger.db",
    ):
        assert said in text, said


@pytest.mark.parametrize("name", ["last", "20260301-120002-cccccc", "20260301-120002"])
def test_a_run_is_found_by_id_beginning_or_last(greenops, name):
    document = json.loads(greenops("show", name, "--json").output)

    assert document["run_id"] == "20260301-120002-cccccc"
    assert document["exit_code"] == 3


def test_the_document_has_phases_and_units(greenops):
    document = json.loads(greenops("show", "base", "--json").output)

    assert document["schema"] == "greenops.run/1"
    assert [p["energy_j"] for p in document["phases"]] == pytest.approx([1240, 1860])
    assert document["peak_power_w"] == pytest.approx(310)
    assert document["cpu_time_s"] == pytest.approx(20)
    assert document["emissions"]["total_g"] == pytest.approx(3)


def test_a_running_run_is_shown_too(greenops, home):
    run = r.run("20260301-130000-dddddd", "going", recorder_pid=1)
    recorder = LedgerRecorder()
    write_run(recorder, run, status=RunStatus.RUNNING)
    recorder.flush(10)
    recorder.close()

    result = greenops("show", "going")

    assert result.exit_code == 0, result.output
    assert home.exists()
    assert "going" in result.output


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_picture_is_drawn(greenops, tmp_path, suffix):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"out.{suffix}"

    result = greenops("show", "base", "--plot", str(path))

    assert result.exit_code == 0
    assert path.stat().st_size > 1000
    assert "drew" in result.stderr


def test_a_picture_of_unknown_form_is_refused(greenops):
    result = greenops("show", "base", "--plot", "out.gif")

    assert result.exit_code == 2
    assert ".png, .svg, .pdf" in result.stderr


def test_equivalents_can_be_switched_off(greenops, monkeypatch):
    assert "that is" in greenops("show", "base").output

    monkeypatch.setenv("GREENOPS_FOOTPRINT_EQUIVALENTS", "false")

    assert "that is" not in greenops("show", "base").output


def test_compare_says_what_may_be_claimed(greenops):
    text = greenops("compare", "base", "lean").output

    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert rows["energy"].endswith("less")
    assert "0.355" in rows["energy"]
    assert rows["CPU energy"].endswith("no difference can be claimed")


def test_compare_takes_several_runs(greenops):
    document = json.loads(greenops("compare", "base", "lean", "last", "--json").output)

    assert [d["other_run_id"][-6:] for d in document] == ["b" * 6, "c" * 6]
    energy = next(q for q in document[0]["quantities"] if q["key"] == "energy_j")
    assert energy["ratio"] == pytest.approx(1100 / 3100)
    assert energy["overlap"] is False


def test_compare_needs_two(greenops):
    assert greenops("compare", "base").exit_code == 2


@pytest.mark.parametrize("command", ["show", "compare"])
def test_a_run_whose_rows_are_damaged_is_named(greenops, home, command):
    path = home / "data" / "greenops" / "ledger.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE totals SET method = 77")
        connection.commit()

    result = greenops(command, "base", *(["lean"] if command == "compare" else []))

    assert result.exit_code == 1
    assert "the rows of 'base' are damaged" in result.stderr
