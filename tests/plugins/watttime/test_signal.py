import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from greenops.errors import ConfigError, SignalRefusedError, UnknownZoneError
from greenops.model import Basis, IntensityKind
from greenops_watttime import WattTimeSignal
from greenops_webapi import Credential, Pace, WebApi
from tests.plugins.asking import requests_of

SAVED = Path(__file__).parent / "saved"
NOW = datetime(2026, 3, 1, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECENTLY = NOW - HOUR / 6
ZONE = "US-CAL-CISO"


def signal(transport, **changes):
    api = WebApi("https://grid.test", pace=Pace(999, 1), transport=transport)
    credential = Credential("U", "P", env={"U": "me", "P": "pass:word"})
    return WattTimeSignal(api, credential, now=lambda: NOW, **changes)


class Server:
    """WattTime with a saved answer; its tokens are counted and may be revoked."""

    def __init__(self, name="historical.json"):
        self.body = json.loads((SAVED / name).read_text())
        self.logins = 0
        self.valid = {"token-1", "token-2"}
        self.region = {"region": "CAISO_NORTH"}

    def __call__(self, request):
        if request.url.path == "/login":
            self.logins += 1
            return {"token": f"token-{self.logins}"}
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return httpx.Response(401)
        if request.url.path.endswith("region-from-loc"):
            return self.region
        return self.body


def test_pounds_become_grams_once_and_a_zero_is_one():
    first, second = signal(
        httpx.MockTransport(lambda r: httpx.Response(200, json=Server()(r)))
    ).intensity(ZONE, NOW - HOUR / 2, NOW - HOUR / 6)

    assert first.intensity_g_per_kwh == pytest.approx(870.3 * 0.45359237)
    assert first.kind is IntensityKind.MARGINAL
    assert first.basis is Basis.DIRECT
    assert first.zone == ZONE
    assert "CAISO_NORTH" in first.source
    assert second.intensity_g_per_kwh == 0
    assert second.high_g_per_kwh == 20


def test_the_password_goes_to_the_log_in_only_and_the_token_everywhere_else():
    login, data = requests_of(signal, ZONE, NOW - HOUR, RECENTLY, answer=Server())

    scheme, _, pair = login.headers["authorization"].partition(" ")
    assert (scheme, b64decode(pair)) == ("Basic", b"me:pass:word")
    assert data.headers["authorization"] == "Bearer token-1"
    assert "token" not in str(data.url)


def test_one_log_in_serves_many_questions():
    server = Server()
    made = signal(httpx.MockTransport(lambda r: httpx.Response(200, json=server(r))))
    for _ in range(3):
        made.intensity(ZONE, NOW - HOUR / 2, NOW - HOUR / 6)

    assert server.logins == 1


def test_a_token_that_has_expired_is_renewed_once():
    server = Server()
    server.valid = {"token-2"}

    sent = requests_of(signal, ZONE, NOW - HOUR, RECENTLY, answer=server)

    assert [r.url.path for r in sent] == [
        "/login",
        "/v3/historical",
        "/login",
        "/v3/historical",
    ]


def test_a_token_that_is_refused_again_is_not_renewed_for_ever():
    server = Server()
    server.valid = set()

    sent = requests_of(signal, ZONE, NOW - HOUR, RECENTLY, answer=server)

    assert len(sent) == 4


def test_a_wrong_password_is_refused():
    made = signal(httpx.MockTransport(lambda _: httpx.Response(401)))

    with pytest.raises(SignalRefusedError, match="login"):
        made.intensity(ZONE, NOW - HOUR, NOW)


def test_a_plan_without_the_region_is_refused_without_another_log_in():
    server = Server()

    def forbidden(request):
        login = request.url.path == "/login"
        return (
            httpx.Response(200, json=server(request)) if login else httpx.Response(403)
        )

    with pytest.raises(SignalRefusedError):
        signal(httpx.MockTransport(forbidden)).intensity(ZONE, NOW - HOUR, NOW)
    assert server.logins == 1


def test_past_and_future_meet_at_the_present_five_minutes():
    _, past, ahead = requests_of(
        signal, ZONE, NOW - HOUR, NOW + 30 * HOUR, answer=Server()
    )

    assert past.url.params["end"] == "2026-03-01T12:10:00+00:00"
    assert past.url.params["start"] == "2026-03-01T11:10:00+00:00"
    assert ahead.url.path == "/v3/forecast"
    assert ahead.url.params["horizon_hours"] == "30"


def test_of_the_past_what_was_fetched_holds_and_not_what_was_forecast():
    def handle(request):
        name = "forecast" if request.url.path.endswith("forecast") else "historical"
        body = Server(f"{name}.json")(request)
        if name == "forecast" and isinstance(body, dict):
            body["data"][0] = {"point_time": "2026-03-01T11:50:00+00:00", "value": 1}
        return httpx.Response(200, json=body)

    points = signal(httpx.MockTransport(handle)).intensity(ZONE, NOW - HOUR, NOW + HOUR)

    by_start = {p.start.strftime("%H:%M"): p for p in points}
    assert list(by_start) == ["11:50", "11:55", "12:15"]
    assert by_start["11:50"].provenance == "estimated"
    assert by_start["12:15"].provenance == "forecast"


def test_more_than_the_longest_forecast_is_never_asked():
    *_, ahead = requests_of(signal, ZONE, NOW, NOW + 168 * HOUR, answer=Server())

    assert ahead.url.params["horizon_hours"] == "72"


def test_a_zone_without_a_name_is_found_by_its_middle_once():
    server = Server()
    sent: list[httpx.Request] = []

    def handle(request):
        sent.append(request)
        return httpx.Response(200, json=server(request))

    made = signal(httpx.MockTransport(handle))
    for _ in range(2):
        made.intensity("US-TEX-ERCO", NOW - HOUR, RECENTLY)

    asked = [r for r in sent if r.url.path == "/v3/region-from-loc"]
    assert len(asked) == 1
    assert asked[0].url.params["signal_type"] == "co2_moer"
    assert 25 < float(asked[0].url.params["latitude"]) < 37


def test_a_place_without_a_region_is_an_unknown_zone():
    server = Server()

    def nowhere(request):
        if request.url.path.endswith("region-from-loc"):
            return httpx.Response(404, json={"error": "Coordinates not found"})
        return httpx.Response(200, json=server(request))

    with pytest.raises(UnknownZoneError, match="no region at the middle of zone"):
        signal(httpx.MockTransport(nowhere)).intensity("US-TEX-ERCO", NOW - HOUR, NOW)


def test_a_configured_region_is_asked_for_its_zone_only():
    def configured(transport):
        return signal(transport, regions={"US-TEX-ERCO": "ERCOT_NORTHCENTRAL"})

    _, texas = requests_of(
        configured, "US-TEX-ERCO", NOW - HOUR, RECENTLY, answer=Server()
    )
    _, california = requests_of(configured, ZONE, NOW - HOUR, RECENTLY, answer=Server())

    assert texas.url.params["region"] == "ERCOT_NORTHCENTRAL"
    assert california.url.params["region"] == "CAISO_NORTH"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"regions": "CAISO_NORTH"}, "must be a table of names"),
        ({"regions": {"DE": 7}}, "must be a table of names"),
        ({"password": "x"}, "has no key 'password'"),
    ],
)
def test_wrong_settings_are_named(settings, said):
    with pytest.raises(ConfigError, match=said):
        WattTimeSignal.from_settings(settings)
