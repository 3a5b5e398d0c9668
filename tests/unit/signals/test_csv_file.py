import gzip
import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import (
    ConfigError,
    MixedSignalsError,
    SignalError,
    UnknownZoneError,
)
from greenops.model import Basis, IntensityKind, Provenance
from greenops.signals.csv_file import CsvSignal

HOUR = timedelta(hours=1)
FIRST = datetime(2024, 3, 31, tzinfo=UTC)
LONG = "datetime_utc,zone,intensity_g_per_kwh"


def at(hour):
    return FIRST + hour * HOUR


def iso(hour):
    return f"{at(hour):%Y-%m-%dT%H:%M}"


def hourly(hours=6, first=100.0):
    """Rows of a table of one zone: 100, 101, ... g/kWh."""
    return "".join(f"{iso(h)},FR,{first + h}\n" for h in range(hours))


@pytest.fixture
def write(tmp_path):
    """Write one file; return a signal's settings for it."""

    def make(text, name="data.csv", **settings):
        path = tmp_path / name
        data = text.encode() if isinstance(text, str) else text
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return {"path": str(path), **settings}

    return make


def read(settings, zone="FR", start=0, stop=6):
    signal = CsvSignal.from_settings(settings)
    return list(signal.intensity(zone, at(start), at(stop)))


def values(points):
    return [p.intensity_g_per_kwh for p in points]


EM_HEADER = (
    "Datetime (UTC),Country,Zone name,Zone id,"
    "Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),"
    "Carbon-free energy percentage (CFE%),Data source,Data estimated\n"
)
EM_2023_HEADER = (
    "Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),"
    "Carbon Intensity gCO₂eq/kWh (LCA),Data Source,Data Estimated\n"
)
LAYOUTS = [
    pytest.param(
        "FR-hourly.csv",
        EM_HEADER
        + "".join(
            f"{at(h):%Y-%m-%d %H:%M:%S},France,France,FR,{40 + h},{100 + h},90,x,false\n"
            for h in range(6)
        ),
        id="electricity-maps",
    ),
    pytest.param(
        "FR_2023_hourly.csv.gz",
        EM_2023_HEADER
        + "".join(
            f"{at(h):%Y-%m-%d %H:%M:%S},France,France,FR,{40 + h},{100 + h},x,true\n"
            for h in range(6)
        ),
        id="electricity-maps-2023",
    ),
    pytest.param(
        "FR_lifecycle_emissions.csv.gz",
        ",UTC time,carbon_intensity,coal,nuclear\n"
        + "".join(
            f"{h},{at(h):%Y-%m-%d %H:%M:%S}+00:00,{100 + h},1,2\n" for h in range(6)
        ),
        id="carboncast-iso",
    ),
    pytest.param(
        "FR_lifecycle_emissions.csv",
        ",UTC time,carbon_intensity,coal,nuclear\n"
        + "".join(f"{h},{at(h):%m/%d/%Y %H:%M:%S},{100 + h},1,2\n" for h in range(6)),
        id="carboncast-us-dates",
    ),
    pytest.param(
        "wide.csv",
        "datetime_utc,DE,FR\n"
        + "".join(f"{at(h):%Y-%m-%d %H:%M:%S},400,{100 + h}\n" for h in range(6)),
        id="wide",
    ),
    pytest.param("long.csv", f"{LONG}\n{hourly()}", id="long"),
    pytest.param(
        "excel.csv",
        "\ufeffdatetime_utc;zone;intensity_g_per_kwh\r\n"
        + "".join(f"{iso(h)};FR;{100 + h},0\r\n" for h in range(6)),
        id="byte-order-mark-semicolons-decimal-commas",
    ),
    pytest.param(
        "tabs.csv",
        "datetime\tFR\n" + "".join(f"{iso(h)}Z\t{100 + h}\n\n" for h in range(6)),
        id="tabs-offsets-blank-lines",
    ),
]


@pytest.mark.parametrize(("name", "text"), LAYOUTS)
def test_each_layout_is_known_by_its_header(write, name, text):
    points = read(write(text, name))

    assert values(points) == [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]
    assert [(p.start, p.stop) for p in points] == [(at(h), at(h + 1)) for h in range(6)]
    for point in points:
        assert (point.zone, point.kind) == ("FR", IntensityKind.AVERAGE)
        assert point.basis is Basis.LIFE_CYCLE
        assert point.low_g_per_kwh < point.intensity_g_per_kwh < point.high_g_per_kwh
        assert name in point.source


