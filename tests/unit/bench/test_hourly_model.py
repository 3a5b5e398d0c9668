import csv
import gzip
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.bench.hourly_model import deferral, find_traces, main, mape

FIRST = datetime(2022, 6, 1, tzinfo=UTC)


def wide(folder, zones, days=30, name="hours.csv.gz"):
    lines = [",".join(["datetime_utc", *zones])]
    for hour in range(24 * days):
        at = FIRST + timedelta(hours=hour)
        cells = [f"{value(hour):.2f}" for value in zones.values()]
        lines.append(",".join([f"{at:%Y-%m-%d %H:%M:%S}", *cells]))
    data = "\n".join(lines).encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    return folder


def sunny(hour):
    return 400.0 - 150.0 * max(0.0, np.sin((hour % 24 - 5) * np.pi / 14))


def test_a_folder_without_hours_says_so(tmp_path, capsys):
    assert main(["--traces", str(tmp_path)]) == 2
    assert "no hours of any zone" in capsys.readouterr().err


def test_columns_that_are_no_zones_are_left_out_aloud(tmp_path, capsys):
    folder = wide(tmp_path, {"Atlantis": sunny, "ES": sunny, "DE": sunny})

    assert main(["--traces", str(folder), "--json", str(tmp_path / "rows.json")]) == 0
    assert "Atlantis" in capsys.readouterr().err
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["zone"] for row in rows] == ["ES", "DE"]
    assert rows[0]["r_within_day"] > 0.8
    assert 0 < rows[0]["saved_4h_pct"] <= rows[0]["oracle_4h_pct"]


def test_a_gap_and_a_zero_end_the_stretch(tmp_path):
    def holed(hour):
        return 0.0 if hour == 24 * 2 + 5 else 300.0

    traces = list(find_traces(wide(tmp_path, {"DE": holed}, days=40)))

    assert traces[0].first == FIRST + timedelta(days=3)
    assert len(traces[0].g_per_kwh) == 24 * 37


def test_a_file_of_one_zone_is_read_by_its_name(tmp_path):
    rows = [["", "UTC time", "carbon_intensity"]]
    rows += [
        [str(i), f"{FIRST + timedelta(hours=i):%m/%d/%Y %H:%M}", str(300 + i % 24)]
        for i in range(24 * 30)
    ]
    with (tmp_path / "CISO_lifecycle_emissions.csv").open("w", newline="") as out:
        csv.writer(out).writerows(rows)

    trace = next(find_traces(tmp_path))

    assert (trace.zone, trace.first) == ("CISO", FIRST)
    assert trace.g_per_kwh[23] == 323


@pytest.mark.parametrize("job_h", [1, 4])
def test_the_truth_itself_reaches_the_oracle_and_a_flat_signal_nothing(job_h):
    truth = np.array([sunny(h) for h in range(24 * 10)])

    saved, oracle = deferral(truth, truth, job_h)

    assert saved == pytest.approx(oracle)
    assert oracle > 0.1
    assert deferral(truth, np.ones_like(truth), job_h)[0] == 0.0


def test_the_error_of_a_perfect_shape_is_nought():
    truth = np.array([sunny(h) for h in range(48)])

    assert mape(truth, truth / truth.mean()) == pytest.approx(0.0)
