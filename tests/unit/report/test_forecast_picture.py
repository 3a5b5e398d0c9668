import pytest

from greenops.errors import ConfigError
from greenops.report.forecast_picture import MOST_PANELS, save_forecasts
from tests.unit.report.forecasts import forecast

pytest.importorskip("matplotlib")


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_of_the_form_its_name_says(tmp_path, suffix, magic):
    path = tmp_path / f"out.{suffix}"

    save_forecasts([forecast([100.0] * 24), forecast([9.0] * 48, zone="SE")], path)

    assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize("name", ["nowhere/out.png", "out.xyz"])
def test_what_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot write"):
        save_forecasts([forecast([100.0] * 24)], tmp_path / name)


@pytest.mark.parametrize("values", [[100.0], [0.0] * 24, [1e5] * 168])
def test_any_forecast_can_be_drawn(tmp_path, values):
    save_forecasts([forecast(values)], tmp_path / "out.png")

    assert (tmp_path / "out.png").stat().st_size > 1000


def test_a_picture_states_units_zones_bands_and_how_it_came_about(tmp_path):
    import matplotlib as mpl

    path = tmp_path / "out.svg"
    shown = forecast([100.0] * 24, zone="D$E_{x", method="own\x1b[2J")
    with mpl.rc_context({"svg.fonttype": "none"}):
        save_forecasts([shown], path)

    text = path.read_text()
    for said in ("gCO2e/kWh", "time (UTC)", "80 % band", "95 % band", "D$E_{x", "own"):
        assert said in text
    assert "\x1b" not in text


def test_more_zones_than_fit_are_an_error_and_no_silent_cut(tmp_path):
    zones = [forecast([100.0] * 3, zone=f"Z{i}") for i in range(MOST_PANELS + 1)]

    with pytest.raises(ConfigError, match="at most 12 zones"):
        save_forecasts(zones, tmp_path / "out.png")
