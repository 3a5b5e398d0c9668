from datetime import UTC, datetime, timedelta

import httpx
import pytest

from greenops.errors import ConfigError, UnknownZoneError
from greenops.model import Basis
from greenops_neso import NesoSignal
from greenops_webapi import Pace, WebApi
from tests.plugins.asking import asking

NOW = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
EMPTY: dict[str, list[object]] = {"data": []}


def paths(signal_of, zone, start, stop):
    """Return the paths that a question asks."""
    return asking(signal_of, zone, start, stop, answer=EMPTY)


def neso(transport, part=""):
    api = WebApi("https://grid.test", pace=Pace(99, 1), transport=transport)
    return NesoSignal(api, part=part, now=lambda: NOW)


def test_a_past_span_is_asked_by_its_half_hours():
    asked = paths(neso, "GB", NOW - 3 * HOUR, NOW - 2 * HOUR)

    assert asked == ["/intensity/2026-03-01T09:00Z/2026-03-01T10:30Z"]


def test_a_span_across_now_asks_for_the_forecast_too():
    asked = paths(neso, "gb", NOW - HOUR, NOW + 24 * HOUR)

    assert asked == [
        "/intensity/2026-03-01T11:00Z/2026-03-01T12:30Z",
        "/intensity/2026-03-01T12:30Z/fw48h",
    ]


def test_a_long_span_is_asked_in_pieces_below_fourteen_days():
    asked = paths(neso, "GB", NOW - timedelta(days=30), NOW - timedelta(days=1))

    assert len(asked) == 3


def test_a_region_is_asked_by_its_number():
    asked = paths(neso, "GB-LONDON", NOW + HOUR, NOW + 2 * HOUR)

    assert asked == ["/regional/intensity/2026-03-01T13:00Z/fw48h/regionid/13"]


def test_a_postcode_stands_for_the_nation_and_not_for_its_regions():
    def london(transport):
        return neso(transport, part="postcode/SW7")

    assert paths(london, "GB", NOW + HOUR, NOW + 2 * HOUR) == [
        "/regional/intensity/2026-03-01T13:00Z/fw48h/postcode/SW7"
    ]
    assert paths(london, "GB-YORKSHIRE", NOW + HOUR, NOW + 2 * HOUR) == [
        "/regional/intensity/2026-03-01T13:00Z/fw48h/regionid/5"
    ]


def test_points_say_that_they_are_direct_emissions_of_the_region():
    body = {
        "data": {
            "shortname": "London",
            "data": [
                {
                    "from": "2026-03-01T13:00Z",
                    "to": "2026-03-01T13:30Z",
                    "intensity": {"forecast": 88, "index": "low"},
                }
            ],
        }
    }
    signal = neso(httpx.MockTransport(lambda _: httpx.Response(200, json=body)))

    (point,) = signal.intensity("GB-LONDON", NOW + HOUR, NOW + 2 * HOUR)

    assert point.basis is Basis.DIRECT
    assert point.zone == "GB-LONDON"
    assert "London" in point.source
    assert point.low_g_per_kwh == 28
    assert point.high_g_per_kwh == 148


@pytest.mark.parametrize("zone", ["FR", "Atlantis", None])
def test_other_zones_are_not_served(zone):
    with pytest.raises(UnknownZoneError, match="GB"):
        NesoSignal.from_settings({}).intensity(zone, NOW, NOW + HOUR)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"postcode": "SW7 2AZ"}, "outward part only"),
        ({"postcode": "../x"}, "outward part only"),
        ({"region_id": 18}, "from 0 to 17"),
        ({"region_id": 2.5}, "whole"),
        ({"postcode": "SW7", "region_id": 13}, "one of them"),
        ({"post_code": "SW7"}, "did you mean postcode"),
    ],
)
def test_wrong_settings_are_named(settings, said):
    with pytest.raises(ConfigError, match=said):
        NesoSignal.from_settings(settings)
