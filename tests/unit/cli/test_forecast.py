import json
import re
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from greenops.cli import cli
from greenops.errors import ConfigError, SignalError, UnknownZoneError
from tests.unit.report.forecasts import forecast as drawn_up

HOUR_FIELDS = {
    "start",
    "intensity_g_per_kwh",
    "low80_g_per_kwh",
    "high80_g_per_kwh",
    "low95_g_per_kwh",
    "high95_g_per_kwh",
}

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def answers(monkeypatch):
    """Let zones be forecast as the test says: by a record, or an error."""
    given: dict[str, object] = {}

    def forecast_zone(_signal, zone, _config, **_options):
        answer = given[zone]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("greenops.wire.forecast.forecast_zone", forecast_zone)
    return given


def test_an_unknown_zone_is_an_error_with_near_matches(greenops):
    result = greenops("forecast", "--zone", "Frnce")

    assert result.exit_code == 2
    assert "France" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("hours", ["0", "-1", "169", "x"])
def test_hours_have_bounds(greenops, hours):
    assert greenops("forecast", "--zone", "DE", "--hours", hours).exit_code == 2


def test_a_zone_nobody_can_forecast_costs_the_others_nothing(greenops, answers):
    answers |= {"DE": drawn_up([100.0] * 24), "FR": SignalError("none\x1b[2J at all")}

    result = greenops("forecast", "--zone", "FR", "--zone", "DE")

    assert result.exit_code == 1
    assert "DE, next 24 h" in result.stdout
    assert "none\\x1b[2J at all" in result.stderr


def test_where_no_zone_can_be_forecast_nothing_is_printed(greenops, answers):
    answers["FR"] = SignalError("nothing at all")

    result = greenops("forecast", "--zone", "FR")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "nothing at all" in result.stderr


def test_kinds_without_an_order_are_said(greenops):
    result = greenops("forecast", "--marginal")

    assert result.exit_code == 2
    assert "signals.marginal_order" in result.stderr


def test_the_table_names_what_it_shows(greenops):
    shown = " ".join(greenops("forecast", "--zone", "DE").stdout.split())

    for said in (
        "DE, next 48 h",
        "average, life cycle; modelled, as stated",
        "CC BY 4.0",
        "0 g/kWh",
        "means of 3 h",
        "gCO2e/kWh",
        "80 % BAND",
        "95 % BAND",
    ):
        assert said in shown


def test_a_few_hours_are_shown_hour_by_hour(greenops):
    shown = greenops("forecast", "--zone", "DE", "--hours", "6").stdout

    assert "means of" not in shown
    assert (
        len(
            re.findall(
                r"^[A-Z][a-z]{2} \d\d [A-Z][a-z]{2} \d\d:00 ", shown, re.MULTILINE
            )
        )
        == 6
    )


def test_the_cleanest_hours_are_pointed_out(greenops, answers):
    answers["DE"] = drawn_up([400.0] * 20 + [100.0] * 4)

    shown = greenops("forecast", "--zone", "DE").stdout

    assert "cleanest 4 h: from " in shown
    assert "100 gCO2e/kWh, 75 % below starting now" in shown


def test_a_flat_forecast_points_nothing_out(greenops, answers):
    answers["DE"] = drawn_up([400.0] * 24)

    assert "cleanest" not in greenops("forecast", "--zone", "DE").stdout


def test_json_has_every_hour_in_utc_and_no_other_fields(greenops):
    began = datetime.now(UTC)
    rows = json.loads(
        greenops(
            "forecast", "--zone", "FR", "--zone", "PL", "--hours", "100", "--json"
        ).stdout
    )

    assert [row["zone"] for row in rows] == ["FR", "PL"]
    for row in rows:
        assert set(row) == {
            "zone",
            "kind",
            "basis",
            "issued_at",
            "method",
            "source",
            "hours",
        }
        assert (row["kind"], row["basis"]) == ("average", "life cycle")
        assert datetime.fromisoformat(row["issued_at"]) >= began
        starts = [datetime.fromisoformat(h["start"]) for h in row["hours"]]
        assert starts[0] == began.replace(minute=0, second=0, microsecond=0)
        assert starts == [starts[0] + i * timedelta(hours=1) for i in range(100)]
        assert starts[0].utcoffset() == timedelta(0)
        for hour in row["hours"]:
            assert set(hour) == HOUR_FIELDS
            assert (
                0
                < hour["low95_g_per_kwh"]
                <= hour["low80_g_per_kwh"]
                <= hour["intensity_g_per_kwh"]
                <= hour["high80_g_per_kwh"]
                <= hour["high95_g_per_kwh"]
            )


def test_json_of_no_zone_is_an_empty_list(greenops, answers):
    answers["FR"] = SignalError("nothing at all")

    result = greenops("forecast", "--zone", "FR", "--json")

    assert json.loads(result.stdout) == []
    assert result.exit_code == 1