def test_electricity_maps_says_which_hours_are_estimated(write):
    text = EM_HEADER + "".join(
        f"{at(h):%Y-%m-%d %H:%M:%S},France,France,FR,40,100,90,x,{said}\n"
        for h, said in enumerate(["false", "true", "False"])
    )

    points = read(write(text), stop=3)

    said = [p.provenance for p in points]
    assert said == [Provenance.MEASURED, Provenance.ESTIMATED, Provenance.MEASURED]
    assert [p.high_g_per_kwh for p in points] == pytest.approx([125, 140, 125])
    assert [p.low_g_per_kwh for p in points] == pytest.approx([80, 100 / 1.4, 80])


def test_direct_intensities_are_read_where_they_are_wanted(write):
    text = EM_HEADER + "".join(
        f"{at(h):%Y-%m-%d %H:%M:%S},France,France,FR,{40 + h},100,9,x,false\n"
        for h in range(3)
    )

    points = read(write(text, basis="direct"), stop=3)

    assert values(points) == [40.0, 41.0, 42.0]
    assert {p.basis for p in points} == {Basis.DIRECT}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("CAISO_NORTH_2024-03_MOER.csv", "timestamp,MOER,MOER version,frequency"),
        ("CAISO_NORTH_co2_moer_2024-03-31_2024-04-01.csv", "point_time,value,x,y"),
    ],
)
def test_watttime_is_marginal_and_converted_once(write, name, header):
    rows = "".join(
        f"{at(0) + i * timedelta(minutes=5):%Y-%m-%d %H:%M:%S}+00:00,1000,3.2,300\n"
        for i in range(12)
    )

    points = read(write(f"{header}\n{rows}", name), zone="CAISO_NORTH", stop=1)

    assert len(points) == 12
    assert points[0].intensity_g_per_kwh == pytest.approx(453.59237)
    assert points[0].high_g_per_kwh == pytest.approx(453.59237 * 1.3 + 20)
    assert {p.kind for p in points} == {IntensityKind.MARGINAL}
    assert points[0].stop - points[0].start == timedelta(minutes=5)


def test_watttimes_average_and_its_health_figures_are_not_taken_for_marginal(write):
    row = f"{iso(0)}Z,800\n{iso(1)}Z,800\n"
    aoer = write(f"point_time,value\n{row}", "PJM_DC_co2_aoer_a_b.csv")
    health = write(f"point_time,value\n{row}", "PJM_DC_health_damage_a_b.csv")

    assert CsvSignal.from_settings(aoer).traits.kind is IntensityKind.AVERAGE
    with pytest.raises(ConfigError, match="no known layout"):
        CsvSignal.from_settings(health)


def test_neso_national_takes_the_forecast_only_where_nothing_was_measured(write):
    rows = "".join(
        f"{at(0) + i * timedelta(minutes=30):%Y-%m-%dT%H:%M:%S},{200 + i},{actual},low\n"
        for i, actual in enumerate(["100", "101", "", "103"])
    )

    points = read(write(f"datetime,forecast,actual,index\n{rows}"), zone="GB", stop=2)

    assert values(points) == [100.0, 101.0, 202.0, 103.0]
    assert points[2].provenance is Provenance.FORECAST
    assert points[0].provenance is Provenance.ESTIMATED
    assert points[0].high_g_per_kwh == pytest.approx(100 * 1.15 + 5)
    assert points[2].high_g_per_kwh == pytest.approx(202 + 60)
    assert {p.basis for p in points} == {Basis.DIRECT}
    assert points[0].stop - points[0].start == timedelta(minutes=30)


def test_neso_regional_has_the_regions_by_name_and_zero_is_a_value(write):
    header = "datetime,North Scotland,Yorkshire,London,North Wales & Merseyside,Wales"
    rows = "".join(
        f"{at(0) + i * timedelta(minutes=30):%Y-%m-%dT%H:%M:%S},0,5,80,120,150\n"
        for i in range(4)
    )
    settings = write(f"{header}\n{rows}")

    signal = CsvSignal.from_settings(settings)

    assert values(read(settings, zone="GB-NORTH-SCOTLAND", stop=2)) == [0.0] * 4
    assert {"GB-LONDON", "GB-NORTH-WALES"} <= set(signal.zones())


