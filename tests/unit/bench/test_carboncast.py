import gzip
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.bench.carboncast import regions

FIRST = datetime(2021, 6, 1, tzinfo=UTC)
US, EU = "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S"


def g_of(hour):
    return 300.0 + hour % 24


def table(path, head, rows):
    lines = "\n".join(",".join(map(str, row)) for row in (head, *rows)) + "\n"
    data = lines.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def hours(folder, name="DE", *, count=240, form=EU, value=g_of, suffix=".csv.gz"):
    """The hours of one region, as the folder lays them out."""
    rows = [
        [i, f"{FIRST + timedelta(hours=i):{form}}", value(i), 10.0, 30.0]
        for i in range(count)
    ]
    head = ["", "UTC time", "carbon_intensity", "coal", "wind"]
    table(folder / f"{name}_lifecycle_emissions{suffix}", head, rows)


def issues(folder, name="DE", *, days=(1, 2, 3), form=EU, length=96, truth=g_of):
    rows = [
        [f"{FIRST + timedelta(days=d, hours=h):{form}}", truth(24 * d + h), 400.0 + d]
        for d in days
        for h in range(length)
    ]
    head = ["UTC time", "actual_carbon_intensity", "forecasted_carbon_intensity"]
    table(folder / f"{name}_forecasts_Jul_Dec_2021.csv", head, rows)


def test_a_folder_without_regions_has_none(tmp_path):
    assert regions(tmp_path) == []


def test_files_of_an_unknown_layout_are_left_out_aloud(tmp_path, capsys):
    table(tmp_path / "jobs.csv", ["arrival", "length"], [[1, 2]])
    (tmp_path / "empty.csv").write_text("")
    hours(tmp_path)

    assert [r.name for r in regions(tmp_path)] == ["DE"]
    said = capsys.readouterr().err
    assert "jobs.csv" in said
    assert "empty.csv" in said


@pytest.mark.parametrize("form", [US, EU])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_both_ways_to_write_a_date_are_read(tmp_path, form, suffix):
    hours(tmp_path, form=form, suffix=suffix)

    (region,) = regions(tmp_path)

    assert region.history.first == FIRST
    np.testing.assert_array_equal(
        region.history.g_per_kwh, [g_of(i) for i in range(240)]
    )
    assert region.said == {}


def test_the_mix_is_shares_and_the_size_of_it_all(tmp_path):
    hours(tmp_path)

    mix = regions(tmp_path)[0].history.mix

    assert mix is not None
    np.testing.assert_allclose(mix[5], [0.25, 0.75, np.log(40.0)])


def test_zeroes_and_holes_are_gaps(tmp_path):
    hours(tmp_path, value=lambda i: {3: 0.0, 4: "", 5: "n/a"}.get(i, 100.0))

    g = regions(tmp_path)[0].history.g_per_kwh

    assert np.isnan(g[3:6]).all()
    assert np.isfinite(g).sum() == 237


def test_a_table_of_many_zones_is_read_by_column(tmp_path):
    rows = [
        [f"{FIRST + timedelta(hours=i):%Y-%m-%d %H:%M:%S}", 100 + i, 200, ""]
        for i in range(48)
    ]
    table(tmp_path / "zones.csv", ["datetime_utc", "DE", "FR", "XX"], rows)

    found = regions(tmp_path)

    assert [r.name for r in found] == ["DE", "FR"]
    np.testing.assert_array_equal(found[0].history.g_per_kwh, np.arange(100, 148))
    assert found[0].history.mix is None


def test_each_block_of_hours_is_one_issue(tmp_path):
    hours(tmp_path)
    issues(tmp_path)

    said = regions(tmp_path)[0].said

    assert list(said) == [FIRST + timedelta(days=d) for d in (1, 2, 3)]
    for day, block in zip((1, 2, 3), said.values(), strict=True):
        np.testing.assert_array_equal(block, np.full(96, 400.0 + day))


def test_an_issue_whose_truth_is_not_what_came_is_left_out_aloud(tmp_path, capsys):
    hours(tmp_path)
    issues(tmp_path, truth=lambda h: g_of(h) * (1.5 if h >= 168 - 5 else 1.0))

    said = regions(tmp_path)[0].said

    assert list(said) == [FIRST + timedelta(days=d) for d in (1, 2)]
    assert "DE, issue of 2021-06-04" in capsys.readouterr().err


def test_where_most_truths_differ_the_forecasts_are_kept_and_it_is_said(
    tmp_path, capsys
):
    hours(tmp_path)
    issues(tmp_path, truth=lambda h: 1.2 * g_of(h))

    said = regions(tmp_path)[0].said

    assert len(said) == 3
    assert "in 3 of 3 issues" in capsys.readouterr().err


def test_an_issue_that_bears_the_time_of_another_does_not_cost_that_one(tmp_path):
    hours(tmp_path)
    issues(tmp_path, days=(1, 2, 3))
    path = next(tmp_path.glob("*_forecasts_*"))
    head, *rows = path.read_text().splitlines()
    wrong = [f"{row.split(',')[0]},999.0,1.0" for row in rows[:96]]
    path.write_text("\n".join((head, *rows, *wrong)) + "\n")

    said = regions(tmp_path)[0].said

    assert list(said) == [FIRST + timedelta(days=d) for d in (1, 2, 3)]
    assert said[FIRST + timedelta(days=1)][0] == 401.0


def test_names_with_underscores_are_whole_and_direct_is_a_region_of_its_own(tmp_path):
    hours(tmp_path, "AUS_QLD")
    hours(tmp_path, "AUS_NSW")
    whole = tmp_path / "AUS_NSW_lifecycle_emissions.csv.gz"
    (tmp_path / "AUS_NSW_direct_emissions.csv.gz").write_bytes(whole.read_bytes())

    assert [r.name for r in regions(tmp_path)] == [
        "AUS_NSW",
        "AUS_NSW direct",
        "AUS_QLD",
    ]


def test_forecasts_of_a_region_without_hours_are_no_region(tmp_path):
    issues(tmp_path, "FR")
    hours(tmp_path, "DE")

    found = regions(tmp_path)

    assert [r.name for r in found] == ["DE"]
    assert found[0].said == {}
