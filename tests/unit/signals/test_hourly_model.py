from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import fmean

import pytest

from greenops.errors import SignalError, UnknownZoneError
from greenops.model import Provenance
from greenops.reference.zone_names import grid_zones
from greenops.signals.annual import AnnualSignal
from greenops.signals.hourly_model import HourlyModelSignal, place_of, zone_mix
from greenops.signals.year_shape import GridClass

MAY = datetime(2026, 5, 11, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def test_an_unknown_zone_is_an_error():
    with pytest.raises(UnknownZoneError, match="Atlantis"):
        HourlyModelSignal().intensity("Atlantis", MAY, MAY + DAY)


def test_missing_data_files_are_a_signal_error(tmp_path):
    with pytest.raises(SignalError, match=r"global_energy_mix\.json"):
        HourlyModelSignal(tmp_path).intensity("FR", MAY, MAY + DAY)


@pytest.mark.parametrize(
    ("start", "stop"),
    [(MAY, MAY), (MAY + DAY, MAY), (MAY.replace(tzinfo=None), MAY + DAY)],
    ids=["empty", "backwards", "naive"],
)
def test_a_span_that_is_none_is_refused(start, stop):
    with pytest.raises(ValueError, match="not a span"):
        HourlyModelSignal().intensity("DE", start, stop)


@pytest.mark.parametrize(
    ("zone", "kind"),
    [
        ("DE", GridClass.SOLAR),
        ("CISO", GridClass.SOLAR),
        ("gcp:us-west2", GridClass.SOLAR),
        ("NO-NO2", GridClass.HYDRO),
        ("CA-BC", GridClass.HYDRO),
        ("NZ", GridClass.FLAT),
        ("IE", GridClass.FLAT),
        ("US-NW-SCL", GridClass.FLAT),
        ("XK", GridClass.FLAT),
        ("world", GridClass.FLAT),
    ],
)
def test_the_class_of_a_zone_follows_from_its_mix(zone, kind):
    assert HourlyModelSignal().shaped_as(zone) is kind


@pytest.mark.parametrize("zone", ["DE", "US-CAL-CISO", "NO-NO2", "gcp:us-west2"])
def test_the_mean_over_a_year_is_the_annual_figure(zone):
    annual = AnnualSignal().intensity(zone, *YEAR)[0]

    points = HourlyModelSignal().intensity(zone, *YEAR)

    assert len(points) == 8760
    assert fmean(p.intensity_g_per_kwh for p in points) == pytest.approx(
        annual.intensity_g_per_kwh
    )


def test_every_hour_says_that_it_is_modelled_and_from_what():
    points = HourlyModelSignal().intensity("CISO", MAY, MAY + DAY)

    for point in points:
        assert point.provenance is Provenance.MODELLED
        assert point.zone == "US-CAL-CISO"
        assert "hours modelled (solar grid, mix of 2021)" in point.source
        assert "annual figure of California" in point.source
        assert point.low_g_per_kwh < point.intensity_g_per_kwh < point.high_g_per_kwh


def test_a_flat_grid_gets_its_average_and_is_told_so():
    points = HourlyModelSignal().intensity("IE", MAY, MAY + DAY)

    assert len(points) == 1
    assert points[0].provenance is Provenance.ANNUAL
    assert "no hourly model" in points[0].source


def test_noon_is_cleaner_than_midnight_in_a_sunny_grid():
    signal = HourlyModelSignal()
    noon = signal.intensity("DE", MAY + timedelta(hours=11), MAY + timedelta(hours=12))
    night = signal.intensity("DE", MAY + timedelta(hours=22), MAY + timedelta(hours=23))

    assert noon[0].intensity_g_per_kwh < 0.95 * night[0].intensity_g_per_kwh


def test_hours_are_whole_in_order_and_run_across_the_new_year():
    stop = datetime(2027, 1, 1, 2, 30, tzinfo=UTC)

    points = HourlyModelSignal().intensity("DE", stop - timedelta(hours=5), stop)

    assert len(points) == 6
    assert all(a.stop == b.start for a, b in pairwise(points))
    assert {p.start.year for p in points} == {2026, 2027}


def test_no_zone_given_is_the_world_average():
    assert HourlyModelSignal().intensity(None, MAY, MAY + DAY)[0].zone == "world"


@pytest.mark.parametrize(
    ("code", "alone"),
    [("NZ", True), ("JP-KN", True), ("AU-TAS", True), ("US-HI", True), ("NO", False)],
)
def test_islands_stand_alone(code, alone):
    assert place_of(grid_zones()[code]).isolated is alone


def test_a_zone_without_a_mix_of_its_own_has_that_of_who_stands_for_it():
    zones = grid_zones()

    assert zone_mix(zones["IT-NO"]) == zone_mix(zones["IT"])
    assert zone_mix(zones["US-CAL-CISO"]) == zone_mix(zones["US-CA"])
    assert zone_mix(zones["CN-BJ"]) == zone_mix(zones["CN"])
    assert zone_mix(zones["XK"]) is None
