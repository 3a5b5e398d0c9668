from datetime import UTC, datetime, timedelta

import httpx
import pytest

from greenops.errors import ConfigError, SignalError, UnknownZoneError
from greenops_eia import EiaSignal
from greenops_webapi import Credential, Pace, WebApi
from tests.plugins.asking import requests_of

NOW = datetime(2026, 3, 10, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = "US-CAL-CISO"
EMPTY = {"response": {"total": "0", "data": []}}


def signal(transport, **changes):
    api = WebApi("https://grid.test/v2", pace=Pace(99, 1), transport=transport)
    credential = Credential("X", env={"X": "k3y"})
    return EiaSignal(api, credential, now=lambda: NOW, **changes)


def hours_of_gas(request):
    """Gas and wind for each hour of the question."""
    params = request.url.params
    start, stop = (datetime.fromisoformat(params[k]) for k in ("start", "end"))
    rows = [
        {"period": f"{start + i * HOUR:%Y-%m-%dT%H}", "fueltype": f, "value": v}
        for i in range((stop - start) // HOUR + 1)
        for f, v in (("NG", "300"), ("WND", "100"))
    ]
    return {"response": {"total": len(rows), "data": rows}}


def test_the_question_names_the_ends_of_its_hours_and_a_day_before():
    (request,) = requests_of(signal, ZONE, NOW - 3 * HOUR, NOW - HOUR, answer=EMPTY)

    params = request.url.params
    assert params["facets[respondent][]"] == "CISO"
    assert (params["start"], params["end"]) == ("2026-03-09T10", "2026-03-10T12")
    assert params["frequency"] == "hourly"


def test_the_key_is_a_parameter_of_the_query():
    (request,) = requests_of(signal, ZONE, NOW - 3 * HOUR, NOW, answer=EMPTY)

    assert request.url.params["api_key"] == "k3y"


def test_weeks_are_asked_week_by_week():
    sent = requests_of(signal, ZONE, NOW - 20 * 24 * HOUR, NOW, answer=EMPTY)

    assert [(r.url.params["start"], r.url.params["end"]) for r in sent] == [
        ("2026-02-17T13", "2026-02-24T12"),
        ("2026-02-24T13", "2026-03-03T12"),
        ("2026-03-03T13", "2026-03-10T12"),
        ("2026-03-10T13", "2026-03-10T13"),
    ]


def test_hours_come_by_the_factors_that_are_chosen():
    def answering(factors):
        handle = lambda r: httpx.Response(200, json=hours_of_gas(r))  # noqa: E731
        return signal(httpx.MockTransport(handle), factors=factors)

    span = (ZONE, NOW - 4 * HOUR, NOW - 3 * HOUR)
    ipcc = answering("ipcc2014").intensity(*span)
    unece = answering("unece2021").intensity(*span)

    assert [p.start.hour for p in ipcc] == [8, 9]
    assert ipcc[0].intensity_g_per_kwh == pytest.approx((3 * 490 + 11) / 4)
    assert unece[0].intensity_g_per_kwh == pytest.approx((3 * 430 + 12) / 4)
    assert ipcc[0].low_g_per_kwh == pytest.approx((3 * 410 + 7) / 4)
    assert "ipcc2014" in ipcc[0].source


def test_an_hour_that_is_not_reported_whole_yet_is_a_gap():
    def partly(request):
        body = hours_of_gas(request)
        body["response"]["data"].pop()
        body["response"]["total"] -= 1
        return httpx.Response(200, json=body)

    made = signal(httpx.MockTransport(partly))

    with pytest.raises(SignalError, match=r"an hour without \(all of\) WND"):
        made.intensity(ZONE, NOW - HOUR / 6, NOW)


def test_there_is_no_forecast_and_nothing_is_asked_for_one():
    made = signal(httpx.MockTransport(lambda _: pytest.fail("it was asked")))

    with pytest.raises(SignalError, match="no forecast"):
        made.intensity(ZONE, NOW + HOUR, NOW + 2 * HOUR)


@pytest.mark.parametrize("zone", ["FR", "US-CAL-CISOO", None])
def test_other_zones_are_not_served(zone):
    with pytest.raises(UnknownZoneError):
        EiaSignal.from_settings({}).intensity(zone, NOW - HOUR, NOW)


def test_wrong_factors_list_the_right_ones():
    with pytest.raises(ConfigError, match="ipcc2014, unece2021"):
        EiaSignal.from_settings({"factors": "ipcc"})
