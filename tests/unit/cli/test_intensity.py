import json
from datetime import UTC, datetime, timedelta

import pytest

from greenops.errors import ConfigError, UnknownZoneError


def test_an_unknown_zone_is_an_error_with_near_matches(greenops):
    result = greenops("intensity", "--zone", "Frnce")

    assert result.exit_code == 2
    assert "France" in result.stderr


def test_each_zone_has_its_value_within_its_bounds(greenops):
    rows = json.loads(
        greenops("intensity", "--zone", "FR", "--zone", "PL", "--json").stdout
    )

    assert [row["zone"] for row in rows] == ["FR", "PL"]
    for row in rows:
        low, high = row["low_g_per_kwh"], row["high_g_per_kwh"]
        assert 0 < low < row["intensity_g_per_kwh"] < high
        assert row["kind"] == "average"


def test_the_table_names_kind_and_attribution(greenops):
    shown = greenops("intensity", "--zone", "DE").stdout

    assert "average, life cycle" in shown
    assert "CC BY 4.0" in shown


def test_without_a_zone_it_is_the_world_and_says_how_to_find_yours(greenops):
    shown = greenops("intensity").stdout

    assert "world average" in shown
    assert "hourly model: hours" not in shown
    assert "greenops zones" in shown


@pytest.mark.parametrize(("hours", "count"), [("3", 4), ("-3", 4), ("0", 1)])
def test_hours_may_lie_ahead_or_behind(greenops, hours, count):
    rows = json.loads(
        greenops("intensity", "--zone", "DE", "--hours", hours, "--json").stdout
    )

    assert count - 1 <= len(rows) <= count
    starts = [row["start"] for row in rows]
    assert starts == sorted(starts)


def test_hours_come_with_their_times_and_one_hour_without(greenops):
    many = greenops("intensity", "--zone", "DE", "--hours", "3").stdout
    one = greenops("intensity", "--zone", "DE").stdout

    assert "FROM (UTC)" in many
    assert "FROM (UTC)" not in one


@pytest.mark.parametrize("hours", ["9999", "x"])
def test_hours_have_bounds(greenops, hours):
    assert greenops("intensity", "--hours", hours).exit_code == 2


def test_what_comes_from_a_table_has_no_age(greenops):
    (row,) = json.loads(greenops("intensity", "--zone", "DE", "--json").stdout)

    assert (row["issued_at"], row["age_s"]) == (None, None)
    assert "AGE" not in greenops("intensity", "--zone", "DE").stdout


@pytest.mark.usefixtures("home")
def test_without_a_zone_a_guess_is_only_a_hint(greenops, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Paris")

    shown = greenops("intensity").stdout

    assert "world average" in shown
    assert "perhaps FR (a guess from time zone: Europe/Paris)" in shown


def test_kinds_without_an_order_are_said(greenops):
    result = greenops("intensity", "--marginal")

    assert result.exit_code == 2
    assert "signals.marginal_order" in result.stderr


@pytest.mark.usefixtures("home")
def test_an_intensity_from_python_is_that_of_the_command():
    import greenops as package

    point = package.intensity("DE", at=datetime(2026, 6, 1, 12, tzinfo=UTC))

    assert point.zone == "DE"
    assert point.start == datetime(2026, 6, 1, 12, tzinfo=UTC)
    with pytest.raises(TypeError, match="a zone is text"):
        package.intensity(49)  # type: ignore[arg-type]
    with pytest.raises(UnknownZoneError, match="Germany"):
        package.intensity("Germny")
    with pytest.raises(ConfigError, match="marginal_order"):
        package.intensity("DE", marginal=True)


@pytest.mark.usefixtures("home")
def test_hours_without_a_figure_are_said_and_shown_as_none(greenops, tmp_path):
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=h) for h in (9, 8, 7)]
    table = "".join(f"{at:%Y-%m-%dT%H:%MZ},FR,60\n" for at in hours)
    (tmp_path / "fr.csv").write_text(f"datetime_utc,zone,intensity_g_per_kwh\n{table}")
    (tmp_path / "work" / "greenops.toml").write_text(
        f'[signals]\norder = ["csv"]\n[signals.csv]\npath = "{tmp_path / "fr.csv"}"\n'
    )

    result = greenops("intensity", "--zone", "FR", "--hours", "-8")

    assert result.exit_code == 0
    assert f"FR: no figure from {now - timedelta(hours=6):%Y-%m-%d %H:%M} to" in (
        result.stderr
    )
    assert "HIGH (95 %)" in result.stdout
