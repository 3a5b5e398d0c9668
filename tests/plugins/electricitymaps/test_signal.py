from datetime import UTC, datetime, timedelta

import httpx
import pytest

from greenops.errors import ConfigError, SignalRefusedError, UnknownZoneError
from greenops.model import Basis
from greenops_electricitymaps import ElectricityMapsSignal
from greenops_webapi import Credential, Pace, WebApi
from tests.plugins.asking import asking, requests_of

NOW = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOKEN = "t0k3n-value"
EMPTY = {
    "zone": "FR",
    "history": [],
    "data": [],
    "forecast": [],
    "updatedAt": "2026-03-01T12:00Z",
    "datetime": "2026-03-01T12:00Z",
    "carbonIntensity": 50,
}


def signal(transport, **changes):
    api = WebApi(
        "https://grid.test/v3",
        pace=Pace(99, 1),
        transport=transport,
        hint="the free plan",
    )
    credential = Credential("X", env={"X": TOKEN})
    return ElectricityMapsSignal(api, credential, now=lambda: NOW, **changes)


def endpoints(start, stop):
    asked = asking(signal, "FR", start, stop, answer=EMPTY)
    return [path.rpartition("/")[2] for path in asked]


@pytest.mark.parametrize(
    ("start", "stop", "asked"),
    [
        (NOW, NOW + HOUR / 4, ["latest"]),
        (NOW - HOUR / 2, NOW, ["history"]),
        (NOW - 20 * HOUR, NOW, ["history"]),
        (NOW - 40 * HOUR, NOW, ["past-range"]),
        (NOW - 25 * DAY, NOW - DAY, ["past-range"] * 3),
        (NOW, NOW + 3 * HOUR, ["latest", "forecast"]),
        (NOW + HOUR, NOW + 3 * HOUR, ["forecast"]),
        (NOW - 3 * HOUR, NOW + 3 * HOUR, ["history", "forecast"]),
    ],
    ids=["now", "last-hour", "today", "yesterday", "weeks", "ahead", "later", "across"],
)
def test_a_question_asks_the_endpoints_it_needs_and_no_others(start, stop, asked):
    assert endpoints(start, stop) == asked


def test_the_token_is_a_header_and_the_caller_is_never_located():
    (request,) = requests_of(signal, "FR", NOW, NOW + HOUR / 4, answer=EMPTY)

    assert request.headers["auth-token"] == TOKEN
    assert TOKEN not in str(request.url)
    assert request.url.params["shouldUseFallbackCallerLookup"] == "false"
    assert request.url.params["emissionFactorType"] == "lifecycle"
    assert request.url.params["zone"] == "FR"


@pytest.mark.parametrize(
    ("ahead_h", "horizon"), [(3, "24"), (30, "48"), (72, "72"), (168, "72")]
)
def test_the_horizon_is_the_least_that_is_enough(ahead_h, horizon):
    *_, request = requests_of(signal, "FR", NOW, NOW + ahead_h * HOUR, answer=EMPTY)

    assert request.url.params["horizonHours"] == horizon


def test_a_forecast_that_the_plan_does_not_cover_is_refused_and_said():
    def free_plan(request):
        forecast = request.url.path.endswith("forecast")
        return httpx.Response(403) if forecast else httpx.Response(200, json=EMPTY)

    asked = signal(httpx.MockTransport(free_plan))

    with pytest.raises(SignalRefusedError, match=r"no forecast of zone FR.*free plan"):
        asked.intensity("FR", NOW, NOW + 3 * HOUR)
    assert asked.intensity("FR", NOW, NOW + HOUR / 4)[0].intensity_g_per_kwh == 50


def test_direct_factors_change_the_question_and_the_basis():
    direct = signal(
        httpx.MockTransport(lambda _: httpx.Response(200, json=EMPTY)), factors="direct"
    )

    (point,) = direct.intensity("FR", NOW, NOW + HOUR / 4)

    assert direct.traits.basis is point.basis is Basis.DIRECT


def test_the_power_breakdown_is_in_mw_by_source():
    body = {"zone": "FR", "powerConsumptionBreakdown": {"nuclear": 40000}}
    asked = signal(httpx.MockTransport(lambda _: httpx.Response(200, json=body)))

    assert asked.power_breakdown_mw("FR") == {"nuclear": 40000}


def test_an_unknown_zone_is_an_error_before_any_token_is_looked_up():
    made = ElectricityMapsSignal.from_settings({})
    for zone in ("Atlantis", None):
        with pytest.raises(UnknownZoneError):
            made.intensity(zone, NOW, NOW + HOUR)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"emission_factors": "lca"}, "must be one of lifecycle, direct"),
        ({"token": "x"}, "has no key 'token'"),
        ({"key_file": "key"}, "must start with"),
    ],
)
def test_wrong_settings_are_named(settings, said):
    with pytest.raises(ConfigError, match=said):
        ElectricityMapsSignal.from_settings(settings)
