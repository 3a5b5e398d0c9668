import json


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
