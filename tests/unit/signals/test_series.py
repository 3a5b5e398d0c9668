from datetime import UTC, datetime, timedelta

import pytest

from greenops.errors import SignalError, UnknownZoneError
from greenops.model import IntensityPoint
from greenops.signals.series import SeriesSignal

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def point(hour, intensity_g_per_kwh=100.0, zone="FR", length=HOUR):
    return IntensityPoint(
        start=T0 + hour * HOUR,
        stop=T0 + hour * HOUR + length,
        intensity_g_per_kwh=intensity_g_per_kwh,
        low_g_per_kwh=intensity_g_per_kwh / 2,
        high_g_per_kwh=intensity_g_per_kwh * 2,
        zone=zone,
        source="recorded",
    )


@pytest.mark.parametrize(
    "points",
    [[], [point(1), point(2)], [point(0)], [point(0), point(2)]],
    ids=["nothing", "starts-late", "ends-early", "hole"],
)
def test_a_span_that_is_not_covered_is_refused(points):
    with pytest.raises((SignalError, UnknownZoneError)):
        SeriesSignal(points).intensity("FR", T0, T0 + 3 * HOUR)


def test_overlapping_points_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        SeriesSignal([point(0, length=2 * HOUR), point(1)])


def test_another_zone_is_not_served():
    with pytest.raises(UnknownZoneError, match="it has fr"):
        SeriesSignal([point(0)]).intensity("DE", T0, T0 + HOUR)


def test_no_zone_is_served_only_where_a_default_was_named():
    with pytest.raises(UnknownZoneError):
        SeriesSignal([point(0)]).intensity(None, T0, T0 + HOUR)

    signal = SeriesSignal([point(0)], default_zone="FR")
    assert len(signal.intensity(None, T0, T0 + HOUR)) == 1


def test_points_come_in_time_order_whatever_order_they_were_given_in():
    points = [point(h, 100 + h) for h in (2, 0, 3, 1)]
    served = SeriesSignal(points).intensity("fr", T0 + HOUR / 2, T0 + 3 * HOUR)

    assert [p.intensity_g_per_kwh for p in served] == [100, 101, 102]
