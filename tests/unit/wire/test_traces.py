import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from greenops.errors import ConfigError, SignalError, UnknownZoneError
from greenops.wire.traces import Traces
from tests.unit.forecast.grids import FIRST, habitual

HOUR = timedelta(hours=1)
DAYS = 130


def write(path, columns, *, first=FIRST):
    """Write hours as a table of zones; NaN is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    length = len(next(iter(columns.values())))
    rows = [
        ",".join(
            [f"{first + i * HOUR:%Y-%m-%d %H:%M:%S}"]
            + ["" if np.isnan(v[i]) else f"{v[i]:.3f}" for v in columns.values()]
        )
        for i in range(length)
    ]
    path.write_text("\n".join([",".join(["datetime_utc", *columns]), *rows]) + "\n")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "hours.csv", {"DE": habitual(DAYS, seed=1)})
    return tmp_path


def at(day, hour=0.0):
    return FIRST + timedelta(days=day, hours=hour)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_recorded_hours_is_said(tmp_path, name):
    (tmp_path / "empty").mkdir()

    with pytest.raises(ConfigError, match=f"--replay .*{name}"):
        Traces(tmp_path / name)


def test_a_zone_that_no_file_has_is_said(folder):
    with pytest.raises(UnknownZoneError, match="it has DE"):
        Traces(folder).known_at("FR", at(50))


@pytest.mark.parametrize("day", [-1, DAYS + 1])
def test_a_moment_that_no_file_has_is_said_with_what_there_is(folder, day):
    with pytest.raises(SignalError, match="it has 2024-01-15 00:00 to"):
        Traces(folder).known_at("DE", at(day))


def test_at_the_very_beginning_nothing_is_known_yet(folder):
    with pytest.raises(SignalError):
        Traces(folder).known_at("DE", at(0))


def test_a_forecast_is_the_same_whatever_came_afterwards(tmp_path):
    """The property a replay stands on: nothing later is looked at."""
    values = habitual(DAYS, seed=1)
    moment = at(100, 9.5)
    other = values.copy()
    other[100 * 24 + 9 :] = 900.0
    write(tmp_path / "a" / "hours.csv", {"DE": values})
    write(tmp_path / "b" / "hours.csv", {"DE": other})

    one = Traces(tmp_path / "a").known_at("DE", moment)
    two = Traces(tmp_path / "b").known_at("DE", moment)

    assert one.hours == two.hours
    assert one.issued_at == moment


def test_a_long_history_is_learnt_from_and_a_short_one_is_habit(folder):
    traces = Traces(folder)

    assert traces.known_at("DE", at(120)).method == "own"
    assert traces.known_at("DE", at(10)).method == "mean of the last 7 days"
    assert traces.known_at("DE", at(1.5)).method == "the day before"


def test_a_forecast_begins_with_the_hour_of_its_moment(folder):
    found = Traces(folder).known_at("DE", at(120, 9.5))

    assert found.hours[0].start == at(120, 9)
    assert len(found.hours) == 168


def test_what_came_is_what_the_file_says(folder):
    found = Traces(folder).that_came("DE", at(120, 9.5), at(121))

    values = habitual(DAYS, seed=1)
    assert [h.start for h in found.hours] == [at(120, 9 + i) for i in range(15)]
    assert [h.intensity_g_per_kwh for h in found.hours] == pytest.approx(
        values[120 * 24 + 9 : 121 * 24], abs=0.01
    )


def test_what_came_ends_at_a_gap_and_at_the_end_of_the_file(tmp_path):
    values = habitual(DAYS, seed=1)
    values[100 * 24 + 30] = np.nan
    write(tmp_path / "hours.csv", {"DE": values})
    traces = Traces(tmp_path)

    assert len(traces.that_came("DE", at(100), at(103)).hours) == 30
    assert len(traces.that_came("DE", at(DAYS - 1), at(DAYS + 5)).hours) == 24


def test_folders_within_the_folder_are_read_too(tmp_path):
    write(tmp_path / "one" / "hours.csv", {"DE": habitual(DAYS)})
    write(tmp_path / "two" / "hours.csv", {"FR": habitual(DAYS, level=50.0)})

    traces = Traces(tmp_path)

    assert traces.known_at("DE", at(20)).zone == "DE"
    assert traces.known_at("FR", at(20)).zone == "FR"


def test_of_two_folders_with_a_zone_the_one_that_has_the_moment_counts(tmp_path):
    write(tmp_path / "old" / "hours.csv", {"DE": habitual(30)})
    write(
        tmp_path / "recent" / "hours.csv",
        {"DE": habitual(30, level=50.0)},
        first=FIRST + timedelta(days=60),
    )
    traces = Traces(tmp_path)

    assert traces.that_came("DE", at(10), at(11)).hours[0].intensity_g_per_kwh > 150
    assert traces.that_came("DE", at(70), at(71)).hours[0].intensity_g_per_kwh < 100
    with pytest.raises(SignalError, match="has no intensity of DE"):
        traces.known_at("DE", at(45))


def test_a_zone_may_be_called_as_the_files_do(tmp_path):
    write(tmp_path / "hours.csv", {"CISO": habitual(30)})

    traces = Traces(tmp_path)

    assert traces.known_at("CISO", at(20)).zone == "US-CAL-CISO"
    assert traces.known_at("US-CAL-CISO", at(20)).zone == "US-CAL-CISO"


def test_the_last_week_is_that_of_the_zone_that_ends_first(tmp_path):
    write(tmp_path / "a" / "h.csv", {"DE": habitual(30), "SE": habitual(30)})
    write(tmp_path / "b" / "h.csv", {"DE": habitual(40)})
    traces = Traces(tmp_path)

    assert traces.week_before_end(["DE"]) == at(33)
    assert traces.week_before_end(["DE", "SE", "XX"]) == at(23)
    with pytest.raises(UnknownZoneError):
        traces.week_before_end(["XX"])


def test_what_is_no_intensity_file_is_passed_over(folder):
    (folder / "jobs").mkdir()
    (folder / "jobs" / "jobs.csv").write_text("arrival_time,length\n1,2\n")
    (folder / "readme.txt").write_text("hello")

    assert Traces(folder).known_at("DE", at(10)).zone == "DE"


def test_who_is_named_is_whose_figures_were_used(folder):
    (folder / "other").mkdir()
    (folder / "other" / "FR_lifecycle_emissions.csv").write_text(
        "UTC time,carbon_intensity\n2024-01-15 00:00:00,50\n"
    )
    traces = Traces(folder)
    before = traces.attributions()
    traces.known_at("DE", at(10))

    assert (before, traces.attributions()) == ((), ("your own data",))


@pytest.mark.skipif("TRACES" not in os.environ, reason="no real traces: set TRACES")
def test_real_traces_are_replayed_from_either_folder():
    traces = Traces(Path(os.environ["TRACES"]))

    moment = datetime(2021, 9, 1, 8, tzinfo=UTC)
    assert traces.known_at("CISO", moment).method == "own"
    assert traces.known_at("IE", moment.replace(year=2022)).method == "own"
    assert len(traces.that_came("DE", moment, moment + 48 * HOUR).hours) == 48