def test_bounds_kind_and_basis_are_read_where_the_table_has_them(write):
    text = f"{LONG},low,high,kind,basis\n" + "".join(
        f"{iso(h)},FR,100,50,300,marginal,direct\n" for h in range(3)
    )

    settings = write(text)

    assert CsvSignal.from_settings(settings).traits.kind is IntensityKind.MARGINAL
    for point in read(settings, stop=3):
        assert (point.low_g_per_kwh, point.high_g_per_kwh) == (50.0, 300.0)
        assert (point.kind, point.basis) == (IntensityKind.MARGINAL, Basis.DIRECT)


def test_a_table_of_both_kinds_needs_a_choice(write):
    text = f"{LONG},kind\n" + "".join(
        f"{iso(h)},FR,{100 + h},average\n{iso(h)},FR,{500 + h},marginal\n"
        for h in range(3)
    )

    with pytest.raises(SignalError, match=r"line 3: marginal among average"):
        read(write(text), stop=3)
    assert values(read(write(text, kind="marginal"), stop=3)) == [500.0, 501.0, 502.0]


def test_a_table_of_both_bases_needs_a_choice(write):
    text = f"{LONG},basis\n" + "".join(
        f"{iso(h)},FR,{100 + h},life_cycle\n{iso(h)},FR,{50 + h},direct\n"
        for h in range(3)
    )

    with pytest.raises(MixedSignalsError, match="two bases"):
        read(write(text), stop=3)
    assert values(read(write(text, basis="direct"), stop=3)) == [50.0, 51.0, 52.0]


def test_files_of_two_bases_need_a_choice(write, tmp_path):
    rows = "".join(f"{iso(h)},{100 + h}\n" for h in range(3))
    write(f"UTC time,carbon_intensity\n{rows}", "FR_lifecycle_emissions.csv")
    write(f"UTC time,carbon_intensity\n{rows}", "FR_direct_emissions.csv")

    with pytest.raises(MixedSignalsError, match="choose"):
        read({"path": str(tmp_path)}, stop=3)


def test_files_of_two_kinds_cannot_be_one_signal(write, tmp_path):
    write(f"{LONG}\n{hourly()}", "a.csv")
    write(f"point_time,value\n{iso(0)}Z,500\n", "FR_co2_moer_a_b.csv")

    with pytest.raises(ConfigError, match="a folder of its own"):
        CsvSignal(tmp_path)


def test_a_folder_is_one_series_and_what_files_share_counts_once(write, tmp_path):
    write(f"{LONG}\n{hourly(4)}", "a.csv")
    later = "".join(f"{iso(h)},FR,{100 + h}\n" for h in range(3, 6))
    write(f"{LONG}\n{later}", "b.csv.gz")
    write("no table\n", "notes.csv")
    (tmp_path / "README.md").write_text("not a table")

    points = read({"path": str(tmp_path)})

    assert values(points) == [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]
    assert all(a.stop <= b.start for a, b in pairwise(points))


