import json

import pytest

from tests.bench.planner_together import together_rows


def test_rows_say_what_planning_together_saves_beside_taking_turns(traces, monkeypatch):
    folder, lines = traces
    del lines[1 + 24 * 28 :]
    (folder / "zones" / "any_name.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.setattr("tests.bench.planner_together.SIZES", (25,))

    (row,) = together_rows(folder)

    assert (row["jobs"], row["jobs_file"]) == (25, "some.csv")
    assert row["region"] == "A1+B2+C3+D4+E5"
    assert row["deadline_misses"] == row["in_turn_refused"] == 0
    assert row["in_turn_saved_pct"] <= row["saved_pct"]
    # The bound counts capacity in whole hours, the plans do not.
    assert row["saved_pct"] == pytest.approx(row["oracle_saved_pct"], abs=3.0)
    json.dumps(row)


def test_a_folder_without_zones_or_without_enough_jobs_has_no_rows(traces):
    folder, lines = traces
    assert together_rows(folder) == []
    (folder / "zones" / "any_name.csv").write_text("\n".join(lines) + "\n")
    assert together_rows(folder) == []
