import json
import os
from pathlib import Path

import pytest

from tests.bench.planner_capacity import capacity_rows
from tests.bench.planner_scale import KINDS, instance, measured, scale_rows

REACH_PCT = 97.0
MOST_MIB = 300


def test_rows_say_how_near_the_plan_comes_to_the_oracle(traces, monkeypatch):
    folder, lines = traces
    del lines[1 + 24 * 28 :]
    (folder / "zones" / "any_name.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr("tests.bench.planner_capacity.SIZES", (100, 120))
    monkeypatch.setattr("tests.bench.planner_capacity.RUNS", 1)

    rows = capacity_rows(folder)

    assert [(row["jobs"], row["interruptible"]) for row in rows] == [
        (100, False),
        (100, True),
        (100, False),
        (120, False),
        (120, False),
    ]
    for row in rows:
        assert row["region"] == "A1+B2+C3+D4+E5"
        assert row["deadline_misses"] == 0
        assert 90 < row["pct_of_oracle"] <= 100.001
        assert 0 < row["saved_pct"] <= row["oracle_saved_pct"] + 1e-6
    json.dumps(rows)


def test_a_folder_without_zones_has_no_rows(traces):
    folder, _ = traces

    assert capacity_rows(folder) == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_row_of_scale_can_be_written_as_json(kind, monkeypatch):
    small = instance(may_pause=KINDS[kind], jobs=500, places=4, hours=60)
    monkeypatch.setattr("tests.bench.planner_scale.instance", lambda **_: small)

    row = measured(may_pause=KINDS[kind])

    assert row["deadline_misses"] == 0
    assert row["interruptible"] == KINDS[kind]
    json.dumps(row)


def test_a_process_that_plans_100_000_jobs_stays_small_whoever_started_it():
    ballast = bytearray(b"x") * (MOST_MIB << 20)
    for row in scale_rows():
        assert row["jobs"] == 100_000
        assert row["peak_mib"] < MOST_MIB < len(ballast)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif("TRACES" not in os.environ, reason="TRACES names no folder")
def test_real_jobs_come_near_the_oracle():
    for row in capacity_rows(Path(os.environ["TRACES"])):
        assert row["pct_of_oracle"] >= REACH_PCT
        assert row["deadline_misses"] == 0