def test_files_that_contradict_each_other_leave_a_gap(write, tmp_path):
    write(f"{LONG}\n{hourly(4)}", "a.csv")
    write(f"{LONG}\n{iso(2)},FR,999\n{iso(3)},FR,103\n", "b.csv")

    points = read({"path": str(tmp_path)}, stop=4)

    assert [p.start for p in points] == [at(0), at(1), at(3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "empty; expected a header", id="empty"),
        pytest.param("\n\n", "empty", id="blank"),
        pytest.param("<!DOCTYPE html>\n<html>", "no known layout", id="html"),
        pytest.param("a,b,c\n1,2,3\n", "expected a download of", id="other-table"),
        pytest.param(b"datetime_utc,FR\xff\n", "not UTF-8", id="latin-1"),
        pytest.param("datetime_utc,FR\0\n", "line 1: no text a CSV", id="nul"),
        pytest.param("timestamp,MOER\n", "does not say which zone", id="no-zone"),
        pytest.param(
            f"{LONG},kind\n{iso(0)},FR,1,sideways\n", "line 2", id="unknown-kind"
        ),
    ],
)
def test_a_file_that_is_none_is_a_mistake_of_the_configuration(write, text, said):
    settings = write(text)

    with pytest.raises(ConfigError) as caught:
        CsvSignal.from_settings(settings)

    assert settings["path"] in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param(
            f"{iso(0)},FR,100\n31.3.2024 1:00,FR,101\n31.3.2024 2:00,FR,102\n",
            "line 3: not a time: '31.3.2024 1:00'; expected ISO 8601 (2 of 3 rows)",
            id="german-dates",
        ),
        pytest.param(f"{iso(0)},FR\n", "line 2: only 2 cells", id="short-rows"),
    ],
)
def test_a_row_that_cannot_be_read_is_said_with_its_line(write, rows, said):
    with pytest.raises(SignalError) as caught:
        read(write(f"{LONG}\n{rows}"))

    assert said in str(caught.value)
    assert "data.csv" in str(caught.value)


def test_a_file_that_was_cut_off_serves_what_it_has(write):
    points = read(write(f"{LONG}\n{hourly(4)}{iso(4)},F"))

    assert [p.start for p in points] == [at(h) for h in range(4)]


def test_a_zip_that_was_cut_off_is_an_error_that_names_it(write, tmp_path):
    write(f"{LONG}\n{hourly(2000)}", "data.csv.gz")
    path = tmp_path / "data.csv.gz"
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(SignalError, match=r"data\.csv\.gz: cannot be read"):
        read({"path": str(path)})


@pytest.mark.parametrize("value", ["", "n/a", "nan", "-5", "0", "inf", "1e9"])
def test_an_unusable_value_is_a_gap_never_a_zero(write, value):
    text = f"{LONG}\n{hourly(3)}{iso(3)},FR,{value}\n{iso(4)},FR,104\n{iso(5)},FR,105\n"

    points = read(write(text))

    assert [p.start for p in points] == [at(h) for h in (0, 1, 2, 4, 5)]


def test_duplicates_count_once_and_contradictions_not_at_all(write):
    text = f"{LONG}\n{hourly(4)}{iso(1)},FR,101\n{iso(2)},FR,500\n"

    assert [p.start for p in read(write(text), stop=4)] == [at(0), at(1), at(3)]


def test_rows_in_any_order_come_in_order(write):
    rows = hourly(6).splitlines(keepends=True)

    points = read(write(f"{LONG}\n{''.join(reversed(rows))}"))

    assert [p.start for p in points] == [at(h) for h in range(6)]


def test_a_missing_hour_is_a_gap_and_nothing_is_stretched_over_it(write):
    rows = hourly(6).splitlines(keepends=True)
    del rows[2]

    points = read(write(f"{LONG}\n{''.join(rows)}"))

    assert [(p.start, p.stop) for p in points][1:3] == [(at(1), at(2)), (at(3), at(4))]


def test_hours_that_turn_into_quarters_keep_their_lengths(write):
    quarters = "".join(
        f"{at(3) + i * timedelta(minutes=15):%Y-%m-%dT%H:%M},FR,200\n" for i in range(8)
    )

    points = read(write(f"{LONG}\n{hourly(3)}{quarters}"))

    lengths = [p.stop - p.start for p in points]
    assert lengths == [HOUR] * 3 + [timedelta(minutes=15)] * 8


def test_another_unit_is_recognised_by_its_size_and_refused(write):
    text = f"{LONG}\n" + "".join(f"{iso(h)},FR,1800\n" for h in range(6))

    with pytest.raises(SignalError, match="lbs/MWh"):
        read(write(text))
    assert values(read(write(text, unit="lbs/MWh")))[0] == pytest.approx(
        816.466, abs=0.01
    )


def test_daily_means_are_no_hours_and_the_error_says_so(write):
    rows = "".join(f"{iso(24 * day)},FR,{100 + day}\n" for day in range(5))

    with pytest.raises(SignalError, match="hours or finer steps are needed"):
        read(write(f"{LONG}\n{rows}"))


