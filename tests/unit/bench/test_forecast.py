import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from greenops.forecast.hours import DAY_H, HOUR, History
from tests.bench.carboncast import Region, regions
from tests.bench.forecast import ALONE, HORIZONS_H, Replayed, main, replay, report
from tests.unit.bench.test_carboncast import FIRST, hours, issues
from tests.unit.forecast.grids import habitual

ROW = {"region", "method", "horizon_h", "mape_pct", "cover80_pct", "cover95_pct"}
DAYS = 130
TRUTH = habitual(DAYS, seed=6)


def region(*, issued=(), days=DAYS, off=1.0, mix=None):
    said = {}
    for day in issued:
        at = FIRST + day * DAY_H * HOUR
        said[at] = off * TRUTH[day * DAY_H : day * DAY_H + 96]
    history = History(first=FIRST, g_per_kwh=TRUTH[: days * DAY_H].copy(), mix=mix)
    return Region("DE", history, said)


def rows_of(found, method):
    return {r["horizon_h"]: r for r in found.rows if r["method"] == method}


def test_a_folder_without_regions_says_so(tmp_path, capsys):
    assert main(["--traces", str(tmp_path)]) == 2
    assert "no hours of any region" in capsys.readouterr().err


@pytest.mark.slow
def test_a_region_too_short_to_replay_is_left_out_aloud(tmp_path, capfd):
    hours(tmp_path, count=100)

    assert main(["--traces", str(tmp_path), "--json", str(tmp_path / "out")]) == 2
    assert "left out: DE" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_replay_has_a_row_per_method_and_horizon():
    found = replay(region(issued=(120, 121, 122)))

    assert found.days == 3
    assert all(set(r) == ROW for r in found.rows)
    for method in ("own", "blended", "persistence", "week_mean"):
        assert list(rows_of(found, method)) == list(HORIZONS_H)
    assert rows_of(found, ALONE) == {}


def test_a_provider_is_scored_as_far_as_it_goes():
    found = replay(region(issued=(120, 121, 122), off=1.1))

    provider = rows_of(found, "provider")
    assert list(provider) == [24, 48, 96]
    assert provider[96]["mape_pct"] == pytest.approx(10.0)
    assert provider[96]["cover80_pct"] is None


def test_own_is_scored_against_what_came_and_has_its_bands():
    rows = rows_of(replay(region(issued=range(118, 124))), "own")

    assert 0 < rows[24]["mape_pct"] < 8
    assert 50 < rows[96]["cover80_pct"] < rows[96]["cover95_pct"] <= 100


def test_a_history_with_a_mix_is_replayed_without_it_too():
    mix = np.random.default_rng(1).random((DAYS * DAY_H, 2))

    found = replay(region(issued=(120, 121), mix=mix))

    assert list(rows_of(found, ALONE)) == list(HORIZONS_H)
    assert rows_of(found, ALONE) != rows_of(found, "own")


def test_a_replay_sees_nothing_of_what_came_after():
    one = region(issued=(120,))
    changed = region(issued=(120,))
    changed.history.g_per_kwh[120 * DAY_H :] *= 2.0

    a, b = replay(one), replay(changed)

    # The forecasts are the same, so what came at twice the level is off by half.
    off = rows_of(b, "persistence")[24]["mape_pct"]
    assert off != pytest.approx(rows_of(a, "persistence")[24]["mape_pct"])
    assert rows_of(b, "own")[24]["mape_pct"] == pytest.approx(50.0, abs=8)


def test_the_model_is_fitted_once_a_week():
    found = replay(region(issued=range(110, 121)))

    assert len(found.train_s) == 2
    assert len(found.warm_s) == 9


def test_the_table_for_people_has_every_method_and_region():
    found = replay(region(issued=(120, 121, 122)))

    shown = report([found])

    for said in ("1 regions, 3 issues", "DE", "own", "blended", "provider", "168 h"):
        assert said in shown


def test_hours_that_nobody_knows_are_no_figure():
    with pytest.raises(TypeError, match="not a figure"):
        report(
            [
                Replayed(
                    rows=[
                        {
                            "region": "DE",
                            "method": "own",
                            "horizon_h": 96,
                            "mape_pct": None,
                            "cover80_pct": None,
                            "cover95_pct": None,
                        }
                    ],
                    train_s=[1.0],
                    warm_s=[1.0],
                    days=1,
                    peak_mib=1.0,
                )
            ]
        )


@pytest.mark.slow
def test_a_folder_from_end_to_end_makes_the_rows(tmp_path, capsys):
    def value(hour):
        return f"{TRUTH[hour]:.2f}"

    hours(tmp_path, count=DAYS * DAY_H, value=value)
    issues(tmp_path, days=(120, 121, 122), truth=value)
    out = tmp_path / "rows.json"

    assert main(["--traces", str(tmp_path), "--json", str(out)]) == 0

    rows = json.loads(out.read_text())
    assert all(set(row) == ROW for row in rows)
    assert {r["region"] for r in rows} == {"DE"}
    assert {r["method"] for r in rows} == {
        "own",
        "blended",
        "persistence",
        "week_mean",
        "provider",
    }
    assert "1 regions, 3 issues" in capsys.readouterr().out


@pytest.mark.skipif("TRACES" not in os.environ, reason="no real traces: set TRACES")
def test_real_hours_are_forecast_better_than_by_habit():
    found = {r.name: r for r in regions(Path(os.environ["TRACES"]) / "carboncast")}
    assert found, "TRACES has no folder carboncast"
    last: datetime = max(found["CISO"].said)
    one = found["CISO"]
    one.said = {
        at: said for at, said in one.said.items() if at > last - timedelta(days=60)
    }

    done = replay(one)

    mape = {
        m: rows_of(done, m)[96]["mape_pct"] for m in ("own", "blended", "week_mean")
    }
    assert mape["own"] < 0.9 * mape["week_mean"]
    assert mape["blended"] < 1.05 * mape["own"]
    assert 70 < rows_of(done, "own")[96]["cover80_pct"] < 92
    assert 88 < rows_of(done, "own")[96]["cover95_pct"] < 99