def test_without_a_zone_it_is_where_this_machine_is(greenops, monkeypatch):
    monkeypatch.setenv("GREENOPS_ZONE", "SE")

    assert "SE, next 48 h" in greenops("forecast").stdout


def test_without_a_place_it_is_the_world(greenops):
    result = greenops("forecast", "--hours", "3")

    assert result.exit_code == 0
    assert "next 3 h" in result.stdout


def test_by_default_nothing_is_asked_of_anyone(greenops, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a forecast of this machine's own went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    assert greenops("forecast", "--zone", "DE").exit_code == 0


@pytest.mark.parametrize("columns", ["10", "40", "60", "80", "200"])
@pytest.mark.parametrize("hours", ["1", "48", "168"])
def test_no_line_is_wider_than_the_screen(greenops, columns, hours):
    result = greenops(
        "forecast", "--zone", "DE", "--hours", hours, env={"COLUMNS": columns}
    )

    # What is narrower than 40 columns is no screen for charts.
    assert max(map(len, result.stdout.splitlines())) <= max(int(columns), 40)


def test_a_narrow_screen_does_without_the_wider_band(greenops):
    shown = greenops("forecast", "--zone", "DE", env={"COLUMNS": "44"}).stdout

    assert "80 % BAND" in shown
    assert "95 % BAND" not in shown


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {}], ids=["asked", "no screen"])
def test_without_a_screen_or_with_no_color_there_are_no_colours(greenops, environ):
    shown = greenops("forecast", "--zone", "DE", env=environ, color=True).stdout

    assert "\x1b" not in shown


def test_an_ascii_stream_gets_ascii_whatever_the_source_is_called(answers):
    from click.testing import CliRunner

    answers["DE"] = drawn_up([100.0] * 24, source="Électricité de demain\x1b[2J")
    result = CliRunner(charset="ascii").invoke(cli, ["forecast", "--zone", "DE"])

    assert result.exit_code == 0
    assert result.stdout_bytes.isascii()
    assert b"\x1b" not in result.stdout_bytes


def test_times_follow_the_clocks_when_they_change(greenops, answers, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        start = datetime(2026, 3, 28, 22, tzinfo=UTC)
        answers["DE"] = drawn_up([100.0] * 8, start=start)
        shown = greenops("forecast", "--zone", "DE").stdout
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()

    assert "Sun 29 Mar 01:00" in shown
    assert "Sun 29 Mar 02:00" not in shown
    assert "Sun 29 Mar 03:00" in shown


@pytest.mark.parametrize("suffix", ["png", "svg", "PDF"])
def test_a_picture_is_drawn_as_well(greenops, home, suffix):
    pytest.importorskip("matplotlib")

    result = greenops("forecast", "--zone", "DE", "--plot", f"out.{suffix}")

    assert result.exit_code == 0
    assert (home / "work" / f"out.{suffix}").stat().st_size > 1000
    assert f"drew out.{suffix}" in result.stderr
    assert "DE, next 48 h" in result.stdout


def test_a_picture_s_kind_is_checked_before_anything_is_computed(greenops, answers):
    result = greenops("forecast", "--zone", "DE", "--plot", "out.doc")

    assert result.exit_code == 2
    assert ".png, .svg, .pdf" in result.stderr
    assert not answers


def test_a_picture_that_cannot_be_written_is_said(greenops):
    pytest.importorskip("matplotlib")

    result = greenops("forecast", "--zone", "DE", "--plot", "nowhere/out.png")

    assert result.exit_code == 2
    assert "nowhere/out.png" in result.stderr


def test_a_forecast_from_python_is_that_of_the_command():
    import greenops as package

    found = package.intensity_forecast("DE", hours=5)

    assert (found.zone, len(found.hours)) == ("DE", 5)
    with pytest.raises(UnknownZoneError, match="Germany"):
        package.intensity_forecast("Germny")
    with pytest.raises(ConfigError, match="marginal_order"):
        package.intensity_forecast("DE", marginal=True)
    with pytest.raises(ValueError, match="1 to 168"):
        package.intensity_forecast("DE", hours=169)


def test_a_folder_of_recorded_hours_makes_one_s_own_forecast(greenops, home):
    """From configured files to the forecast, without anything in between replaced."""
    from tests.unit.forecast.grids import habitual

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    values = habitual(120, seed=1)
    lines = ["datetime_utc,DE"] + [
        f"{now - timedelta(hours=len(values) - i):%Y-%m-%d %H:%M:%S},{g:.2f}"
        for i, g in enumerate(values)
    ]
    (home / "hours.csv").write_text("\n".join(lines) + "\n")
    (home / "work" / "greenops.toml").write_text(
        '[signals]\norder = ["csv", "hourly_model", "annual"]\n'
        f'[signals.csv]\npath = "{home / "hours.csv"}"\n'
    )

    result = greenops("forecast", "--zone", "DE", "--json")

    assert result.exit_code == 0, result.stderr
    (row,) = json.loads(result.stdout)
    assert row["method"] == "own"
    assert "hours.csv" in row["source"]