def test_local_times_need_a_time_zone_and_the_doubtful_hours_are_gaps(write):
    autumn = datetime.fromisoformat("2024-10-27")
    rows = "".join(
        f"{autumn + h * HOUR:%Y-%m-%d %H:%M},FR,{100 + h}\n" for h in range(24 * 5)
    )
    text = f"datetime,zone,intensity_g_per_kwh\n{rows}"

    with pytest.raises(SignalError, match="line 2: a time without a time zone"):
        read(write(text))

    signal = CsvSignal.from_settings(write(text, timezone="Europe/Paris"))
    start = datetime(2024, 10, 26, 22, tzinfo=UTC)
    points = signal.intensity("FR", start, start + 5 * HOUR)
    # Clocks show 02:00 twice, at 00:00 and at 01:00 UTC: which one is meant?
    assert [p.start.hour for p in points] == [22, 23, 2]


def test_a_day_of_local_times_is_read_though_its_clocks_change(write):
    night = ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00", "05:00"]
    rows = "".join(f"2024-10-27 {t},FR,{100 + i}\n" for i, t in enumerate(night))
    text = f"datetime,zone,intensity_g_per_kwh\n{rows}"

    signal = CsvSignal.from_settings(write(text, timezone="Europe/Paris"))
    start = datetime(2024, 10, 26, 22, tzinfo=UTC)

    points = signal.intensity("FR", start, start + 7 * HOUR)
    assert [p.start.hour for p in points] == [22, 23, 2, 3, 4]


def test_what_begins_after_the_file_was_written_is_a_forecast(write):
    settings = write(f"{LONG}\n{hourly()}")
    os.utime(settings["path"], (at(3).timestamp(),) * 2)

    said = [p.provenance for p in read(settings)]

    assert said == [Provenance.MEASURED] * 4 + [Provenance.FORECAST] * 2


def test_an_unknown_zone_is_named_with_near_matches(write):
    with pytest.raises(UnknownZoneError, match=r"has no zone 'FRR'.*did you mean FR"):
        read(write(f"{LONG}\n{hourly()}"), zone="FRR")


def test_a_file_is_not_the_world(write):
    with pytest.raises(UnknownZoneError, match="no intensity of the world"):
        read(write(f"{LONG}\n{hourly()}"), zone=None)


def test_a_zone_of_your_own_is_found_by_its_name(write):
    text = f"{LONG}\n" + "".join(f"{iso(h)},Site 7 (roof),55\n" for h in range(3))

    assert values(read(write(text), zone="site 7 (ROOF)", stop=3)) == [55.0] * 3


def test_names_of_providers_find_the_zone_whatever_the_file_calls_it(write):
    text = "datetime_utc,CISO\n" + "".join(f"{iso(h)},250\n" for h in range(3))

    points = read(write(text), zone="CAISO_NORTH", stop=3)

    assert {p.zone for p in points} == {"US-CAL-CISO"}


def test_a_span_beyond_the_file_says_what_the_file_has(write):
    with pytest.raises(
        SignalError, match="it has 2024-03-31 00:00 to 2024-03-31 06:00"
    ):
        read(write(f"{LONG}\n{hourly()}"), start=50, stop=51)


def test_a_file_that_has_changed_is_read_again(write):
    signal = CsvSignal.from_settings(write(f"{LONG}\n{hourly()}"))
    signal.intensity("FR", at(0), at(1))

    write(f"{LONG}\n{hourly(first=300.0)}extra")

    assert values(signal.intensity("FR", at(0), at(1))) == [300.0]


def test_a_file_that_has_gone_is_an_error_of_the_source(write):
    settings = write(f"{LONG}\n{hourly()}")
    signal = CsvSignal.from_settings(settings)
    Path(settings["path"]).unlink()

    with pytest.raises(SignalError, match="no such file"):
        signal.intensity("FR", at(0), at(1))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "set path"),
        ({"path": "/nowhere.csv"}, "no such file or folder"),
        ({"pth": "x"}, "did you mean 'path'"),
        ({"path": "/tmp", "kind": "mean"}, "one of average, marginal"),
        ({"path": "/tmp", "unit": "g"}, "one of g/kWh"),
        ({"path": "/tmp", "timezone": "Paris"}, "no such time zone"),
        ({"path": "/tmp", "zone": 5}, "put it in quotes"),
        ({"path": True}, "put it in quotes"),
    ],
)
def test_settings_are_checked(settings, said):
    with pytest.raises(ConfigError, match=said):
        CsvSignal.from_settings(settings)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_is_left_out_and_never_waited_for(write, tmp_path):
    settings = write(f"{LONG}\n{hourly()}")
    os.mkfifo(tmp_path / "a.csv")
    (tmp_path / "b.csv").mkdir()
    (tmp_path / "c.csv").symlink_to("c.csv")

    assert values(read({**settings, "path": str(tmp_path)})) == values(read(settings))
    with pytest.raises(ConfigError, match="not a file"):
        CsvSignal(tmp_path / "a.csv")


def test_capital_letters_at_the_end_of_a_name_mean_the_same(write, tmp_path):
    write(gzip.compress(f"{LONG}\n{hourly()}".encode()), "T.CSV.GZ")

    assert len(read({"path": str(tmp_path)})) > 1


def test_a_folder_without_tables_is_a_mistake(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no \.csv"):
        CsvSignal(tmp_path)


def test_two_years_of_hours_load_in_well_under_a_second(write):
    hours = 2 * 365 * 24
    rows = "".join(f"{iso(h)},FR,{100 + h % 100}\n" for h in range(hours))
    settings = write(f"{LONG}\n{rows}")

    begun = time.process_time()
    points = read(settings, stop=hours)

    assert len(points) == hours
    assert time.process_time() - begun < 1.0


@given(st.lists(st.floats(2, 1200), min_size=2, max_size=50))
def test_a_table_comes_back_as_it_was_written(tmp_path_factory, given_values):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    rows = "".join(f"{iso(h)},{v!r}\n" for h, v in enumerate(given_values))
    path.write_text(f"datetime_utc,FR\n{rows}")

    points = CsvSignal(path).intensity("FR", at(0), at(len(given_values)))

    assert values(points) == given_values


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise_than_it_says(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(b"datetime_utc,FR\n" + content)

    with suppress(ConfigError, SignalError):
        CsvSignal(path).intensity("FR", at(0), at(1))


@pytest.mark.skipif(not os.environ.get("TRACES"), reason="TRACES names no folder")
def test_real_traces_load_whole():
    signal = CsvSignal(Path(os.environ["TRACES"]) / "carboncast")
    start, stop = datetime(2020, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)

    assert {"US-CAL-CISO", "DE", "SE"} <= set(signal.zones())
    for zone in ("CISO", "DE"):
        assert len(signal.intensity(zone, start, stop)) > 17_500


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_a_folder_that_may_not_be_read_is_said(write, tmp_path):
    write(f"{LONG}\n{hourly()}")
    tmp_path.chmod(0)
    try:
        with pytest.raises(ConfigError, match="no access"):
            CsvSignal(tmp_path)
    finally:
        tmp_path.chmod(0o700)


CARBONCAST = ",UTC time,carbon_intensity,coal,wind\n"


def carboncast(write, rows):
    return CsvSignal.from_settings(
        write(CARBONCAST + rows, name="FR_lifecycle_emissions.csv")
    )


def test_the_generation_of_carboncast_files_is_read_by_source(write):
    signal = carboncast(
        write, "0,03/31/2024 00:00:00,300,10,20.5\n1,03/31/2024 01:00:00,310,11,21\n"
    )

    first, second = signal.generation("FR", at(0), at(6))

    assert (first.start, dict(first.power_mw)) == (at(0), {"coal": 10, "wind": 20.5})
    assert (second.start, dict(second.power_mw)) == (at(1), {"coal": 11, "wind": 21})


def test_a_cell_of_generation_without_a_number_is_left_out(write):
    signal = carboncast(
        write, "0,03/31/2024 00:00:00,300,,x\n1,03/31/2024 01:00:00,310,nan,2\n"
    )

    assert [dict(h.power_mw) for h in signal.generation("FR", at(0), at(6))] == [
        {},
        {"wind": 2},
    ]


def test_a_table_without_sources_says_nothing_of_generation(write):
    signal = CsvSignal.from_settings(write(f"{LONG}\n{hourly()}"))

    with pytest.raises(SignalError, match="no generation of FR by source"):
        signal.generation("FR", at(0), at(6))
